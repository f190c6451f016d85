import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  countFinished,
  countNotFixed,
  countRunning,
  countWaiting,
  findWorkers,
  readCancelLatency,
  readLongestWait,
  readNotifyQueueUsage,
  readRescueLatency,
} from '../../src/lifecycle/health.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, type MadeJob, makeJob, makeWorker } from '../support/factory.ts';
import { ALWAYS, cancelOf, retryOf, useProcess } from './lifecycles.ts';
import { bend, clearRows, holdLock } from './rows.ts';

const database = useDatabase({ bent: 'rows are dated and placed by hand, and no worker lives that could run them' });
const api = useProcess(database, 'api');
const pool = () => database().pool;
const em = () => api().orm.em.fork();
const make = (options: JobOptions) => makeJob(pool(), { price: 0, ...options });

beforeEach(() => clearRows(pool()));
afterEach(() => vi.useRealTimers());

/**
 * A lease that is shorter than the server of the tests is old: none ends before the server's own start and one more. Whoever has
 * to be alive by it was heard of in the future, for a test may stand still for longer.
 */
const LEASE_MS = 1_000;

const delayTask = ({ jobId }: MadeJob, seconds: number) =>
  pool().query(
    `update graphile_worker._private_jobs set run_at = now() + make_interval(secs => $2::float8)
     where key = 'job:' || $1::text`,
    [jobId, seconds],
  );

