import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EventType } from '../../src/entities/job-status.ts';
import { type Rescue, readTime, rescue as takeUp } from '../../src/lifecycle/rescue.ts';
import { statementsOf } from '../support/api.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type JobOptions, lockTask, makeAccount, makeCopies, makeJob, makeWorker } from '../support/factory.ts';
import type { Bent } from './invariants.ts';
import {
  ALWAYS,
  cancelOf,
  hearStops,
  nextAttempt,
  readLease,
  retryOf,
  TAKES_NO_TASK,
  useProcess,
  work,
} from './lifecycles.ts';
import { bend, breakWrites, clearRows, holdLock, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase({
  bent: { 'gone-jobs-leave-one-event': 'jobs of one test are cleared away before the next' },
});
const first = useProcess(database, 'first');
const second = useProcess(database, 'second');

/** An attempt whose worker fell silent half an hour ago, with attempts left or on the last one. */
const lost: JobOptions = { status: 'PROCESSING', leaseExpiresIn: -1_800 };
const lastAttempt: JobOptions = { ...lost, attempt: 3, maxAttempts: 3 };

/** What no rescue is to put right yet. */
const LOST_TASK: Bent = { 'waiting-job-has-task': 'its task was lost, or is held, and the rescue leaves that alone' };

const nothing = { released: [], failed: [], freed: [], requeued: [], notFixed: [] };

let leaseMs = 0;
beforeEach(async () => {
  await clearRows(database().pool);
  leaseMs = await readLease(database().pool);
});

const rescue = async (process = first(), runLimitsMs: Rescue['runLimitsMs'] = {}) =>
  await process.lifecycle.rescue({ leaseMs, runLimitsMs, seenAt: ALWAYS });

async function readTask(jobId: string) {
  const { tasks } = await readJob(database().pool, jobId);
  return tasks;
}

describe('a job whose lease ran out', () => {
  it('goes back to the queue with one new task while it has attempts left', async () => {
    const made = await makeJob(database().pool, { ...lost, attempt: 2, priority: 4 });
    expect(await rescue()).toEqual({ ...nothing, released: [made.jobId] });
    const { job, result, events, ledger, tasks } = await readJob(database().pool, made.jobId);
    expect(job).toMatchObject({
      status: 'QUEUED',
      attempt: 2,
      lease_token: null,
      worker_id: null,
      progress: { percent: 0 },
      refunded: false,
    });
    expect(result).toMatchObject({ status: 'QUEUED' });
    expect(events.slice(-2)).toMatchObject([
      { type: 'STARTED' },
      { type: 'RELEASED', status: 'QUEUED', seq: job.seq, error_message: 'The worker was lost' },
    ]);
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE']);
    expect(tasks).toMatchObject([
      { runnable: true, priority: 4, payload: { jobId: made.jobId, round: 1, attempt: 3 } },
    ]);
    expect(await first().lifecycle.start(nextAttempt(made))).toMatchObject({ job: { attempt: 3 } });
    database().excuse(TAKES_NO_TASK);
  });

  it('fails on its last attempt and is paid back', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 5 });
    const made = await makeJob(pool, { ...lastAttempt, userId, price: 2 });
    expect(await rescue()).toEqual({ ...nothing, failed: [made.jobId] });
    const { job, events, ledger, tasks } = await readJob(pool, made.jobId);
    expect(job).toMatchObject({
      status: 'FAILED',
      failure_code: 'WORKER_LOST',
      refunded: true,
      lease_token: null,
      finished_at: job.updated_at,
      worker_free_at: job.updated_at,
    });
    expect(events.at(-1)).toMatchObject({ type: 'FAILED', token_balance: 5, error_message: job.failure_message });
    expect(ledger.map(({ entry, balance }) => [entry, balance])).toEqual([
      ['CHARGE', 3],
      ['REFUND', 5],
    ]);
    expect(await readBalance(pool, userId)).toBe(5);
    expect(tasks).toEqual([]);
    expect(await rescue()).toEqual(nothing);
  });

  it('is dead to its worker: the late answer changes nothing', async () => {
    const [back, over] = [await makeJob(database().pool, lost), await makeJob(database().pool, lastAttempt)];
    await rescue();
    const before = await readAllRows(database().pool);
    await expect(first().lifecycle.complete(back, { late: true })).rejects.toMatchObject({ status: 'QUEUED' });
    await expect(first().lifecycle.complete(over, { late: true })).rejects.toMatchObject({ status: 'FAILED' });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it.each([
    ['goes back', lost],
    ['fails', lastAttempt],
  ])('and %s tells in its event for how many seconds its worker had been silent', async (_, options) => {
    const { pool } = database();
    const made = await makeJob(pool, options);
    await bend(pool, `update analysis_jobs set heartbeat_at = now() - interval '1930 seconds' where id = $1`, [
      made.jobId,
    ]);
    await rescue();
    const { events } = await readJob(pool, made.jobId);
    expect(events.at(-1)?.rescued_after).toBeGreaterThanOrEqual(1_930);
    expect(events.at(-1)?.rescued_after).toBeLessThan(1_960);
  });

  it('is the only one whose event tells of a silence: no other move asks for it', async () => {
    const { pool } = database();
    const { lifecycle } = first();
    const running = () => makeJob(pool, { ...lost, leaseExpiresIn: 60, price: 0 });
    const statements = await statementsOf(async () => {
      await lifecycle.submit(await makeAccount(pool), [work()]);
      await lifecycle.complete(await running(), {});
      await lifecycle.fail(await running(), { code: 'HANDLER_ERROR', message: 'no' });
      await lifecycle.fail(await running(), { code: 'STUCK', message: 'too long' });
      await lifecycle.release(await running(), { delayMs: 0, countsAttempt: true });
      const made = await running();
      await lifecycle.cancel(cancelOf(made));
      await lifecycle.retry(retryOf(made, 0));
      await lifecycle.start(nextAttempt({ ...made, round: 2, attempt: 0 }));
      await lifecycle.forceDelete((await running()).jobId, 'any owner');
    });
    expect(statements.filter((text) => text.includes('rescued_after'))).toEqual([]);
    await makeJob(pool, lost);
    expect((await rescue(first(), { ASSESSMENT: 60_000 })).failed).toHaveLength(1);
    const { rows } = await pool.query('select type from job_events where rescued_after is null group by 1 order by 1');
    expect(rows.map(({ type }) => type)).toEqual(Object.values(EventType).sort());
    expect((await pool.query('select from job_events where rescued_after is not null')).rowCount).toBe(0);
    database().excuse(TAKES_NO_TASK);
  });

  it('wakes its readers', async () => {
    const made = [await makeJob(database().pool, lost), await makeJob(database().pool, lastAttempt)];
    first().woken.length = 0;
    await rescue();
    await rescue();
    expect(first().woken.sort()).toEqual(made.map(({ jobId }) => jobId).sort());
  });

  it('shares its user’s refunds with the others so that the ledger’s balances run on', async () => {
    const { pool } = database();
    const [mine, yours] = [await makeAccount(pool, { balance: 20 }), await makeAccount(pool, { balance: 20 })];
    for (const price of [1, 4, 2, 3]) {
      await makeJob(pool, { ...lastAttempt, userId: mine, price });
      await makeJob(pool, { ...lastAttempt, userId: yours, price: price + 1 });
    }
    expect((await rescue()).failed).toHaveLength(8);
    for (const userId of [mine, yours]) {
      const { rows } = await pool.query<{ amount: number; balance: number }>(
        'select amount, balance from ledger_entries where user_id = $1 order by id',
        [userId],
      );
      let sum = 0;
      const running = rows.map(({ amount }) => {
        sum += amount;
        return sum;
      });
      expect(rows.map(({ balance }) => balance)).toEqual(running);
      expect(sum).toBe(20);
      expect(await readBalance(pool, userId)).toBe(20);
    }
  });

  it('and whose event tells the balance after its own refund', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    for (const price of [1, 2, 3]) await makeJob(pool, { ...lastAttempt, userId, price });
    await rescue();
    const { rows } = await pool.query(
      `select e.token_balance = l.balance as same from job_events e
       join ledger_entries l on l.job_id = e.job_id and l.entry = 'REFUND' where e.type = 'FAILED' and e.user_id = $1`,
      [userId],
    );
    expect(rows).toEqual([{ same: true }, { same: true }, { same: true }]);
  });

  it('is taken up with all the others, however many they are', async () => {
    const { pool } = database();
    await makeCopies(pool, await makeJob(pool, { ...lastAttempt, price: 0, task: false }), 149);
    await makeCopies(pool, await makeJob(pool, { ...lost, price: 0, task: false }), 149);
    expect(await rescue()).toMatchObject({ released: { length: 150 }, failed: { length: 150 }, notFixed: [] });
    expect(await rescue()).toEqual(nothing);
  });

  it('is not asked for again after a batch that was not full', async () => {
    const { orm } = first();
    const countForks = async () => {
      const em = orm.em.fork();
      const forks = vi.spyOn(em, 'fork');
      await takeUp(em, { leaseMs, runLimitsMs: {}, seenAt: ALWAYS });
      return forks.mock.calls.length;
    };
    const atRest = await countForks();
    for (const job of [lost, lastAttempt]) await makeJob(database().pool, job);
    expect(await countForks()).toBe(atRest);
    expect(await rescue()).toEqual(nothing);
  });

  it('stays as it was when the rescue breaks in the middle', async () => {
    const { pool } = database();
    await makeJob(pool, lastAttempt);
    const before = await readAllRows(pool);
    {
      await using _broken = await breakWrites(pool, 'job_events', 'raise');
      await expect(rescue()).rejects.toThrow('broken on purpose');
    }
    expect(await readAllRows(pool)).toEqual(before);
  });
});

