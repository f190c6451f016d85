import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { MOVES, type MoveName } from '../../src/lifecycle/machine.ts';
import { useDatabase } from '../support/database.ts';
import { lockTask, type MadeJob, makeAccount, makeJob, makeWorker } from '../support/factory.ts';
import { cancelOf, nextAttempt, retryOf, STANDINGS, TAKES_NO_TASK, useProcess } from './lifecycles.ts';
import { bend, breakWrites, clearRows, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const worker = useProcess(database, 'worker');

const broken = { code: 'HANDLER_ERROR', message: 'It broke' } as const;
const soon = { delayMs: 0, countsAttempt: true };

/** Each move as whoever may make it makes it: with the lease that the job carries, or as its owner. */
const verbs: Record<MoveName, (lifecycle: Lifecycle, made: MadeJob) => Promise<unknown>> = {
  start: (lifecycle, made) => lifecycle.start(nextAttempt(made)),
  complete: (lifecycle, made) => lifecycle.complete(made, { score: 1 }),
  fail: (lifecycle, made) => lifecycle.fail(made, broken),
  release: (lifecycle, made) => lifecycle.release(made, soon),
  cancel: (lifecycle, made) => lifecycle.cancel(cancelOf(made)),
  retry: (lifecycle, made) => lifecycle.retry(retryOf(made)),
  delete: (lifecycle, made) => lifecycle.bury(made.jobId, { owner: made.userId }),
};
const moveNames = Object.keys(MOVES) as MoveName[];

/** Everything but the job's status would let the move pass: the next attempt is there, or the lease is. */
const matrix = moveNames.flatMap((name) => STANDINGS.map((standing) => ({ name, standing })));
const isAllowed = ({ name, standing }: (typeof matrix)[number]) =>
  !standing.deleted && (MOVES[name].from as readonly JobStatus[]).includes(standing.status);

/** What a move says that did nothing: `start` nothing, the other moves of a worker why, and those of a user an answer. */
async function expectRefusal(
  name: MoveName | 'report',
  act: () => Promise<unknown>,
  status: JobStatus | 'deleted' | null,
): Promise<void> {
  const before = await readAllRows(database().pool);
  if (name === 'start') expect(await act()).toBeNull();
  else if (name === 'cancel' || name === 'retry' || name === 'delete') {
    expect(await act()).toMatchObject(answers[name][status ?? 'absent'] ?? {});
  } else {
    const found = status === 'deleted' ? JobStatus.CANCELLED : status;
    await expect(act()).rejects.toThrow(expect.objectContaining({ name: 'MoveRefused', move: name, status: found }));
  }
  expect(await readAllRows(database().pool)).toEqual(before);
}

const notFound = { outcome: 'NOT_FOUND' };
const active = { outcome: 'JOB_ACTIVE' };
const answers: Record<'cancel' | 'retry' | 'delete', Partial<Record<JobStatus | 'deleted' | 'absent', object>>> = {
  cancel: {
    COMPLETED: { outcome: 'JOB_FINISHED', job: { status: 'COMPLETED' } },
    FAILED: { outcome: 'JOB_FINISHED', job: { status: 'FAILED' } },
    CANCELLED: { outcome: 'CANCELLED', changed: false, tokenBalance: null, job: { status: 'CANCELLED' } },
    deleted: notFound,
    absent: notFound,
  },
  retry: {
    QUEUED: { ...active, job: { status: 'QUEUED' } },
    PROCESSING: { ...active, job: { status: 'PROCESSING' } },
    COMPLETED: { outcome: 'NOT_RETRYABLE', job: { status: 'COMPLETED' } },
    deleted: notFound,
    absent: notFound,
  },
  delete: {
    QUEUED: { ...active, job: { status: 'QUEUED' } },
    PROCESSING: { ...active, job: { status: 'PROCESSING' } },
    deleted: { outcome: 'DELETED', changed: false },
    absent: notFound,
  },
};

describe('a move', () => {
  it.each(matrix.filter(isAllowed))(
    '$name from $standing.status does what the table says',
    async ({ name, standing }) => {
      const { pool } = database();
      const made = await makeJob(pool, standing);
      const before = await readJob(pool, made.jobId);
      worker().woken.length = 0;
      const moved = await verbs[name](worker().lifecycle, made);
      expect(worker().woken).toEqual([made.jobId]);
      const { job, result, events } = await readJob(pool, made.jobId);
      const isDeletion = name === 'delete';

      expect(job).toMatchObject({ status: MOVES[name].to, seq: before.job.seq + 1 });
      const answered = { id: made.jobId, status: MOVES[name].to, seq: before.job.seq + 1 };
      expect(moved).toMatchObject(isDeletion ? { jobId: made.jobId, changed: true } : { job: answered });
      if (isDeletion) expect(result).toBeNull();
      else expect(result).toMatchObject({ status: MOVES[name].to, updated_at: job.updated_at });
      const kept = before.events.map((event) => (isDeletion ? { ...event, error_message: null } : event));
      expect(events.slice(0, -1)).toEqual(kept);
      expect(events.at(-1)).toMatchObject({
        type: MOVES[name].event,
        status: MOVES[name].to,
        seq: job.seq,
        at: job.updated_at,
        attempt: job.attempt,
        round: job.round,
        user_id: made.userId,
        result_id: made.resultId,
        progress: name === 'cancel' ? before.job.progress : job.progress,
      });
      expect(Date.parse(String(job.updated_at))).toBeGreaterThan(Date.parse(String(before.job.updated_at)));
    },
  );

  it.each(matrix.filter((entry) => !isAllowed(entry)))(
    '$name is refused on $standing and changes nothing at all',
    async ({ name, standing }) => {
      const made = await makeJob(database().pool, standing);
      const status = standing.deleted ? 'deleted' : standing.status;
      await expectRefusal(name, () => verbs[name](worker().lifecycle, made), status);
    },
  );

  it.each(moveNames)('%s is refused where there is no such job', async (name) => {
    const [jobId, userId, leaseToken] = [randomUUID(), randomUUID(), randomUUID()];
    const nobody = { jobId, userId, leaseToken, round: 1, attempt: 0 } as MadeJob;
    await expectRefusal(name, () => verbs[name](worker().lifecycle, nobody), null);
  });

  it.each(['complete', 'fail', 'release'] as const)('%s is refused under the lease of another job', async (name) => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const other = await makeJob(database().pool, { status: 'PROCESSING' });
    const stolen = { ...made, leaseToken: other.leaseToken };
    await expectRefusal(name, () => verbs[name](worker().lifecycle, stolen), JobStatus.PROCESSING);
  });

  it.each([
    ['an attempt that has been', { attempt: 0 }],
    ['an attempt that is not next', { attempt: 2 }],
    ['another round', { round: 2 }],
  ])('start is refused for %s', async (_, change) => {
    const made = await makeJob(database().pool, { status: 'QUEUED', attempt: 1 });
    await expectRefusal('start', () => worker().lifecycle.start(nextAttempt({ ...made, ...change })), null);
  });

  it('wakes the readers of the job when it is done, and of none when it is refused', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    worker().woken.length = 0;
    await worker().lifecycle.complete(made, { score: 1 });
    await expect(worker().lifecycle.complete(made, { score: 2 })).rejects.toThrow(MoveRefused);
    expect(await worker().lifecycle.start(nextAttempt(made))).toBeNull();
    expect(worker().woken).toEqual([made.jobId]);
  });

  it.each([
    ['start', 'analysis_results'],
    ['complete', 'analysis_results'],
    ['complete', 'job_events'],
    ['fail', 'accounts'],
    ['fail', 'ledger_entries'],
    ['fail', 'job_events'],
    ['release', 'graphile_worker._private_jobs'],
  ] as const)('%s that breaks at %s leaves all as it was', async (name, table) => {
    const made = await makeJob(database().pool, { status: name === 'start' ? 'QUEUED' : 'PROCESSING' });
    const before = await readAllRows(database().pool);
    {
      await using _broken = await breakWrites(database().pool, table, 'raise');
      await expect(verbs[name](worker().lifecycle, made)).rejects.toThrow('broken on purpose');
    }
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('release for which the queue takes no task leaves all as it was', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const before = await readAllRows(database().pool);
    {
      await using _broken = await breakWrites(database().pool, 'graphile_worker._private_jobs', 'skip');
      await expect(worker().lifecycle.release(made, soon)).rejects.toThrow('the queue took no task');
    }
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('never dates an event before the job’s last one', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    await bend(pool, `update analysis_jobs set updated_at = now() + interval '1 hour' where id = $1`, [made.jobId]);
    await worker().lifecycle.complete(made, { score: 1 });
    const { rows } = await pool.query(
      `select finished_at = updated_at and updated_at > now() as late from analysis_jobs where id = $1`,
      [made.jobId],
    );
    expect(rows).toEqual([{ late: true }]);
  });
});

describe('start', () => {
  it('takes the lease, counts the attempt and hands over the input', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', attempt: 1, testData: { answers: ['x'] } });
    const options = nextAttempt(made);
    const started = await worker().lifecycle.start(options);
    expect(started?.input).toEqual({ kind: 'ASSESSMENT', testData: { answers: ['x'] }, rawResponses: null });
    expect(started?.job).toMatchObject({
      attempt: 2,
      leaseToken: options.leaseToken,
      workerId: options.workerId,
      workerFreeAt: null,
      finishedAt: null,
    });
    const { rows } = await database().pool.query(
      `select started_at = updated_at and heartbeat_at = updated_at as begun,
         lease_expires_at - updated_at = interval '60 s' as leased from analysis_jobs where id = $1`,
      [made.jobId],
    );
    expect(rows).toEqual([{ begun: true, leased: true }]);
  });

  it('of a job that lost its result begins nothing, and leaves a lease that runs out', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED' });
    await bend(pool, 'delete from analysis_results where job_id = $1', [made.jobId]);
    expect(await worker().lifecycle.start(nextAttempt(made))).toBeNull();
    const { rows } = await pool.query(
      'select status, lease_expires_at is not null as leased from analysis_jobs where id = $1',
      [made.jobId],
    );
    expect(rows).toEqual([{ status: 'PROCESSING', leased: true }]);
    await clearRows(pool);
  });
});

