import { describe, expect, it } from 'vitest';
import { beat } from '../../src/lifecycle/heartbeat.ts';
import { retry } from '../../src/lifecycle/retry.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import { cancelOf, interrupted, nextAttempt, retryOf, STANDINGS, TAKES_NO_TASK, useProcess } from './lifecycles.ts';
import { breakWrites, holdLock, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const api = useProcess(database, 'api');
const worker = useProcess(database, 'worker');

const broken = { code: 'HANDLER_ERROR', message: 'It broke' } as const;
const retryable = STANDINGS.filter(
  ({ status, deleted }) => !deleted && (status === 'FAILED' || status === 'CANCELLED'),
);

async function expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
  const before = await readAllRows(database().pool);
  await act();
  expect(await readAllRows(database().pool)).toEqual(before);
}

const entries = ({ ledger }: Awaited<ReturnType<typeof readJob>>) =>
  ledger.map(({ entry, amount, round, balance }) => [entry, amount, round, balance]);

describe('a retry', () => {
  it.each(retryable)('opens a new round at the price of today, on %o', async (standing) => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 10 });
    const made = await makeJob(pool, { ...standing, userId, price: 2, priority: 77 });
    const before = await readJob(pool, made.jobId);
    const outcome = await api().lifecycle.retry(retryOf(made, 3));
    const after = await readJob(pool, made.jobId);

    const { job } = after;
    expect(job).toEqual({
      ...before.job,
      ...{ status: 'QUEUED', seq: before.job.seq + 1, round: 2, attempt: 0, price: 3, priority: 0, refunded: false },
      ...{ progress: { percent: 0 }, failure_code: null, failure_message: null },
      ...{ started_at: null, finished_at: null, heartbeat_at: null, worker_free_at: null },
      ...{ lease_token: null, lease_expires_at: null, worker_id: null, updated_at: job.updated_at },
    });
    expect(after.result).toEqual({ ...before.result, status: 'QUEUED', updated_at: job.updated_at });
    expect(after.events.slice(0, -1)).toEqual(before.events);
    expect(after.events.at(-1)).toMatchObject({
      ...{ type: 'RETRIED', status: 'QUEUED', round: 2, attempt: 0, token_balance: 7, at: job.updated_at },
      ...{ error_message: null, processing_time: null, progress: { percent: 0 }, result_id: made.resultId },
    });
    expect(entries(after)).toEqual([
      ['CHARGE', -2, 1, 8],
      ['REFUND', 2, 1, 10],
      ['CHARGE', -3, 2, 7],
    ]);
    expect(after.tasks).toMatchObject([
      { key: `job:${made.jobId}`, runnable: true, max_attempts: 1, payload: { round: 2, attempt: 1 } },
    ]);
    expect(outcome).toMatchObject({ outcome: 'RETRIED', tokenBalance: 7, job: { id: made.jobId, round: 2 } });
    expect(await readBalance(pool, userId)).toBe(7);
  });

  it('takes its place in the queue anew, behind the active jobs of its user', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool);
    for (const status of ['QUEUED', 'PROCESSING', 'COMPLETED'] as const) await makeJob(pool, { status, userId });
    const made = await makeJob(pool, { status: 'FAILED', userId, priority: 500 });
    await api().lifecycle.retry({ ...retryOf(made), tierPriority: -10 });
    const { job, tasks } = await readJob(pool, made.jobId);
    expect(job.priority).toBe(-8);
    expect(tasks).toMatchObject([{ priority: -8 }]);
  });

  it('of a job whose thread still runs leaves that thread’s task to its worker', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    await api().lifecycle.cancel(cancelOf(made));
    await api().lifecycle.retry(retryOf(made));
    expect((await readJob(pool, made.jobId)).tasks).toMatchObject([
      { key: null, runnable: false, locked_by: made.poolId, payload: { round: 1 } },
      { key: `job:${made.jobId}`, runnable: true, locked_by: null, payload: { round: 2, attempt: 1 } },
    ]);
  });

  it.each(retryable)('takes every right from the last round’s lease, on %o', async (standing) => {
    const { pool } = database();
    const made = await makeJob(pool, standing);
    const { lifecycle } = worker();
    const writes = [
      () => lifecycle.report(made, { percent: 99 }, 60_000),
      () => lifecycle.complete(made, { late: true }),
      () => lifecycle.fail(made, broken),
      () => lifecycle.release(made, { delayMs: 0, countsAttempt: false }),
    ];
    const expectDead = async (status: string) => {
      await expectNothingChanged(async () => {
        for (const write of writes) await expect(write()).rejects.toMatchObject({ name: 'MoveRefused', status });
        expect(await lifecycle.free(made)).toBe(false);
        expect(await lifecycle.start(nextAttempt({ ...made, attempt: 0 }))).toBeNull();
        expect(await lifecycle.start(nextAttempt(made))).toBeNull();
      });
      const { workerId, jobId, leaseToken } = made;
      const leases = [{ jobId, leaseToken }];
      const books = {
        workerId,
        poolId: `pool-${workerId}`,
        host: 'test',
        pid: 1,
        concurrency: 4,
        leaseMs: 60_000,
        leases,
      };
      const before = await readJob(pool, jobId);
      expect(await beat(pool, books)).toEqual(leases);
      expect(await readJob(pool, jobId)).toEqual(before);
    };
    await lifecycle.retry(retryOf(made));
    await expectDead('QUEUED');
    const second = nextAttempt({ ...made, round: 2, attempt: 0 });
    expect(await lifecycle.start(second)).toMatchObject({ job: { round: 2, attempt: 1 } });
    await expectDead('PROCESSING');
    await lifecycle.complete(second, { score: 1 });
    await expectDead('COMPLETED');
  });

  it('makes a round that is paid back by itself, however it ends', async () => {
    const { pool } = database();
    const { lifecycle } = worker();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { status: 'FAILED', userId, price: 1 });
    const begin = async (round: number, price: number): Promise<ReturnType<typeof nextAttempt>> => {
      await lifecycle.retry(retryOf(made, price));
      const attempt = nextAttempt({ ...made, round, attempt: 0 });
      expect(await lifecycle.start(attempt)).not.toBeNull();
      return attempt;
    };
    await lifecycle.fail(await begin(2, 2), broken);
    await begin(3, 3);
    await lifecycle.cancel(cancelOf(made));
    await lifecycle.complete(await begin(4, 4), { score: 1 });
    const read = await readJob(pool, made.jobId);
    expect(entries(read)).toEqual([
      ...[1, 2, 3].flatMap((round) => [
        ['CHARGE', -round, round, 9 - round],
        ['REFUND', round, round, 9],
      ]),
      ['CHARGE', -4, 4, 5],
    ]);
    expect(read.job).toMatchObject({ status: 'COMPLETED', round: 4, attempt: 1, refunded: false, price: 4 });
    expect(read.events.map(({ type, round }) => [type, round])).toEqual([
      ['QUEUED', 1],
      ['STARTED', 1],
      ['FAILED', 1],
      ...['RETRIED', 'STARTED', 'FAILED'].map((type) => [type, 2]),
      ...['RETRIED', 'STARTED', 'CANCELLED'].map((type) => [type, 3]),
      ...['RETRIED', 'STARTED', 'COMPLETED'].map((type) => [type, 4]),
    ]);
    expect(await readBalance(pool, userId)).toBe(5);
  });

  it('has all attempts before it again', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED', attempt: 3, maxAttempts: 3 });
    await worker().lifecycle.retry(retryOf(made));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const options = nextAttempt({ ...made, round: 2, attempt });
      expect(await worker().lifecycle.start(options)).toMatchObject({ job: { attempt: attempt + 1 } });
      if (attempt < 2) await worker().lifecycle.release(options, { delayMs: 0, countsAttempt: true });
    }
  });

  it.each([
    ['that was free and has a price now', 0, 2, [['CHARGE', -2, 2, 8]], 8],
    ['that had a price and is free now', 1, 0, [], 10],
    ['that never had a price', 0, 0, [], 10],
  ])('of work %s charges what it costs now', async (_, then, now, charged, balance) => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 10 });
    const made = await makeJob(pool, { status: 'FAILED', userId, price: then });
    const outcome = await api().lifecycle.retry(retryOf(made, now));
    expect(outcome).toMatchObject({ outcome: 'RETRIED', tokenBalance: now > 0 ? balance : null });
    const read = await readJob(pool, made.jobId);
    expect(entries(read).filter(([, , round]) => round === 2)).toEqual(charged);
    expect(read.events.at(-1)).toMatchObject({ token_balance: now > 0 ? balance : null });
    expect(await readBalance(pool, userId)).toBe(balance);
  });

  it('that the balance does not cover is refused with both sums and changes nothing', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED', price: 1 });
    await expectNothingChanged(async () => {
      const outcome = await api().lifecycle.retry(retryOf(made, 2));
      expect(outcome).toEqual({ outcome: 'INSUFFICIENT_TOKENS', required: 2, available: 1 });
    });
  });

  it.each(STANDINGS)('of a stranger finds nothing, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const userId = await makeAccount(database().pool);
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.retry(retryOf({ ...made, userId }))).toEqual({ outcome: 'NOT_FOUND' });
    });
  });

  it('by a service is paid by the job’s owner', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 5 });
    const made = await makeJob(pool, { status: 'CANCELLED', userId });
    const outcome = await api().lifecycle.retry({ ...retryOf(made), scope: 'any owner' });
    expect(outcome).toMatchObject({ outcome: 'RETRIED', tokenBalance: 4 });
    expect(await readBalance(pool, userId)).toBe(4);
  });

  it.each(['accounts', 'analysis_results', 'ledger_entries', 'job_events', 'graphile_worker._private_jobs'])(
    'that breaks at %s leaves all as it was',
    async (table) => {
      const made = await makeJob(database().pool, { status: 'FAILED' });
      await expectNothingChanged(async () => {
        await using _broken = await breakWrites(database().pool, table, 'raise');
        await expect(api().lifecycle.retry(retryOf(made))).rejects.toThrow('broken on purpose');
      });
    },
  );

  it('for which the queue takes no task leaves all as it was', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await expectNothingChanged(async () => {
      await using _broken = await breakWrites(database().pool, 'graphile_worker._private_jobs', 'skip');
      await expect(api().lifecycle.retry(retryOf(made))).rejects.toThrow('the queue took no task');
    });
  });
});

