import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { AttemptTask } from '../../src/runner/attempt.ts';
import { createAttempts } from '../../src/runner/attempts.ts';
import { LeaseLost } from '../../src/runner/settle.ts';
import { startThreads, type Threads } from '../../src/runner/threads.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { kinds, type ProbeInput } from '../support/probe-kinds.ts';
import { NO_STORAGE } from '../support/run-context.ts';
import {
  letGo,
  PROBE_KINDS,
  readableLog,
  scratchFile,
  testConfig,
  untilHandled,
  useWorkers,
} from '../support/workers.ts';

const database = useDatabase({
  bent: { 'runnable-task-has-waiting-job': 'attempts run here without the queue, which would take their tasks' },
});
const workers = useWorkers(database);
let threads: Threads;
beforeAll(() => {
  threads = startThreads({
    concurrency: 2,
    memoryMb: 64,
    kindsModule: PROBE_KINDS,
    storageUrl: NO_STORAGE,
    log: readableLog().log,
  });
});
afterAll(() => threads.stop());

function attemptsWith(faults: Partial<Lifecycle> = {}, own: Threads = threads) {
  return createAttempts({
    workerId: randomUUID(),
    lifecycle: { ...workers.lifecycle(), ...faults },
    threads: own,
    heartbeat: { add: () => undefined, remove: () => undefined },
    kinds,
    config: testConfig(database().url, { ASSAY_LEASE_MS: '60000' }),
    backoff: { firstMs: 10, capMs: 10 },
    metrics: createMetrics(),
    log: readableLog().log,
  });
}

async function submit(input: ProbeInput): Promise<AttemptTask> {
  return { jobId: await workers.submit(input), round: 1, attempt: 1 };
}

const leaseOf = async ({ jobId }: AttemptTask) => {
  const { rows } = await database().pool.query('select lease_token from analysis_jobs where id = $1', [jobId]);
  return { jobId, leaseToken: rows[0].lease_token };
};

/** Answers as a connection does that is cut after the server has done what it was asked to. */
function answerLost<Args extends unknown[], T>(verb: (...args: Args) => Promise<T>, times: number) {
  let left = times;
  return async (...args: Args): Promise<T> => {
    const answer = await verb(...args);
    left -= 1;
    if (left >= 0) throw new Error('Connection terminated unexpectedly');
    return answer;
  };
}

describe('a task whose attempt may not write any more never resolves', () => {
  it('when the heartbeat found its lease lost', async () => {
    const attempts = attemptsWith();
    const task = await submit({ does: 'HANG' });
    const running = attempts.run(task);
    await workers.reach(task.jobId, 'PROCESSING');
    attempts.lose([await leaseOf(task)]);
    await expect(running).rejects.toThrow(LeaseLost);
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'PROCESSING' });
  });

  it('when its last write is refused', async () => {
    const file = scratchFile();
    const task = await submit({ does: 'HELD', file });
    const running = attemptsWith().run(task);
    await untilHandled(file);
    await workers.lifecycle().release(await leaseOf(task), { delayMs: 60_000, countsAttempt: true });
    letGo(file);
    await expect(running).rejects.toThrow(MoveRefused);
    expect(await workers.events(task.jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED']);
  });

  it('when a report is refused, and then its handler is stopped at once', async () => {
    const task = await submit({ does: 'REPORT', times: 1_000, milliseconds: 20 });
    const running = attemptsWith().run(task);
    await vi.waitFor(async () => expect((await workers.state(task.jobId)).progress.percent).toBeGreaterThan(0), {
      timeout: 10_000,
    });
    await workers.lifecycle().release(await leaseOf(task), { delayMs: 60_000, countsAttempt: true });
    const releasedAt = performance.now();
    await expect(running).rejects.toThrow(LeaseLost);
    // By itself it would go on for another 20 seconds.
    expect(performance.now() - releasedAt).toBeLessThan(10_000);
  });
});

describe('an answer of the database that was lost', () => {
  it('to a completion is asked for again until it comes', async () => {
    let calls = 0;
    const task = await submit({ does: 'ECHO' });
    const complete: Lifecycle['complete'] = (...args) => {
      calls += 1;
      if (calls < 3) return Promise.reject(new Error('Connection terminated unexpectedly'));
      return workers.lifecycle().complete(...args);
    };
    await attemptsWith({ complete }).run(task);
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'COMPLETED' });
    expect(calls).toBe(3);
  });

  it('to a completion that was written does not undo it', async () => {
    const task = await submit({ does: 'ECHO' });
    const attempts = attemptsWith({ complete: answerLost(workers.lifecycle().complete, 1) });
    await expect(attempts.run(task)).rejects.toThrow(MoveRefused);
    expect(await workers.events(task.jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  });

  it('to a start that was written gives the attempt back', async () => {
    const task = await submit({ does: 'ECHO' });
    const attempts = attemptsWith({ start: answerLost(workers.lifecycle().start, 1) });
    await expect(attempts.run(task)).rejects.toThrow('Connection terminated');
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
    await attempts.run(task);
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
  });
});