describe('complete', () => {
  it('stores the answer, gives the lease back and pays nothing back', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING', price: 2 });
    const moved = await worker().lifecycle.complete(made, { archetype: 'The sage', list: [1, null, 'ü'] });
    const { job, result, events, ledger } = await readJob(pool, made.jobId);
    expect(result).toMatchObject({ test_result: { archetype: 'The sage', list: [1, null, 'ü'] } });
    expect(job).toMatchObject({
      progress: { percent: 100 },
      finished_at: job.updated_at,
      worker_free_at: job.updated_at,
      lease_token: null,
      worker_id: null,
      refunded: false,
      failure_code: null,
    });
    expect(events.at(-1)?.processing_time).toBeCloseTo(3_599, -2);
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE']);
    expect(moved.tokenBalance).toBeNull();
    expect(await readBalance(pool, made.userId)).toBe(0);
  });

  it.each([[undefined], [null]])('is refused by the database without an answer: %s', async (nothing) => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const before = await readAllRows(database().pool);
    await expect(worker().lifecycle.complete(made, nothing)).rejects.toThrow('results_content_fits_status');
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('leaves the results of other jobs alone', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    const other = await makeJob(pool, { status: 'PROCESSING', userId: await makeAccount(pool) });
    const before = await readJob(pool, other.jobId);
    await worker().lifecycle.complete(made, { score: 1 });
    expect(await readJob(pool, other.jobId)).toEqual(before);
  });
});