describe('a retry at the same time as', () => {
  async function both(made: MadeJob, ...acts: (() => Promise<unknown>)[]): Promise<unknown[]> {
    const running: Promise<unknown>[] = [];
    {
      await using _lock = await holdLock(database().pool, 'select from analysis_jobs where id = $1', [made.jobId]);
      for (const act of acts) {
        running.push(act());
        await waitUntilBlocked(database().pool, running.length);
      }
    }
    return await Promise.all(running);
  }

  it('the end of the last round’s thread waits for it and opens the new round all the same', async () => {
    const made = await makeJob(database().pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
    const [isFreed, outcome] = await both(
      made,
      () => worker().lifecycle.free(made),
      () => api().lifecycle.retry(retryOf(made)),
    );
    expect([isFreed, outcome]).toMatchObject([true, { outcome: 'RETRIED' }]);
    const { job, ledger } = await readJob(database().pool, made.jobId);
    expect(job).toMatchObject({ status: 'QUEUED', round: 2, worker_free_at: null });
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE', 'REFUND', 'CHARGE']);
  });

  it('the end of the last round’s thread leaves that nothing to say when it comes first', async () => {
    const made = await makeJob(database().pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
    const answers = await both(
      made,
      () => api().lifecycle.retry(retryOf(made)),
      () => worker().lifecycle.free(made),
    );
    expect(answers).toMatchObject([{ outcome: 'RETRIED' }, false]);
    expect((await readJob(database().pool, made.jobId)).job).toMatchObject({ status: 'QUEUED', worker_free_at: null });
  });

  it('a retry of another job, with tokens for one, leaves the other one as it was', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 1 });
    const made = [await makeJob(pool, { status: 'FAILED', userId }), await makeJob(pool, { status: 'FAILED', userId })];
    const running: ReturnType<typeof retry>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [userId]);
      for (const [index, one] of made.entries()) {
        running.push((index === 0 ? api() : worker()).lifecycle.retry(retryOf(one)));
        await waitUntilBlocked(pool, index + 1);
      }
    }
    expect(await Promise.all(running)).toMatchObject([
      { outcome: 'RETRIED', tokenBalance: 0 },
      { outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 },
    ]);
    expect((await readJob(pool, made[1]!.jobId)).job).toMatchObject({ status: 'FAILED', seq: 3 });
    expect(await readBalance(pool, userId)).toBe(0);
  });

  it('the end of the job, which it did not see but the question why does, tries again', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const em = interrupted(api().orm, () => worker().lifecycle.fail(made, broken), 2);
    expect(await retry(em, retryOf(made))).toMatchObject({ outcome: 'RETRIED', job: { round: 2 } });
  });

  it('a grant, which it did not see but the question why does, tries again', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED', price: 0 });
    const grant = { userId: made.userId, amount: 5, reason: 'A test', grantedBy: 'service:desk' };
    const em = interrupted(api().orm, () => worker().lifecycle.grant(grant), 3);
    expect(await retry(em, retryOf(made, 2))).toMatchObject({ outcome: 'RETRIED', tokenBalance: 3 });
  });
});
