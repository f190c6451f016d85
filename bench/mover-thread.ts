import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createWakeUpPublisher } from '../src/feed/publisher.ts';
import { createLifecycle } from '../src/lifecycle/lifecycle.ts';
import { createLog } from '../src/log.ts';
import { createOrm } from '../src/orm.ts';
import { moveGroup } from './group-move.ts';
import type { MoverOrder, MoverReport, NextOrder, Pace } from './mover.ts';

const TICK_MS = 4;
const LEASE_MS = 3_600_000;
const POOL_SIZE = 20;
/** Moves at one time; some connections are left, so that a wake-up does not wait for the moves behind it. */
const LANES = 16;

interface Moving {
  jobId: string;
  /** Of the attempt that runs. */
  leaseToken: string | undefined;
}

if (!parentPort) throw new Error('This is a thread: see mover.ts.');
const port = parentPort;
const { databaseUrl, jobIds, ...first } = workerData as MoverOrder;
const orm = await createOrm({ url: databaseUrl, name: 'assay-bench-mover', poolSize: POOL_SIZE });
const publisher = createWakeUpPublisher({ orm, log: createLog({ level: 'error' }) });
const lifecycle = createLifecycle({ orm, wake: publisher.publish, startingTokens: 0 });
const workerId = randomUUID();
const jobs: Moving[] = jobIds.map((jobId) => ({ jobId, leaseToken: undefined }));
/** Those that no move is under way of, the longest idle first. */
const idle = [...jobs];

async function start(job: Moving): Promise<string> {
  const leaseToken = randomUUID();
  // Each attempt is given back, so that the next one is again the first.
  const lease = { jobId: job.jobId, leaseToken, leaseMs: LEASE_MS };
  const started = await lifecycle.start({ ...lease, round: 1, attempt: 1, workerId });
  if (!started) throw new Error(`The job ${job.jobId} did not start.`);
  return leaseToken;
}

async function move(job: Moving): Promise<void> {
  const { jobId, leaseToken } = job;
  if (leaseToken === undefined) {
    job.leaseToken = await start(job);
  } else {
    await lifecycle.release({ jobId, leaseToken }, { delayMs: 0, countsAttempt: false });
    job.leaseToken = undefined;
  }
  idle.push(job);
}

/** Idle jobs that stand alike. */
function takeAlike(most: number): Moving[] {
  const isRunning = idle[0]?.leaseToken !== undefined;
  const taken = idle.filter(({ leaseToken }) => (leaseToken !== undefined) === isRunning).slice(0, most);
  for (const job of taken) idle.splice(idle.indexOf(job), 1);
  return taken;
}

async function moveTogether(group: readonly Moving[]): Promise<void> {
  const jobIds = group.map(({ jobId }) => jobId);
  const tokens = await moveGroup(orm, jobIds, group[0]?.leaseToken === undefined ? 'start' : 'release');
  publisher.publish(group);
  for (const job of group) job.leaseToken = tokens.get(job.jobId);
  idle.push(...group);
}

async function moveSteadily({ perSecond, together = 1 }: Pace, isOver: () => boolean): Promise<MoverReport> {
  const underWay = new Set<Promise<void>>();
  const begunAt = performance.now();
  const elapsed = () => (performance.now() - begunAt) / 1_000;
  let moves = 0;
  while (!isOver()) {
    while (moves < elapsed() * perSecond && underWay.size < LANES) {
      const group = takeAlike(together);
      const [job] = group;
      if (!job) break;
      moves += group.length;
      const act = together === 1 ? move(job) : moveTogether(group);
      const moving = act.then(() => void underWay.delete(moving));
      underWay.add(moving);
    }
    await delay(TICK_MS);
  }
  await Promise.all(underWay);
  return { moves, seconds: elapsed() };
}

async function complete({ jobId, leaseToken }: Moving): Promise<void> {
  if (leaseToken === undefined) throw new Error(`The job ${jobId} does not run.`);
  await lifecycle.complete({ jobId, leaseToken }, {});
}

async function end({ completesAll }: { completesAll: boolean }): Promise<void> {
  for (const job of completesAll ? jobs : []) {
    job.leaseToken ??= await start(job);
    await complete(job);
  }
  await publisher.stop();
  await orm.close();
}

const orders: NextOrder[] = [];
port.on('message', (order: NextOrder) => orders.push(order));
port.postMessage('ready');
let next: NextOrder = first;
while (typeof next !== 'string') {
  const report = await moveSteadily(next, () => orders.length > 0);
  next = orders.shift() ?? 'end';
  if (typeof next === 'string') await end({ completesAll: next === 'complete all' });
  port.postMessage(report);
}
port.close();