describe('an attempt whose job is cancelled resolves when its thread is gone, and says so', () => {
  const isFree = async ({ jobId }: AttemptTask) => {
    const { workerFreeAt } = await workers.state(jobId);
    return workerFreeAt !== null;
  };

  it('when it hears of it', async () => {
    // The word that the thread is gone comes when the test has looked.
    const [gone, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const run: Threads['run'] = async (options) => {
      const outcome = await threads.run(options);
      gone.resolve();
      await looked.promise;
      return outcome;
    };
    const attempts = attemptsWith({}, { ...threads, run });
    const task = await submit({ does: 'HANG' });
    const running = attempts.run(task);
    await workers.reach(task.jobId, 'PROCESSING');
    const lease = await leaseOf(task);
    await workers.cancel(task.jobId);
    expect(await isFree(task)).toBe(false);
    attempts.lose([lease]);
    await gone.promise;
    expect(await isFree(task)).toBe(false);
    looked.resolve();
    await running;
    expect(await isFree(task)).toBe(true);
  });

  it('when it hears of it while it cannot write how it ended', async () => {
    const tried = Promise.withResolvers<void>();
    const complete: Lifecycle['complete'] = async () => {
      tried.resolve();
      throw new Error('connect ECONNREFUSED');
    };
    const attempts = attemptsWith({ complete });
    const task = await submit({ does: 'ECHO' });
    const running = attempts.run(task);
    await tried.promise;
    const lease = await leaseOf(task);
    await workers.cancel(task.jobId);
    attempts.lose([lease]);
    await running;
    expect(await isFree(task)).toBe(true);
  });

  it('when the worker stops at the same time', async () => {
    const attempts = attemptsWith();
    const task = await submit({ does: 'HANG' });
    const running = attempts.run(task);
    await workers.reach(task.jobId, 'PROCESSING');
    await workers.cancel(task.jobId);
    await attempts.stop(0);
    await running;
    expect(await workers.events(task.jobId)).toEqual(['QUEUED', 'STARTED', 'CANCELLED']);
    expect(await isFree(task)).toBe(true);
  });

  it('or has never begun, because the answer to its start was lost', async () => {
    const task = await submit({ does: 'ECHO' });
    const start: Lifecycle['start'] = async (options) => {
      await workers.lifecycle().start(options);
      await workers.cancel(task.jobId);
      throw new Error('Connection terminated unexpectedly');
    };
    await expect(attemptsWith({ start }).run(task)).rejects.toThrow('Connection terminated');
    expect(await isFree(task)).toBe(true);
  });

  it('but throws when nothing could be written, and leaves the rest to the rescue', async () => {
    const refuse = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const attempts = attemptsWith({ free: refuse });
    const task = await submit({ does: 'HANG' });
    const running = attempts.run(task);
    await workers.reach(task.jobId, 'PROCESSING');
    const lease = await leaseOf(task);
    await workers.cancel(task.jobId);
    attempts.lose([lease]);
    await expect(running).rejects.toThrow(LeaseLost);
    expect(await leaseOf(task)).toEqual(lease);
  });
});

describe('a cancel and a completion that meet at the same row', () => {
  /** Both wait for the row, in the order in which they are named, and one after the other get it. */
  async function meet(first: 'cancel' | 'complete') {
    const task = await submit({ does: 'SLEEP', milliseconds: 300 });
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const complete: Lifecycle['complete'] = async (...args) => {
      reached.resolve();
      await go.promise;
      return await workers.lifecycle().complete(...args);
    };
    const running = attemptsWith({ complete }).run(task);
    await reached.promise;
    const holder = await database().pool.connect();
    await holder.query('begin');
    await holder.query('select from analysis_jobs where id = $1 for update', [task.jobId]);
    const movers = { cancel: () => workers.cancel(task.jobId), complete: async () => go.resolve() };
    const second = first === 'cancel' ? 'complete' : 'cancel';
    const firstDone = movers[first]();
    await waitUntilBlocked(database().pool, 1);
    const secondDone = movers[second]();
    await waitUntilBlocked(database().pool, 2);
    await holder.query('commit');
    holder.release();
    const [one, other] = await Promise.all([firstDone, secondDone]);
    await running;
    return { outcome: first === 'cancel' ? one : other, job: await workers.state(task.jobId), task };
  }

  it('leave the job cancelled where the cancel was first', async () => {
    const { outcome, job, task } = await meet('cancel');
    expect(outcome).toMatchObject({ outcome: 'CANCELLED', changed: true });
    expect(job).toMatchObject({ status: 'CANCELLED', testResult: null, balance: 10, workerFreeAt: expect.any(Date) });
    expect(await workers.events(task.jobId)).toEqual(['QUEUED', 'STARTED', 'CANCELLED']);
  });

  it('leave it completed where the completion was', async () => {
    const { outcome, job, task } = await meet('complete');
    expect(outcome).toMatchObject({ outcome: 'JOB_FINISHED', job: { status: 'COMPLETED' } });
    expect(job).toMatchObject({ status: 'COMPLETED', testResult: { slept: 300 }, balance: 8 });
    expect(await workers.events(task.jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  });
});

it('waits for room, and a stop ends the waiting', async () => {
  const attempts = attemptsWith();
  const tasks = await Promise.all([1, 2, 3].map(() => submit({ does: 'HANG' })));
  const running = tasks.map((task) => attempts.run(task).then(() => 'given back', String));
  await Promise.all(tasks.slice(0, 2).map(({ jobId }) => workers.reach(jobId, 'PROCESSING')));
  await attempts.stop(50);
  expect(await Promise.all(running)).toEqual(['given back', 'given back', 'Error: the worker is stopping']);
  for (const { jobId } of tasks) {
    expect(await workers.state(jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
  }
});

it('stops although the database stays away', async () => {
  const refuse = () => Promise.reject(new Error('connect ECONNREFUSED'));
  const attempts = attemptsWith({ complete: refuse, release: refuse });
  const running = attempts.run(await submit({ does: 'ECHO' })).catch(String);
  await attempts.stop(50);
  expect(await running).toContain('ECONNREFUSED');
});
