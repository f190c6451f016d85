import { setTimeout as delay } from 'node:timers/promises';
import { WatchJobDocument, WatchMineDocument } from '../src/client/operations.generated.ts';
import { type Apis, startApis } from './apis.ts';
import { Arrivals } from './arrivals.ts';
import { DELIVERY_SHARES, describeMs } from './figures.ts';
import { type BenchJob, commitTimes, newUsers, submitJobs } from './jobs.ts';
import { type Mover, type Pace, startMover } from './mover.ts';
import { forEach, within } from './patience.ts';
import { processorSeconds } from './process-state.ts';
import { watch } from './watcher.ts';

/** Moves of one job each are some hundreds a second on two processors that serve all the rest as well. */
const PACES: readonly Required<Pace>[] = [
  { perSecond: 50, together: 1 },
  { perSecond: 500, together: 10 },
];
const APIS = 2;
const CONNECTING = 20;
const PATIENCE_MS = 15_000;

/**
 * From the commit of an event until a client has it: `count` users over two API processes, each with a job and a socket,
 * half of them following the job and half all of their jobs.
 */
export async function benchLatency(count: number, seconds: number): Promise<string[]> {
  await using apis = await startApis(APIS);
  const jobs = await submitJobs(apis.database.url, newUsers(count));
  const arrivals = new Arrivals();
  const watchers = await watchAll(apis, jobs, arrivals);
  const jobIds = jobs.map(({ id }) => id);
  const mover = await startMover({ databaseUrl: apis.database.url, jobIds, perSecond: 0 });
  const lines: string[] = [];
  for (const pace of PACES) lines.push(...(await measure(apis, mover, arrivals, { pace, seconds })));
  await mover.order('end');
  for (const { socket } of watchers) socket.terminate();
  return lines;
}

function watchAll({ servers, tokenOf }: Apis, jobs: readonly BenchJob[], arrivals: Arrivals) {
  return forEach(jobs, CONNECTING, async ({ id, userId }, index) => {
    // Of each process, half of the sockets follow one job, and half all of their user's.
    const isOfJob = index % (2 * APIS) < APIS;
    return await watch({
      url: servers[index % APIS]?.url ?? '',
      token: await tokenOf(userId),
      query: (isOfJob ? WatchJobDocument : WatchMineDocument).toString(),
      variables: isOfJob ? { jobId: id } : {},
      onNext: (text) => arrivals.note(text),
    });
  });
}

async function measure(
  { database, servers }: Apis,
  mover: Mover,
  arrivals: Arrivals,
  { pace, seconds }: { pace: Required<Pace>; seconds: number },
): Promise<string[]> {
  const { count: before } = arrivals;
  const known = await commitTimes(database.pool);
  const processorTime = () => Promise.all(servers.map(({ pid }) => processorSeconds(pid)));
  const usedBefore = await processorTime();
  await mover.order(pace);
  await delay(seconds * 1_000);
  const report = await mover.order({ perSecond: 0 });
  const commits = await commitTimes(database.pool);
  for (const key of known.keys()) commits.delete(key);
  await within(PATIENCE_MS, () => arrivals.count - before >= commits.size);
  const used = (await processorTime()).map((now, index) => now - (usedBefore[index] ?? 0));
  return [
    describeMs(`${pace.perSecond} events/s: commit → client`, arrivals.latencies(commits), DELIVERY_SHARES),
    `  ${(report.moves / report.seconds).toFixed(0)} events/s were made, ${pace.together} in a transaction, ` +
      `${arrivals.count - before} of ${commits.size} delivered; ` +
      `processor time of the APIs ${used.map((value) => value.toFixed(1)).join(' s and ')} s in ${seconds} s`,
  ];
}