describe('a job that runs over its limit', () => {
  /** Began almost an hour ago, and beats. */
  const long: JobOptions = { status: 'PROCESSING', createdAt: 3_600 };
  const limits = { ASSESSMENT: 1_800_000, PROBE: 7_200_000 };

  it.each([1, 3])(
    'fails as STUCK with its lease, is paid back, and its worker is told, on attempt %i of 3',
    async (attempt) => {
      const { pool } = database();
      const userId = await makeAccount(pool, { balance: 5 });
      const made = await makeJob(pool, { ...long, attempt, maxAttempts: 3, userId, price: 2 });
      await using stops = await hearStops(pool);
      expect(await rescue(first(), limits)).toEqual({ ...nothing, failed: [made.jobId] });
      expect(await stops.read()).toEqual([made.leaseToken]);
      const { job, result, events, ledger, tasks } = await readJob(pool, made.jobId);
      expect(job).toMatchObject({
        ...{ status: 'FAILED', failure_code: 'STUCK', attempt, refunded: true, finished_at: job.updated_at },
        ...{ lease_token: made.leaseToken, worker_id: made.workerId, worker_free_at: null },
        // As the worker's own timer says it, which may be first.
        failure_message: 'The work took longer than the 1800 seconds that it may take',
      });
      expect(result).toMatchObject({ status: 'FAILED' });
      expect(events.at(-1)).toMatchObject({ type: 'STUCK', status: 'FAILED', token_balance: 5, seq: job.seq });
      expect(ledger.map(({ entry, balance }) => [entry, balance])).toEqual([
        ['CHARGE', 3],
        ['REFUND', 5],
      ]);
      expect(tasks).toMatchObject([{ key: null, runnable: false, locked_by: made.poolId }]);

      expect(await rescue(first(), limits)).toEqual(nothing);
      await expect(first().lifecycle.complete(made, { late: true })).rejects.toMatchObject({ status: 'FAILED' });
      expect(await first().lifecycle.free(made)).toBe(true);
      expect((await readJob(pool, made.jobId)).job).toMatchObject({ lease_token: null });
    },
  );

  it('is judged by the limit of its kind, and left alone where there is none', async () => {
    const { pool } = database();
    const stuck = await makeJob(pool, { ...long, kind: 'ASSESSMENT' });
    await makeJob(pool, { ...long, kind: 'PROBE' });
    await makeJob(pool, { ...long, kind: 'FORECAST' });
    await makeJob(pool, { ...long, kind: 'ASSESSMENT', createdAt: 1_500 });
    expect(await rescue(first(), limits)).toEqual({ ...nothing, failed: [stuck.jobId] });
  });

  it('and whose worker is dead too is STUCK and its thread written off, at once', async () => {
    const made = await makeJob(database().pool, { ...long, leaseExpiresIn: -1_800 });
    expect(await rescue(first(), limits)).toEqual({ ...nothing, failed: [made.jobId], freed: [made.jobId] });
    const { job, events } = await readJob(database().pool, made.jobId);
    expect(job).toMatchObject({ failure_code: 'STUCK', lease_token: null, worker_free_at: expect.any(String) });
    expect(events.at(-1)).toMatchObject({ type: 'STUCK' });
  });

  it('counts from the attempt it is on', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED', createdAt: 7_200, attempt: 2 });
    const { poolId, workerId } = await makeWorker(pool);
    await lockTask(pool, { jobId: made.jobId, poolId });
    await first().lifecycle.start({ ...nextAttempt(made), workerId });
    expect(await rescue(first(), limits)).toEqual(nothing);
  });

  it('is failed once by two rescues at the same time', async () => {
    const { pool } = database();
    const made = await makeJob(pool, long);
    await using stops = await hearStops(pool);
    const running = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [made.userId]);
      running.push(rescue(first(), limits));
      expect((await waitUntilBlocked(pool)).map((backend) => backend.applicationName)).toEqual(['first']);
      running.push(rescue(second(), limits));
      await running[1];
    }
    expect(await Promise.all(running)).toEqual([{ ...nothing, failed: [made.jobId] }, nothing]);
    expect(await stops.read()).toEqual([made.leaseToken]);
    const { events, ledger } = await readJob(pool, made.jobId);
    expect(events.map(({ type }) => type)).toEqual(['QUEUED', 'STARTED', 'STUCK']);
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE', 'REFUND']);
  });
});

