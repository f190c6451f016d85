import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { at, megabytes } from '../bench/figures.ts';
import { within } from '../bench/patience.ts';
import { openHandles, processorSeconds, residentBytes } from '../bench/process-state.ts';
import type { Member } from '../chaos/fleet.ts';
import { describeFailures, startLoad } from './load.ts';
import { LEASE_MS, type Site, startSite } from './site.ts';
import { judgeBooks, Verdict } from './verdict.ts';
import { misses, startWatcher } from './watchers.ts';

const USERS = 20;
/** About half of what two cores can do beside those who send it. */
const LANES = 4;
const PAUSE_MS = 150;
const SAMPLE_MS = 5_000;
/** Of the time: until then caches fill, and code is compiled. */
const WARM_UP = 0.3;
const HEAP_LIMIT = 1_000_000;
const HANDLES_LIMIT = 3;
const PATIENCE_MS = 20_000;

interface Sample {
  minute: number;
  /** By the name of a process. */
  processes: Record<string, { heap: number; resident: number; handles: number }>;
  sessions: number;
  queueRows: number;
  queueBytes: number;
}

/** Submits, reads, cancels and follows for some minutes, and looks at what grows after the first third. */
export async function drillSoak(minutes: number): Promise<Verdict> {
  const verdict = new Verdict();
  const report = new URL('../bench/heap-report.ts', import.meta.url).href;
  const envOf = () => ({ NODE_OPTIONS: `--import=${report}` });
  const site = await startSite({ apis: 2, workers: 2, users: USERS, envOf });
  const { urls, users, fleet, postgres } = site;
  const watchers = users.map((user, index) => startWatcher(urls, user, index));
  await within(PATIENCE_MS, () => watchers.every(({ hasBegun }) => hasBegun));
  const load = startLoad({ urls, users, lanes: LANES, pauseMs: PAUSE_MS });
  const used = await processorTime(fleet.members);
  const samples: Sample[] = [];
  const begunAt = performance.now();
  while (performance.now() - begunAt < minutes * 60_000) {
    await delay(SAMPLE_MS);
    samples.push(await sample(site, (performance.now() - begunAt) / 60_000));
  }
  const share = ((await processorTime(fleet.members)) - used) / (minutes * 60);
  await load.stop();
  const { sent, jobIds } = load;
  const rate = jobIds.length / (minutes * 60);
  verdict.note('load', `${sent.length} requests, ${jobIds.length} jobs, ${rate.toFixed(1)} a second`);
  verdict.note('processor time of the processes', `${(100 * share).toFixed(0)} % of one core`);
  verdict.expect('failed requests', describeFailures(sent) === '0', describeFailures(sent));
  judgeGrowth(samples, verdict);
  await judgeBooks(site, verdict, LEASE_MS);
  let missed: string[] = [];
  await within(PATIENCE_MS, async () => {
    missed = await misses(postgres, watchers);
    return missed.length === 0;
  });
  verdict.expect('events missed, repeated or out of order', missed.length === 0, String(missed.length));
  for (const watcher of watchers) watcher.close();
  await fleet.stop();
  return verdict;
}

function judgeGrowth(samples: readonly Sample[], verdict: Verdict): void {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP));
  const minutes = settled.map(({ minute }) => minute);
  for (const name of Object.keys(settled[0]?.processes ?? {})) {
    const of = (key: 'heap' | 'resident' | 'handles') => settled.map(({ processes }) => processes[name]?.[key] ?? 0);
    const growth = slope(minutes, of('heap'));
    const shown = `${megabytes(growth)} a minute, from ${megabytes(of('heap')[0] ?? 0)}`;
    verdict.expect(`${name}: heap`, growth <= HEAP_LIMIT, shown);
    const resident = `${megabytes(slope(minutes, of('resident')))} a minute, at last ${megabytes(of('resident').at(-1) ?? 0)}`;
    verdict.note(`${name}: memory`, resident);
    const handles = `${slope(minutes, of('handles')).toFixed(1)} a minute, median ${at(of('handles'), 0.5)}`;
    verdict.expect(`${name}: open handles`, slope(minutes, of('handles')) <= HANDLES_LIMIT, handles);
  }
  const sessions = settled.map((one) => one.sessions);
  const range = `${Math.min(...sessions)} to ${Math.max(...sessions)}`;
  verdict.expect('database sessions', slope(minutes, sessions) <= 1, range);
  const bytes = settled.map(({ queueBytes }) => queueBytes);
  const [first = 0, last = 0] = [bytes[0], bytes.at(-1)];
  const rows = Math.max(...settled.map(({ queueRows }) => queueRows));
  const shown = `${megabytes(first)} to ${megabytes(last)}, at most ${rows} rows in it`;
  verdict.expect('the table of the queue', last <= 2 * first, shown);
}

/** How much more of it there is a minute, by least squares. */
function slope(minutes: readonly number[], values: readonly number[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [x, y] = [mean(minutes), mean(values)];
  const covariance = minutes.reduce((sum, minute, index) => sum + (minute - x) * ((values[index] ?? 0) - y), 0);
  return covariance / minutes.reduce((sum, minute) => sum + (minute - x) ** 2, 0);
}

async function sample({ fleet, postgres, folder }: Site, minute: number): Promise<Sample> {
  const processes: Sample['processes'] = {};
  for (const { name, pid } of fleet.members) {
    const heap = await heapOf(folder, { name, pid });
    processes[name] = { heap, resident: await residentBytes(pid), handles: await openHandles(pid) };
  }
  const [counted] = await postgres.query<Pick<Sample, 'sessions' | 'queueRows' | 'queueBytes'>>(
    `select (select count(*)::int from pg_stat_activity where application_name like 'assay-%'
         and application_name <> 'assay-chaos') as sessions,
       (select count(*)::int from graphile_worker._private_jobs) as "queueRows",
       pg_total_relation_size('graphile_worker._private_jobs')::int as "queueBytes"`,
  );
  return { minute, processes, ...(counted ?? { sessions: 0, queueRows: 0, queueBytes: 0 }) };
}

/** After its garbage is collected. */
async function heapOf(folder: string, { name, pid }: Pick<Member, 'name' | 'pid'>): Promise<number> {
  const reports = async () => {
    const text = await readFile(path.join(folder, `${name}.log`), 'utf8');
    return [...text.matchAll(/heap (\d+) resources/g)].map(([, heap]) => Number(heap));
  };
  const known = (await reports()).length;
  process.kill(pid, 'SIGUSR2');
  let seen: number[] = [];
  await within(PATIENCE_MS, async () => {
    seen = await reports();
    return seen.length > known;
  });
  return seen.at(-1) ?? Number.NaN;
}

async function processorTime(members: readonly Pick<Member, 'pid'>[]): Promise<number> {
  const used = await Promise.all(members.map(({ pid }) => processorSeconds(pid)));
  return used.reduce((sum, seconds) => sum + seconds, 0);
}
