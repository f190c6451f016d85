import { setTimeout as delay } from 'node:timers/promises';
import { describeMs } from '../bench/figures.ts';
import { within } from '../bench/patience.ts';
import { describeFailures, startLoad } from './load.ts';
import { LEASE_MS, startSite } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';
import { misses, startWatcher } from './watchers.ts';

const USERS = 60;
const LANES = 12;
const PAUSE_MS = 60;
const DRAIN_LIMIT_MS = 10_000;
const PATIENCE_MS = 20_000;
/** Going away, and service restart: after these a client comes back. */
const TOLD = [1001, 1012];

/** Each process is ended by SIGTERM in turn and started again, under load, `seconds` after the one before is up. */
export async function drillRestart(seconds: number): Promise<Verdict> {
  const verdict = new Verdict();
  const site = await startSite({ apis: 2, workers: 2, users: USERS });
  const { fleet, urls, users, postgres } = site;
  const watchers = users.map((user, index) => startWatcher(urls, user, index));
  if (!(await within(PATIENCE_MS, () => watchers.every(({ hasBegun }) => hasBegun)))) {
    throw new Error('Not all watchers have begun.');
  }
  // Some of them are longer than a worker waits for them.
  let submits = 0;
  const work = () => {
    submits += 1;
    return { behaviour: 'SLEEP', milliseconds: submits % 40 === 0 ? 8_000 : Math.floor(Math.random() * 300) };
  };
  const load = startLoad({ urls, users, lanes: LANES, pauseMs: PAUSE_MS, work });
  const begunAt = performance.now();
  for (const member of fleet.members) {
    await delay(seconds * 1_000);
    const ms = await member.restart();
    verdict.expect(`${member.name} drained within 10 s`, ms <= DRAIN_LIMIT_MS, `${(ms / 1_000).toFixed(1)} s`);
  }
  await delay(seconds * 1_000);
  await load.stop();
  const lasted = (performance.now() - begunAt) / 1_000;
  const { sent, jobIds } = load;
  verdict.note('load', `${sent.length} requests, ${jobIds.length} jobs in ${lasted.toFixed(0)} s`);
  verdict.expect('failed requests', describeFailures(sent) === '0', describeFailures(sent));
  verdict.note('refused connections, tried elsewhere', String(load.refused));
  verdict.note(
    '',
    describeMs(
      'requests',
      sent.map(({ ms }) => ms),
      [0.5, 0.99, 1],
    ),
  );
  await judgeBooks(site, verdict, LEASE_MS);

  let missed = await misses(postgres, watchers);
  await within(PATIENCE_MS, async () => {
    missed = await misses(postgres, watchers);
    return missed.length === 0;
  });
  const closes = watchers.flatMap((watcher) => watcher.closes);
  const counts = Map.groupBy(closes, (code) => code);
  const shown = [...counts].map(([code, { length }]) => `${length} × ${code}`).join(', ');
  // 1006 is what a refused connection looks like to a socket that was never open.
  const cut = watchers.filter((watcher) => watcher.connects <= 1).length;
  verdict.expect('sockets were told, and came back', cut === 0 && TOLD.some((code) => counts.has(code)), shown);
  const events = watchers.reduce((sum, { seqs }) => sum + [...seqs.values()].flat().length, 0);
  verdict.expect('events missed, repeated or out of order', missed.length === 0, `${missed.length} of ${events}`);
  for (const line of missed.slice(0, 5)) verdict.note('', line);
  const [counted] = await postgres.query<{ released: number; retried: number }>(
    `select count(*) filter (where type = 'RELEASED')::int as released,
       count(*) filter (where type <> 'RELEASED' and attempt > 1)::int as retried from audit_v1.events`,
  );
  verdict.note('jobs given back to the queue', String(counted?.released));
  verdict.expect('attempts that a restart has cost', counted?.retried === 0, String(counted?.retried));
  for (const watcher of watchers) watcher.close();
  await fleet.stop();
  return verdict;
}