describe('a job that was ended from outside', () => {
  const ended = [
    { status: 'FAILED', failure: 'STUCK', threadRuns: true },
    { status: 'CANCELLED', attempt: 1, threadRuns: true },
  ] as const;

  it.each(ended)('and whose worker died is freed, once: %o', async (standing) => {
    const { pool } = database();
    const made = await makeJob(pool, { ...standing, leaseExpiresIn: -1_800 });
    const before = await readJob(pool, made.jobId);
    first().woken.length = 0;
    expect(await rescue()).toEqual({ ...nothing, freed: [made.jobId] });
    expect(first().woken).toEqual([made.jobId]);
    const after = await readJob(pool, made.jobId);
    const { worker_free_at } = after.job;
    expect(worker_free_at).not.toBeNull();
    const lease = { lease_token: null, lease_expires_at: null, worker_id: null };
    expect(after).toEqual({ ...before, job: { ...before.job, ...lease, worker_free_at } });
    expect(await rescue()).toEqual(nothing);
    expect(await first().lifecycle.free(made)).toBe(false);
  });

  it.each(ended)('is left to a worker that lives: %o', async (standing) => {
    await makeJob(database().pool, standing);
    const before = await readAllRows(database().pool);
    expect(await rescue()).toEqual(nothing);
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('is freed as a tombstone too', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { ...ended[0], leaseExpiresIn: -1_800 });
    await first().lifecycle.bury(made.jobId, 'any owner');
    expect(await rescue()).toEqual({ ...nothing, freed: [made.jobId] });
  });

  it('and whose row another one holds is left for the next rescue', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { ...ended[1], leaseExpiresIn: -1_800 });
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
      expect(await rescue()).toEqual(nothing);
    }
    expect(await rescue()).toEqual({ ...nothing, freed: [made.jobId] });
  });

  it('leaves no task behind once its worker is dead', async () => {
    const { pool } = database();
    const made = [await makeJob(pool, lost), await makeJob(pool, lost), await makeJob(pool, lost)] as const;
    await first().lifecycle.cancel(cancelOf(made[0]));
    await first().lifecycle.forceDelete(made[1].jobId, 'any owner');
    await first().lifecycle.cancel(cancelOf(made[2]));
    await first().lifecycle.retry(retryOf(made[2]));
    await rescue();
    const { rows } = await pool.query(`select key, is_available as runnable from graphile_worker._private_jobs`);
    expect(rows).toEqual([{ key: `job:${made[2].jobId}`, runnable: true }]);
  });
});