describe('fail', () => {
  it('pays the price back once, in the same step', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 7 });
    const made = await makeJob(pool, { status: 'PROCESSING', userId, price: 4 });
    const moved = await worker().lifecycle.fail(made, broken);
    const { job, events, ledger } = await readJob(pool, made.jobId);
    expect(ledger).toMatchObject([
      { entry: 'CHARGE', amount: -4, balance: 3 },
      { entry: 'REFUND', amount: 4, balance: 7, round: 1 },
    ]);
    expect(job).toMatchObject({
      refunded: true,
      failure_code: 'HANDLER_ERROR',
      failure_message: 'It broke',
      finished_at: job.updated_at,
      worker_free_at: job.updated_at,
      lease_token: null,
    });
    expect(events.at(-1)).toMatchObject({ token_balance: 7, error_message: 'It broke' });
    expect(moved.tokenBalance).toBe(7);
    expect(await readBalance(pool, userId)).toBe(7);
  });

  it('pays nothing back where nothing was paid', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING', price: 0 });
    expect(await worker().lifecycle.fail(made, broken)).toMatchObject({ tokenBalance: null, job: { refunded: false } });
    expect((await readJob(database().pool, made.jobId)).ledger).toEqual([]);
  });

  it.each([
    ['STUCK', 'STUCK'],
    ['INVALID_INPUT', 'FAILED'],
    ['UPSTREAM_ERROR', 'FAILED'],
    ['WORKER_LOST', 'FAILED'],
  ] as const)('with %s tells so by a %s event, and by no second one', async (code, type) => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    await worker().lifecycle.fail(made, { code, message: 'No' });
    const { events } = await readJob(database().pool, made.jobId);
    expect(events.map((event) => event.type)).toEqual(['QUEUED', 'STARTED', type]);
  });
});

