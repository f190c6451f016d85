import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../bench/patience.ts';
import { startLoad } from './load.ts';
import { startProbing } from './probing.ts';
import { judgePaths, judgeReturn, judgeSubmits } from './refusals.ts';
import { LEASE_MS, type Site, startSite } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';
import { misses, startWatcher } from './watchers.ts';

const USERS = 50;
const BEFORE_MS = 4_000;
const AFTER_MS = 12_000;
const PATIENCE_MS = 30_000;

/** PostgreSQL is stopped under load for some seconds; and then, anew, no link to it answers any more for as long. */
export async function drillOutage(seconds: number): Promise<Verdict> {
  const verdict = new Verdict();
  const site = await startSite({ apis: 2, workers: 2, users: USERS });
  const watchers = site.users.map((user, index) => startWatcher(site.urls, user, index));
  await within(PATIENCE_MS, () => watchers.every(({ hasBegun }) => hasBegun));
  const pids = site.fleet.members.map(({ pid }) => pid).join();
  await meet(site, verdict, 'stopped', () => site.postgres.stayAway(seconds * 1_000));
  await meet(site, verdict, 'half open', () => silence(site, seconds * 1_000));
  const isSame = pids === site.fleet.members.map(({ pid }) => pid).join();
  verdict.expect('the same processes as before', isSame, isSame ? pids : 'no');
  await judgeBooks(site, verdict, LEASE_MS);
  let missed: string[] = [];
  await within(PATIENCE_MS, async () => {
    missed = await misses(site.postgres, watchers);
    return missed.length === 0;
  });
  const closes = watchers.flatMap((watcher) => watcher.closes).length;
  verdict.note('sockets, closed in all', `${watchers.length}, ${closes}`);
  verdict.expect('events missed, repeated or out of order', missed.length === 0, String(missed.length));
  for (const line of missed.slice(0, 5)) verdict.note('', line);
  for (const watcher of watchers) watcher.close();
  await site.fleet.stop();
  return verdict;
}

/** The proxy of each process takes what it sends, and what PostgreSQL answers, and hands on neither; new links likewise. */
async function silence({ fleet }: Site, ms: number): Promise<void> {
  for (const { proxy } of fleet.members) {
    await proxy.setDoor('silent');
    for (const link of proxy.links()) link.silence(2 * ms);
  }
  await delay(ms);
  await fleet.heal();
}

/** One outage, from a while before it to a while after. */
async function meet(site: Site, verdict: Verdict, name: string, outage: () => Promise<void>): Promise<void> {
  const { urls, users } = site;
  verdict.note(`PostgreSQL ${name}`, '');
  const load = startLoad({ urls, users, lanes: 6, pauseMs: 60 });
  const probing = startProbing(urls, users[0]?.token ?? '');
  await delay(BEFORE_MS);
  const from = performance.now();
  await outage();
  const until = performance.now();
  await delay(AFTER_MS);
  await probing.stop();
  await load.stop();
  judgeSubmits(probing, verdict, { from, until });
  judgePaths(probing, verdict, { from, until });
  await judgeReturn(site, { probing, load }, verdict, until);
}