describe('a process that may not judge', () => {
  /** All that a rescue could take a dead worker's: his jobs, the thread of one that ended, the tasks he holds, his row. */
  async function leaveBehind() {
    const { pool } = database();
    const made = [await makeJob(pool, lost), await makeJob(pool, lastAttempt)];
    await makeJob(pool, { status: 'CANCELLED', attempt: 1, threadRuns: true, leaseExpiresIn: -1_800 });
    await makeWorker(pool, { heartbeatAt: 1_800 });
    return made.map(({ jobId }) => jobId);
  }

  it('because its connection is young, tells who is lost and takes nothing from anybody', async () => {
    const found = await leaveBehind();
    const before = await readAllRows(database().pool);
    const outcome = await first().lifecycle.rescue({ leaseMs, runLimitsMs: {}, seenAt: null });
    expect({ ...outcome, notFixed: outcome.notFixed.sort() }).toEqual({ ...nothing, notFixed: found.sort() });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('because the database reads it half a lease late, does the same', async () => {
    const found = await leaveBehind();
    const before = await readAllRows(database().pool);
    const { rows } = await database().pool.query<{ at: string }>(
      'select (now() - make_interval(secs => $1))::text as at',
      [leaseMs / 2_000],
    );
    const outcome = await first().lifecycle.rescue({ leaseMs, runLimitsMs: {}, seenAt: rows[0]!.at });
    expect({ ...outcome, notFixed: outcome.notFixed.sort() }).toEqual({ ...nothing, notFixed: found.sort() });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('still gives a waiting job its task back, and ends what runs too long', async () => {
    const { pool } = database();
    const waiting = await makeJob(pool, { status: 'QUEUED', task: false });
    const endless = await makeJob(pool, { status: 'PROCESSING', createdAt: 3_600 });
    const outcome = await first().lifecycle.rescue({ leaseMs, runLimitsMs: { ASSESSMENT: 60_000 }, seenAt: null });
    expect(outcome).toEqual({ ...nothing, requeued: [waiting.jobId], failed: [endless.jobId] });
  });
});

describe('a rescue', () => {
  it('leaves alone what is well', async () => {
    const { pool } = database();
    await makeJob(pool, { status: 'PROCESSING', attempt: 3 });
    await makeJob(pool, { status: 'PROCESSING', leaseExpiresIn: 30 });
    await makeJob(pool, { status: 'QUEUED', createdAt: 86_400 });
    await makeJob(pool, { status: 'QUEUED', createdAt: 0, task: false });
    await makeJob(pool, { status: 'COMPLETED' });
    await makeJob(pool, { status: 'FAILED' });
    await makeJob(pool, { status: 'CANCELLED' });
    await makeJob(pool, { status: 'COMPLETED', deleted: true });
    await makeWorker(pool, { heartbeatAt: 0 });
    const before = await readAllRows(pool);
    expect(await rescue()).toEqual(nothing);
    expect(await readAllRows(pool)).toEqual(before);
    database().excuse(LOST_TASK);
  });

  it('gives every lease its full length after a start of the database', async () => {
    const { pool } = database();
    await makeJob(pool, lost);
    await makeJob(pool, lastAttempt);
    const before = await readAllRows(pool);
    const { rows } = await pool.query<{ age: number }>(
      'select extract(epoch from now() - pg_postmaster_start_time())::float8 * 1000 as age',
    );
    const seenAt = await first().lifecycle.readTime();
    const long = { leaseMs: rows[0]!.age + 60_000, runLimitsMs: {}, seenAt };
    expect(await first().lifecycle.rescue(long)).toEqual(nothing);
    expect(await readAllRows(pool)).toEqual(before);
  });

  it('has no time to judge by while the database takes no writes, and so no proofs of life', async () => {
    const reading = first()
      .orm.em.fork()
      .transactional(async (transaction) => {
        await transaction.execute('set transaction read only');
        await readTime(transaction);
      });
    await expect(reading).rejects.toThrow('the database takes no writes');
  });

  it('skips a job whose row another one holds, instead of waiting, and tells of it', async () => {
    const { pool } = database();
    const [held, free] = [await makeJob(pool, lost), await makeJob(pool, lost)];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [held.jobId]);
      expect(await rescue()).toEqual({ ...nothing, released: [free.jobId], notFixed: [held.jobId] });
    }
    expect(await rescue()).toEqual({ ...nothing, released: [held.jobId] });
  });

  it('takes the accounts it pays in the order of their ids, so that two cannot wait for each other', async () => {
    const { pool } = database();
    const users = Array.from({ length: 6 }, () => randomUUID()).sort();
    // Stored the other way round: the order of the rows is not the order of the ids.
    for (const userId of users.toReversed()) {
      await makeAccount(pool, { userId, balance: 1 });
      await makeJob(pool, { ...lastAttempt, userId });
    }
    const running = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [users[0]]);
      running.push(rescue());
      await waitUntilBlocked(pool);
      const { rows } = await pool.query<{ user_id: string }>(
        'select user_id from accounts where user_id = any($1) order by user_id for update skip locked',
        [users],
      );
      expect(rows.map((row) => row.user_id)).toEqual(users.slice(1));
    }
    expect((await Promise.all(running))[0]?.failed).toHaveLength(6);
  });

  it('at the same time as another gives each job one event and one refund', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 3 });
    const made = [];
    for (const standing of [lastAttempt, lastAttempt, lastAttempt]) {
      made.push(await makeJob(pool, { ...standing, userId }));
    }
    made.push(await makeJob(pool, lost), await makeJob(pool, lost));
    const running = [];
    {
      // The first one has the jobs and waits for the account; the second one finds nothing to take.
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [userId]);
      running.push(rescue(first()));
      const waiting = await waitUntilBlocked(pool);
      expect(waiting.map((backend) => backend.applicationName)).toEqual(['first']);
      const held = made.slice(0, 3).map(({ jobId }) => jobId);
      expect(await rescue(second())).toEqual({ ...nothing, notFixed: held });
    }
    const [rescued] = await Promise.all(running);
    expect([...rescued!.failed, ...rescued!.released].sort()).toEqual(made.map(({ jobId }) => jobId).sort());
    for (const { jobId } of made) {
      const { events, ledger } = await readJob(pool, jobId);
      expect(events.filter(({ type }) => type === 'FAILED' || type === 'RELEASED')).toHaveLength(
        events.filter(({ type }) => type === 'STARTED').length,
      );
      expect(ledger.filter(({ entry }) => entry === 'REFUND').length).toBe(events.at(-1)?.type === 'FAILED' ? 1 : 0);
    }
    expect(await readBalance(pool, userId)).toBe(3);
  });

  it('ten times at once does the work of one', async () => {
    const { pool } = database();
    for (const standing of [lost, lastAttempt, lost, lastAttempt]) await makeJob(pool, standing);
    await makeJob(pool, { status: 'QUEUED', task: false });
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) => rescue(index % 2 === 0 ? first() : second())),
    );
    expect(all.flatMap(({ released }) => released)).toHaveLength(2);
    expect(all.flatMap(({ failed }) => failed)).toHaveLength(2);
    const { rows } = await pool.query(
      `select (select count(*)::int from ledger_entries l join analysis_jobs j on j.id = l.job_id where entry = 'REFUND') as refunds,
         (select count(*)::int from graphile_worker._private_jobs t join analysis_jobs j on t.key = 'job:' || j.id
          where j.status = 'QUEUED' and t.is_available) as runnable`,
    );
    expect(rows).toEqual([{ refunds: 2, runnable: 3 }]);
  });
});