describe('release', () => {
  it('gives the job back with a task for the next attempt, not before the delay', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING', priority: 9 });
    const moved = await worker().lifecycle.release(made, {
      delayMs: 90_000,
      countsAttempt: true,
      errorMessage: 'Upstream was away',
    });
    const { job, events, ledger, tasks } = await readJob(pool, made.jobId);
    expect(job).toMatchObject({
      attempt: 1,
      lease_token: null,
      worker_id: null,
      progress: { percent: 0 },
      priority: 9,
    });
    expect(events.at(-1)).toMatchObject({ error_message: 'Upstream was away', token_balance: null });
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE']);
    expect(moved.tokenBalance).toBeNull();

    expect(tasks).toMatchObject([
      { key: null, runnable: false },
      { key: `job:${made.jobId}`, runnable: true, priority: 9, payload: { jobId: made.jobId, round: 1, attempt: 2 } },
    ]);
    const wait = Date.parse(String(tasks[1]?.run_at)) - Date.parse(String(job.updated_at));
    expect(wait).toBe(90_000);
  });

  it('takes the attempt back where it does not count', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING', attempt: 3, maxAttempts: 3 });
    await worker().lifecycle.release(made, { delayMs: 0, countsAttempt: false });
    const { job, tasks } = await readJob(database().pool, made.jobId);
    expect(job.attempt).toBe(2);
    expect(tasks.at(-1)).toMatchObject({ payload: { attempt: 3 }, runnable: true });
    expect(await worker().lifecycle.start(nextAttempt({ ...made, attempt: 2 }))).toMatchObject({ job: { attempt: 3 } });
  });

  it('that counts the last attempt is refused, for the job could never start again', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING', attempt: 3, maxAttempts: 3 });
    const before = await readAllRows(database().pool);
    await expect(worker().lifecycle.release(made, soon)).rejects.toThrow();
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('leaves one runnable task when the job goes round several times', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED', maxAttempts: 5 });
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const options = nextAttempt({ ...made, attempt });
      const { poolId } = await makeWorker(pool, { workerId: options.workerId });
      await lockTask(pool, { jobId: made.jobId, poolId });
      expect(await worker().lifecycle.start(options)).not.toBeNull();
      await worker().lifecycle.release(options, soon);
    }
    const { tasks } = await readJob(pool, made.jobId);
    expect(tasks.filter((task) => task.runnable)).toMatchObject([{ payload: { attempt: 5 } }]);
  });
});

describe('a zombie', () => {
  it.each(['complete', 'fail', 'release', 'report'] as const)(
    'can not %s with the lease of an attempt that is over',
    async (name) => {
      const made = await makeJob(database().pool, { status: 'PROCESSING' });
      const { lifecycle } = worker();
      const act = () =>
        name === 'report' ? lifecycle.report(made, { percent: 99 }, 60_000) : verbs[name](lifecycle, made);

      await lifecycle.release(made, soon);
      await expectRefusal(name, act, JobStatus.QUEUED);
      const second = nextAttempt(made);
      expect(await lifecycle.start(second)).not.toBeNull();
      await expectRefusal(name, act, JobStatus.PROCESSING);
      await lifecycle.complete(second, { score: 2 });
      await expectRefusal(name, act, JobStatus.COMPLETED);
    },
  );
});
