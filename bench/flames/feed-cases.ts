import { startApis } from '../apis.ts';
import { assaySide } from '../fanout-assay.ts';
import { measure } from '../fanout-side.ts';
import { idleFollowers } from '../idle-followers.ts';
import { startInstallation } from '../installation.ts';
import { newUsers, submitJobs } from '../jobs.ts';
import { forEach } from '../patience.ts';
import type { Probes } from './probes.ts';
import { type Recording, record } from './recording.ts';

const SOCKETS = 500;
const WARM_UP = 6;
const CONNECTING = 20;
const IDLE_SOCKETS = 1_000;
const SLEEPING = 20;
const SLEEP_MS = 3_600_000;

/** Events of one job that all watch, and of a job for each who watches. */
export async function recordFanout(probes: Probes, seconds: number): Promise<Recording[]> {
  const one = { name: 'fanout', work: `one job, watched over ${SOCKETS} sockets` };
  const each = { name: 'fanout-each', work: `${SOCKETS} users, each with one job and one socket` };
  return [
    await recordWatched(probes, { ...one, jobs: 1, seconds }),
    await recordWatched(probes, { ...each, jobs: SOCKETS, seconds }),
  ];
}

async function recordWatched(
  probes: Probes,
  { jobs, seconds, ...what }: { name: string; work: string; jobs: number; seconds: number },
): Promise<Recording> {
  await using closing = new AsyncDisposableStack();
  const apis = closing.use(await startApis(1, probes.env));
  const watched = await submitJobs(apis.database.url, newUsers(jobs));
  const side = await assaySide(apis, { jobs: watched, count: SOCKETS }, closing);
  await measure(side, WARM_UP);
  return await record(probes, what, async () => {
    for (const until = performance.now() + seconds * 1_000; performance.now() < until; ) await measure(side, 1);
  });
}

/** Sockets that are opened, and jobs that are begun. */
export async function recordMemory(probes: Probes): Promise<Recording[]> {
  return [await recordSockets(probes), await recordSleepers(probes)];
}

async function recordSockets(probes: Probes): Promise<Recording> {
  await using apis = await startApis(1, probes.env);
  const { open } = await idleFollowers(apis, SOCKETS);
  const connect = (count: number) => forEach(Array.from({ length: count }), CONNECTING, (_, index) => open(index));
  const watchers = await connect(CONNECTING);
  const work = `${IDLE_SOCKETS} sockets connect and subscribe, ${CONNECTING} at a time`;
  const recording = await record(probes, { name: 'memory', work }, async () => {
    watchers.push(...(await connect(IDLE_SOCKETS)));
  });
  for (const { socket } of watchers) socket.terminate();
  return recording;
}

async function recordSleepers(probes: Probes): Promise<Recording> {
  const env = { ASSAY_WORKER_CONCURRENCY: String(SLEEPING), ...probes.env };
  await using installation = await startInstallation({ workers: 1, env });
  const work = `${SLEEPING} jobs that sleep begin, each in a thread`;
  const recording = await record(probes, { name: 'memory', work, of: 'worker' }, async () => {
    for (let job = 0; job < SLEEPING; job += 1) {
      await installation.started(await installation.submit('SLEEP', { milliseconds: SLEEP_MS }));
    }
  });
  // They would wait for their jobs.
  for (const worker of installation.workers.values()) worker.kill('SIGKILL');
  return recording;
}