describe('a rescue and a move at once', () => {
  it.each(['complete', 'fail', 'release'] as const)(
    'leave a job to the worker that was first, with %s',
    async (name) => {
      const { pool } = database();
      const made = await makeJob(pool, lastAttempt);
      const acts = {
        complete: () => first().lifecycle.complete(made, { score: 1 }),
        fail: () => first().lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' }),
        release: () => first().lifecycle.release(made, { delayMs: 0, countsAttempt: false }),
      };
      const running: Promise<unknown>[] = [];
      {
        await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
        running.push(acts[name]());
        await waitUntilBlocked(pool);
        expect(await rescue(second())).toEqual({ ...nothing, notFixed: [made.jobId] });
      }
      await Promise.all(running);
      const { job, events } = await readJob(pool, made.jobId);
      expect(events.at(-1)).toMatchObject({ status: job.status, seq: job.seq });
      expect(job.failure_code).not.toBe('WORKER_LOST');
      expect(events.filter(({ type }) => type === 'STARTED')).toHaveLength(3);
    },
  );

  it('leave a job to the rescue that was first, and refuse the worker', async () => {
    const { pool } = database();
    const made = await makeJob(pool, lastAttempt);
    const running: [Promise<unknown>?, Promise<unknown>?] = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [made.userId]);
      running[0] = rescue(second());
      await waitUntilBlocked(pool, 1);
      running[1] = first().lifecycle.complete(made, { late: true });
      running[1].catch(() => undefined);
      const waiting = await waitUntilBlocked(pool, 2);
      expect(waiting.map((backend) => backend.applicationName).sort()).toEqual(['first', 'second']);
    }
    expect(await running[0]).toEqual({ ...nothing, failed: [made.jobId] });
    await expect(running[1]).rejects.toMatchObject({ name: 'MoveRefused', status: 'FAILED' });
    const { events, ledger } = await readJob(pool, made.jobId);
    expect(events.filter(({ type }) => type === 'FAILED' || type === 'COMPLETED')).toHaveLength(1);
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE', 'REFUND']);
  });
});

