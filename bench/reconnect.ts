import { type FaultProxy, startProxy } from '../chaos/proxy.ts';
import { type Apis, startApis } from './apis.ts';
import { type Done, disturb, restartAll, type Victims } from './faults.ts';
import { at } from './figures.ts';
import { type Follower, startFollower } from './follower.ts';
import { audit, sum } from './following-log.ts';
import { type BenchJob, newUsers, submitJobs } from './jobs.ts';
import { startMover } from './mover.ts';
import { forEach, within } from './patience.ts';
import { sendRequests, type Tally } from './requests.ts';

const EVENTS_PER_SECOND = 100;
const APIS = 2;
/** Of each user one follows all jobs, and each of his jobs has a follower. */
const JOBS_OF_A_USER = 2;
const FOLLOWERS_OF_A_USER = JOBS_OF_A_USER + 1;
const LEAST_RECONNECTS = 5;
const STARTING = 10;
const PATIENCE_MS = 60_000;

/**
 * Whether `count` followers, each with a socket of its own, are told every event once and in order, while the listening
 * sessions and all links are cut again and again, and both API processes are restarted, first by SIGKILL and then, one
 * after the other, by SIGTERM. The exit code is 1 where they are not.
 */
export async function benchReconnect(count: number, seconds: number): Promise<string[]> {
  await using apis = await startApis(APIS);
  await using closing = new AsyncDisposableStack();
  const proxies = await Promise.all(apis.servers.map(({ port }) => startProxy(port)));
  closing.defer(async () => void (await Promise.all(proxies.map((proxy) => proxy.close()))));
  const users = newUsers(Math.ceil(count / FOLLOWERS_OF_A_USER));
  const jobs = await submitJobs(apis.database.url, Array.from({ length: JOBS_OF_A_USER }, () => users).flat());
  const followers = (
    await forEach(users, STARTING, (user, index) => follow(apis, proxies, jobs, { user, index }))
  ).flat();
  closing.defer(() => {
    for (const follower of followers) follower.close();
  });
  if (!(await within(PATIENCE_MS, () => followers.every(({ hasBegun }) => hasBegun)))) {
    throw new Error(`Not all followers have begun: ${String(followers.find(({ failure }) => failure)?.failure)}`);
  }
  const jobIds = jobs.map(({ id }) => id);
  const mover = await startMover({ databaseUrl: apis.database.url, jobIds, perSecond: EVENTS_PER_SECOND });
  const victims = { pool: apis.database.pool, servers: apis.servers, proxies };
  const { done, requests } = await stage(victims, followers, await apis.tokenOf(users[0] ?? ''), seconds);
  await mover.order('complete all');
  const ends = await lastEvents(apis);
  await within(PATIENCE_MS, () => followers.every(({ log }) => hasAll(log, ends)));
  return judge(followers, ends, done, requests);
}

async function follow(
  { tokenOf }: Apis,
  proxies: readonly FaultProxy[],
  jobs: readonly BenchJob[],
  { user: userId, index: place }: { user: string; index: number },
): Promise<Follower[]> {
  const token = await tokenOf(userId);
  const jobIds = jobs.filter((job) => job.userId === userId).map(({ id }) => id);
  const start = (own: readonly string[], follows: 'one job' | 'all jobs', index: number) => {
    const url = `http://127.0.0.1:${proxies[index % proxies.length]?.port}`;
    return startFollower({ url, token, userId, jobIds: own, follows });
  };
  return [start(jobIds, 'all jobs', place), ...jobIds.map((id, index) => start([id], 'one job', place + index + 1))];
}

/** All that is done to them; it lasts until each was cut often enough. */
async function stage(victims: Victims, followers: readonly Follower[], token: string, seconds: number) {
  const done: Done = { listenersEnded: 0, socketsCut: 0, restarts: 0 };
  const over = new AbortController();
  const disturbing = disturb(victims, done, over.signal);
  const least = new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const ms = (seconds * 1_000) / (2 * victims.servers.length + 2);
  await restartAll(victims, done, { signal: 'SIGKILL', ms });
  const rolled = new AbortController();
  const urls = victims.servers.map(({ url }) => url);
  const requesting = sendRequests(urls, token, rolled.signal);
  await restartAll(victims, done, { signal: 'SIGTERM', ms });
  rolled.abort();
  const requests = await requesting;
  await least;
  await within(PATIENCE_MS, () => followers.every(({ connects }) => connects > LEAST_RECONNECTS));
  over.abort();
  await disturbing;
  return { done, requests };
}

async function lastEvents({ database }: Apis): Promise<Map<string, number>> {
  const { rows } = await database.pool.query<{ id: string; seq: number }>('select id, seq from analysis_jobs');
  return new Map(rows.map(({ id, seq }) => [id, seq]));
}

const hasAll = (log: Follower['log'], ends: ReadonlyMap<string, number>): boolean =>
  log.jobIds.every((id) => (log.seqs.get(id)?.at(-1) ?? 0) >= (ends.get(id) ?? 0));

/** Whoever follows all jobs came when each of them had its first event. */
const firstOf = ({ jobIds }: Follower['log']): number => (jobIds.length === 1 ? 1 : 2);

function judge(
  followers: readonly Follower[],
  ends: ReadonlyMap<string, number>,
  { listenersEnded, socketsCut, restarts }: Done,
  requests: Tally,
): string[] {
  const { missing, repeated, disordered, foreign } = sum(followers.map(({ log }) => audit(log, ends, firstOf(log))));
  const reconnects = followers.map(({ connects }) => connects - 1);
  const failures = followers.filter(({ failure }) => failure !== undefined);
  const told = followers.flatMap(({ log }) => [...log.seqs.values()]).reduce((total, seqs) => total + seqs.length, 0);
  const failed = [...requests.failed].map(([name, times]) => `${times} ${name}`).join(', ') || '0';
  const isSound =
    missing + repeated + disordered + foreign + failures.length + requests.failed.size === 0 &&
    Math.min(...reconnects) >= LEAST_RECONNECTS;
  if (!isSound) process.exitCode = 1;
  return [
    `${followers.length} followers, ${[...ends.values()].reduce((total, seq) => total + seq, 0)} events, ${told} deliveries`,
    `LISTEN sessions ended ${listenersEnded}, links cut ${socketsCut}, API processes restarted ${restarts}`,
    `reconnects of a follower: least ${Math.min(...reconnects)}, median ${at(reconnects, 0.5)}, most ${Math.max(...reconnects)}`,
    `missing ${missing}, repeated ${repeated}, out of order ${disordered}, foreign ${foreign}, ` +
      `begun anew ${followers.reduce((total, { log }) => total + log.restarts, 0)}, broken off ${failures.length}`,
    `requests during the rolling restart: answered ${requests.answered}, refused connections ${requests.refused}, failed ${failed}`,
    ...failures.slice(0, 3).map(({ failure }) => `broken off by ${String(failure)}`),
  ];
}