describe('the count of waiting jobs', () => {
  it('is of all that are QUEUED, those too that wait for a backoff, and of no others', async () => {
    for (const status of ['PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) await make({ status });
    expect(await countWaiting(em())).toBe(0);
    await make({ status: 'QUEUED' });
    await delayTask(await make({ status: 'QUEUED', attempt: 1 }), 30);
    expect(await countWaiting(em())).toBe(2);
  });
});

describe('the count of running jobs', () => {
  it('leaves out those that were cancelled while their threads still run', async () => {
    await make({ status: 'PROCESSING' });
    await make({ status: 'CANCELLED', attempt: 1, threadRuns: true });
    expect(await countRunning(em())).toBe(1);
  });
});

describe('the longest wait', () => {
  it('is of the job that could have begun first, whatever its priority', async () => {
    await delayTask(await make({ status: 'QUEUED', priority: -10 }), -20);
    await delayTask(await make({ status: 'QUEUED', priority: 7 }), -300);
    await delayTask(await make({ status: 'QUEUED', priority: 7 }), -40);
    await delayTask(await make({ status: 'QUEUED', priority: 900 }), -50);
    const seconds = await readLongestWait(em());
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThan(310);
  });

  it('does not count the time of a backoff, nor a job whose backoff is not over', async () => {
    await delayTask(await make({ status: 'QUEUED', attempt: 1, createdAt: 3_600 }), 30);
    expect(await readLongestWait(em())).toBe(0);
    await delayTask(await make({ status: 'QUEUED', attempt: 1, createdAt: 3_600 }), -5);
    expect(await readLongestWait(em())).toBeLessThan(15);
  });

  it('is of no job that a worker has taken, and of no other task of the queue', async () => {
    await delayTask(await make({ status: 'PROCESSING' }), -60);
    await pool().query(`select graphile_worker.add_job('prune', run_at := now() - interval '1 hour')`);
    expect(await readLongestWait(em())).toBe(0);
  });

  it('is 0 in an empty queue', async () => {
    expect(await readLongestWait(em())).toBe(0);
  });
});

describe('the workers in the books', () => {
  it('are shown with what each of them runs, the oldest first', async () => {
    const [first, second] = [await make({ status: 'PROCESSING' }), await make({ status: 'PROCESSING' })];
    await bend(pool(), 'update analysis_jobs set worker_id = $1 where id = $2', [first.workerId, second.jobId]);
    await make({ status: 'CANCELLED', attempt: 1, threadRuns: true });
    await pool().query(`update workers set started_at = now() - interval '1 hour' where id = $1`, [second.workerId]);
    await pool().query(`update workers set started_at = now() - interval '1 minute' where id = $1`, [first.workerId]);
    const workers = await findWorkers(em(), 60 * LEASE_MS);
    expect(workers.map(({ id, running }) => [id, running])).toEqual([
      [second.workerId, []],
      [first.workerId, [first.jobId, second.jobId].sort()],
      [expect.any(String), []],
    ]);
    const { rows } = await pool().query('select * from workers where id = $1', [first.workerId]);
    expect(workers[1]).toMatchObject({
      ...{ host: 'test', concurrency: 4, lost: false },
      ...{ startedAt: rows[0].started_at, heartbeatAt: rows[0].heartbeat_at },
    });
  });

  it('are lost after a lease of silence, which is what a rescue goes by', async () => {
    const { workerId: silent } = await makeWorker(pool(), { heartbeatAt: 2 });
    const { workerId: alive } = await makeWorker(pool(), { heartbeatAt: -60 });
    const workers = await findWorkers(em(), LEASE_MS);
    expect(workers.map(({ id, lost }) => [id, lost])).toEqual([
      [silent, true],
      [alive, false],
    ]);
    expect(workers[0]!.silentSeconds).toBeGreaterThanOrEqual(2);
    const { lifecycle } = api();
    await lifecycle.rescue({ leaseMs: LEASE_MS, runLimitsMs: {}, seenAt: ALWAYS });
    expect((await findWorkers(em(), LEASE_MS)).map(({ id }) => id)).toEqual([alive]);
  });

  it('are judged by the clock of the database, whatever that of the process shows', async () => {
    await makeWorker(pool());
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
    const [worker] = await findWorkers(em(), 60 * LEASE_MS);
    expect(worker).toMatchObject({ lost: false });
    expect(worker!.silentSeconds).toBeLessThan(60);
  });

  it('are the thousand that were last heard of', async () => {
    await pool().query(
      `insert into workers (id, pool_id, host, pid, concurrency, heartbeat_at)
       select gen_random_uuid(), n, 'test', 1, 1, now() - interval '1 day' from generate_series(1, 1000) n`,
    );
    const { workerId } = await makeWorker(pool());
    const workers = await findWorkers(em(), LEASE_MS);
    expect(workers).toHaveLength(1_000);
    expect(workers.map(({ id }) => id)).toContain(workerId);
  });
});

describe('the count of stuck jobs that were found and not fixed', () => {
  it('begins when a job was lost for a whole lease', async () => {
    await make({ status: 'CANCELLED', attempt: 1, threadRuns: true, leaseExpiresIn: -60 });
    await make({ status: 'PROCESSING' });
    const { jobId } = await make({ status: 'PROCESSING' });
    // In one transaction, for which the clock stands still.
    const countLostFor = (seconds: number) =>
      em().transactional(async (transaction) => {
        await sql`
          update analysis_jobs set lease_expires_at = now() - make_interval(secs => ${seconds}) where id = ${jobId}`.execute(
          transaction.getKysely(),
        );
        return await countNotFixed(transaction, LEASE_MS);
      });
    expect(await countLostFor(LEASE_MS / 1_000)).toBe(0);
    expect(await countLostFor(LEASE_MS / 1_000 + 0.001)).toBe(1);
  });

  it('counts no lease from before the start of the server, which may have cost the heartbeats', async () => {
    await make({ status: 'PROCESSING', createdAt: 40 * 86_400, leaseExpiresIn: -30 * 86_400 });
    await em().transactional(async (transaction) => {
      const { rows } = await sql<{ up: number }>`
        select extract(epoch from now() - pg_postmaster_start_time())::float8 * 1000 as up`.execute(
        transaction.getKysely(),
      );
      const upMs = rows[0]!.up;
      expect(await countNotFixed(transaction, 0.51 * upMs)).toBe(0);
      expect(await countNotFixed(transaction, 0.49 * upMs)).toBe(1);
    });
  });

  it('is of what a rescue could not take up, and ends when it can', async () => {
    const { jobId } = await make({ status: 'PROCESSING', leaseExpiresIn: -5 });
    const { lifecycle } = api();
    const rescue = async () => await lifecycle.rescue({ leaseMs: LEASE_MS, runLimitsMs: {}, seenAt: ALWAYS });
    {
      await using _held = await holdLock(pool(), 'select from analysis_jobs where id = $1', [jobId]);
      expect((await rescue()).notFixed).toEqual([jobId]);
      expect(await countNotFixed(em(), LEASE_MS)).toBe(1);
    }
    expect((await rescue()).released).toEqual([jobId]);
    expect(await countNotFixed(em(), LEASE_MS)).toBe(0);
  });
});

describe('the queue of notifications', () => {
  it('is a share, and empty where nobody holds it up', async () => {
    const usage = await readNotifyQueueUsage(em());
    expect(usage).toBeGreaterThanOrEqual(0);
    expect(usage).toBeLessThan(0.5);
  });
});

interface Ended {
  type: string;
  status?: string;
  /** Whole minutes before the present one. */
  ago: number;
  /** Its place in the log; by default the next. */
  id?: number;
  rescuedAfter?: number;
}

/** Something that happened to a job that is nobody's. */
const logEvent = ({ type, status = type, ago, id, rescuedAfter }: Ended) => sql`
  insert into job_events (id, job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at,
    rescued_after)
  overriding system value
  values (coalesce(${id ?? null}::bigint, nextval(pg_get_serial_sequence('job_events', 'id'))), ${randomUUID()}, 1, ${type},
    ${randomUUID()}, 'PROBE', ${status}, 1, 0, '{}', 'x', date_trunc('minute', now()) - make_interval(mins => ${ago}),
    ${rescuedAfter ?? null})`;

/**
 * What is counted after some jobs that are nobody's ended, in one transaction, for which the clock stands still: so many
 * minutes ago, oldest first, those without any left out.
 */
async function countAfter(...events: Ended[]) {
  return await em().transactional(async (transaction) => {
    for (const event of events) await logEvent(event).execute(transaction.getKysely());
    const minutes = await countFinished(transaction);
    const found = minutes.map(({ minute: _, ...counts }, index) => ({ ago: minutes.length - 1 - index, ...counts }));
    return {
      minutes: minutes.length,
      found: found.filter(({ completed, failed, cancelled }) => completed + failed + cancelled > 0),
    };
  });
}

const completed = (ago: number, id: number): Ended => ({ type: 'COMPLETED', ago, id });

describe('the rounds that ended in the last hour', () => {
  it('are sixty minutes of none where nothing happened', async () => {
    const { minutes, now } = await em().transactional(async (transaction) => {
      const { rows } = await sql<{ now: string }>`select date_trunc('minute', now()) as now`.execute(
        transaction.getKysely(),
      );
      return { minutes: await countFinished(transaction), now: new Date(rows[0]!.now).getTime() };
    });
    expect(minutes).toEqual(
      Array.from({ length: 60 }, (_, index) => ({
        ...{ minute: new Date(now - (59 - index) * 60_000), completed: 0, failed: 0, cancelled: 0 },
      })),
    );
  });

  it('are counted in the minute of their end, by how they ended', async () => {
    const counted = await countAfter(
      { type: 'COMPLETED', ago: 60 },
      { type: 'COMPLETED', ago: 59 },
      { type: 'FAILED', ago: 3 },
      { type: 'STUCK', status: 'FAILED', ago: 3 },
      { type: 'CANCELLED', ago: 3 },
      { type: 'COMPLETED', ago: 0 },
      { type: 'COMPLETED', ago: 0 },
    );
    expect(counted.found).toEqual([
      { ago: 59, completed: 1, failed: 0, cancelled: 0 },
      { ago: 3, completed: 0, failed: 2, cancelled: 1 },
      { ago: 0, completed: 2, failed: 0, cancelled: 0 },
    ]);
  });

  it('are none of the moves that end no round', async () => {
    const counted = await countAfter(
      { type: 'QUEUED', ago: 1 },
      { type: 'STARTED', status: 'PROCESSING', ago: 1 },
      { type: 'RELEASED', status: 'QUEUED', ago: 1 },
      { type: 'RETRIED', status: 'QUEUED', ago: 1 },
      { type: 'DELETED', status: 'CANCELLED', ago: 1 },
    );
    expect(counted).toEqual({ minutes: 60, found: [] });
  });

  it.each([999, 9_999, 99_999])('are all found, with %d events between the first and the last', async (between) => {
    const counted = await countAfter(completed(61, 1), completed(58, 2), completed(0, 2 + between));
    expect([counted.minutes, counted.found.map(({ ago }) => ago)]).toEqual([60, [58, 0]]);
  });

  it('leave out the minutes that a hundred thousand events do not cover whole', async () => {
    const events = [completed(30, 1), completed(29, 2), completed(28, 3), completed(0, 100_001)];
    const counted = await countAfter(...events);
    expect([counted.minutes, counted.found.map(({ ago }) => ago)]).toEqual([30, [29, 28, 0]]);
    const later = await countAfter(completed(0, 100_002));
    expect([later.minutes, later.found.map(({ ago }) => ago)]).toEqual([29, [28, 0]]);
  });
});

/** A cancel so many seconds ago, whose thread was free after so many seconds. */
async function makeCancelled(freeAfter: number, options: Partial<JobOptions> = {}, secondsAgo = 60): Promise<MadeJob> {
  const made = await make({ status: 'CANCELLED', attempt: 1, createdAt: secondsAgo + 10, ...options });
  await bend(
    pool(),
    `update analysis_jobs set worker_free_at = finished_at + make_interval(secs => $2::float8) where id = $1`,
    [made.jobId, freeAfter],
  );
  return made;
}

describe('the time from a cancel to a free thread', () => {
  it('is unknown without one', async () => {
    expect(await readCancelLatency(em())).toEqual({ count: 0, p50: null, p95: null });
  });

  it('is that of a real cancel, at the half and at 95 of 100', async () => {
    for (let tenths = 20; tenths >= 1; tenths -= 1) await makeCancelled(tenths / 10);
    expect(await readCancelLatency(em())).toEqual({ count: 20, p50: 1, p95: 1.9 });
  });

  it('is of no job that was waiting, whose thread still runs, that ended otherwise, or that was cancelled too long ago', async () => {
    await make({ status: 'CANCELLED', createdAt: 60 });
    await make({ status: 'CANCELLED', attempt: 1, threadRuns: true, createdAt: 60 });
    await make({ status: 'COMPLETED', deleted: true, createdAt: 60 });
    await makeCancelled(5, { status: 'FAILED', failure: 'STUCK', deleted: true });
    await makeCancelled(5, {}, 3_700);
    expect(await readCancelLatency(em())).toEqual({ count: 0, p50: null, p95: null });
  });
});

describe('the time from a cancel of the lifecycle to a free thread', () => {
  const cancel = async (made: MadeJob) => {
    const { lifecycle } = api();
    await lifecycle.cancel(cancelOf(made));
    expect(await readCancelLatency(em())).toMatchObject({ count: 0 });
    await lifecycle.free(made);
  };

  it('is of a job once, however often it was cancelled, and of none that has been retried since', async () => {
    const { lifecycle } = api();
    const made = await make({ status: 'PROCESSING', createdAt: 86_400 });
    await cancel(made);
    expect(await readCancelLatency(em())).toMatchObject({ count: 1 });
    await lifecycle.retry(retryOf(made, 0));
    expect(await readCancelLatency(em())).toMatchObject({ count: 0 });
    const again = { ...made, leaseToken: randomUUID() };
    expect(await lifecycle.start({ ...again, round: 2, attempt: 1, leaseMs: 10_000 })).not.toBeNull();
    await cancel(again);
    expect(await readCancelLatency(em())).toMatchObject({ count: 1 });
  });

  it.each([
    [99_998, 1],
    [99_999, 0],
  ])('is read back with %d places of the log after it', async (after, count) => {
    await cancel(await make({ status: 'PROCESSING' }));
    const counted = await em().transactional(async (transaction) => {
      const db = transaction.getKysely();
      const { rows } = await sql<{ id: string }>`select max(id) as id from job_events`.execute(db);
      await logEvent({ type: 'COMPLETED', ago: 0, id: Number(rows[0]!.id) + 1 + after }).execute(db);
      return await readCancelLatency(transaction);
    });
    expect(counted).toMatchObject({ count });
  });
});

/** What is known after these rescues, in one transaction as above. */
async function rescueLatencyAfter(...events: Omit<Ended, 'type'>[]) {
  return await em().transactional(async (transaction) => {
    for (const event of events) {
      await logEvent({ type: 'RELEASED', status: 'QUEUED', ...event }).execute(transaction.getKysely());
    }
    return await readRescueLatency(transaction);
  });
}

describe('the time from the last sign of life of a worker to a rescue', () => {
  it('is unknown without one', async () => {
    expect(await readRescueLatency(em())).toEqual({ count: 0, p50: null, p95: null });
    expect(await rescueLatencyAfter({ ago: 1 })).toEqual({ count: 0, p50: null, p95: null });
  });

  it('is that of a real rescue, whether the job goes on or fails', async () => {
    const { lifecycle } = api();
    const lost = { status: 'PROCESSING', leaseExpiresIn: -5 } as const;
    for (const attempt of [1, 3]) await make({ ...lost, attempt, maxAttempts: 3 });
    await lifecycle.rescue({ leaseMs: LEASE_MS, runLimitsMs: {}, seenAt: ALWAYS });
    const { count, p50, p95 } = await readRescueLatency(em());
    expect(count).toBe(2);
    for (const seconds of [p50, p95]) {
      expect(seconds).toBeGreaterThanOrEqual(5);
      expect(seconds).toBeLessThan(60);
    }
  });

  it('is given at the half and at 95 of 100', async () => {
    const tenths = Array.from({ length: 20 }, (_, index) => ({ ago: 1, rescuedAfter: (20 - index) / 10 }));
    expect(await rescueLatencyAfter(...tenths)).toEqual({ count: 20, p50: 1, p95: 1.9 });
  });

  it('is of the last hour, and of no other event', async () => {
    const rescues = [{ ago: 61, rescuedAfter: 30 }, { ago: 59, rescuedAfter: 20 }, { ago: 58 }, { ago: 0 }];
    expect(await rescueLatencyAfter(...rescues)).toEqual({ count: 1, p50: 20, p95: 20 });
  });

  it.each([
    [999, 2],
    [9_999, 2],
    [99_998, 2],
    [99_999, 1],
  ])('is read back with %d places of the log between the first and the last', async (between, count) => {
    const [first, last] = [
      { ago: 50, id: 1, rescuedAfter: 1 },
      { ago: 0, id: 2 + between, rescuedAfter: 2 },
    ];
    expect(await rescueLatencyAfter(first, last)).toMatchObject({ count });
  });
});