describe('a task', () => {
  it('that a waiting job has lost is made anew, once', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', attempt: 1, priority: 6, task: false });
    expect(await rescue()).toEqual({ ...nothing, requeued: [made.jobId] });
    expect(await readTask(made.jobId)).toMatchObject([
      { runnable: true, priority: 6, max_attempts: 1, payload: { jobId: made.jobId, round: 1, attempt: 2 } },
    ]);
    const { job, events } = await readJob(database().pool, made.jobId);
    expect(job.seq).toBe(events.length);
    expect(await rescue()).toEqual(nothing);
  });

  it('is not made for a job whose row another one holds, who may be about to start it', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED', task: false });
    await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
    expect(await rescue()).toEqual(nothing);
    expect(await readTask(made.jobId)).toEqual([]);
    database().excuse(LOST_TASK);
  });

  it('that was used up without a start is deleted and made anew', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED' });
    await pool.query(`update graphile_worker._private_jobs set attempts = max_attempts`);
    expect(await rescue()).toEqual({ ...nothing, requeued: [made.jobId] });
    expect(await readTask(made.jobId)).toMatchObject([{ runnable: true, attempts: 0 }]);
  });

  it.each([
    ['whose worker fell silent', 1_800],
    ['whose worker was never in the books', null],
  ])('%s is freed, and its job runs again', async (_, heartbeatAt) => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED' });
    const { poolId } = await makeWorker(pool, { heartbeatAt: heartbeatAt ?? 1_800 });
    await lockTask(pool, { jobId: made.jobId, poolId });
    if (heartbeatAt === null) await pool.query('delete from workers');
    expect(await rescue()).toEqual({ ...nothing, requeued: [made.jobId] });
    expect(await readTask(made.jobId)).toMatchObject([{ runnable: true, locked_by: null, attempts: 0 }]);
    const { rowCount } = await pool.query('select from workers');
    expect(rowCount).toBe(0);
  });

  it('of another sort that a dead worker holds is freed and kept', async () => {
    const { pool } = database();
    await pool.query(`select graphile_worker.add_job('rescue_stuck_jobs')`);
    await pool.query(
      `update graphile_worker._private_jobs set locked_by = 'dead', locked_at = now() - interval '1 hour', attempts = 1`,
    );
    await rescue();
    const { rows } = await pool.query('select locked_by, locked_at, is_available from graphile_worker._private_jobs');
    expect(rows).toEqual([{ locked_by: null, locked_at: null, is_available: true }]);
  });

  it('of a living worker stays his, however old the lock', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING', createdAt: 7_200 });
    await pool.query(`update graphile_worker._private_jobs set locked_at = now() - interval '2 hours'`);
    const before = await readTask(made.jobId);
    expect(await rescue()).toEqual(nothing);
    expect(await readTask(made.jobId)).toEqual(before);
    expect(before).toMatchObject([{ locked_by: made.poolId }]);
  });

  it('that was locked just now stays locked, though its worker has no row yet', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED' });
    await pool.query(`update graphile_worker._private_jobs set locked_by = $1, locked_at = now(), attempts = 1`, [
      randomUUID(),
    ]);
    const before = await readTask(made.jobId);
    expect(await rescue()).toEqual(nothing);
    expect(await readTask(made.jobId)).toEqual(before);
    database().excuse(LOST_TASK);
  });

  it('that the queue does not take fails the rescue aloud, and a move leaves all as it was', async () => {
    const { pool } = database();
    await makeJob(pool, { ...lost, task: false });
    const before = await readAllRows(pool);
    {
      await using _broken = await breakWrites(pool, 'graphile_worker._private_jobs', 'skip');
      await expect(rescue()).rejects.toThrow('the queue took no task');
    }
    expect(await readAllRows(pool)).toEqual(before);
  });
});

describe('a worker in the books', () => {
  it('is struck out once it has been silent for a lease', async () => {
    const { pool } = database();
    const alive = await makeWorker(pool, { heartbeatAt: 0 });
    await makeWorker(pool, { heartbeatAt: 1_800 });
    await rescue();
    const { rows } = await pool.query('select id from workers');
    expect(rows).toEqual([{ id: alive.workerId }]);
  });
});
