import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SubmitOutcome } from '../../src/lifecycle/submit.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeCopies, makeJob } from '../support/factory.ts';
import { cancelOf, STARTING_TOKENS, useProcess, work } from './lifecycles.ts';
import { breakWrites, holdAfter, holdLock, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase({
  bent: {
    'balance-is-sum': 'a spender empties an account by hand, to be waited for',
    'gone-jobs-leave-one-event': 'a job is deleted by hand, to see that its key goes with it',
    'runnable-task-has-waiting-job': 'a job is deleted by hand, to see that its key goes with it',
  },
});
const api = useProcess(database, 'api');
const otherApi = useProcess(database, 'other-api');

const keyed = (key: string, inputHash = 'hash') => ({ key, mutation: 'submitAssessment', inputHash });

/** Submits one piece of work and returns its outcome. */
async function submitOne(
  userId: string,
  options?: Parameters<typeof work>[0],
  process = api(),
): Promise<SubmitOutcome> {
  const { outcomes } = await process.lifecycle.submit(userId, [work(options)]);
  return outcomes[0]!;
}

function jobOf(outcome: SubmitOutcome) {
  if (outcome.outcome !== 'SUBMITTED') throw new Error(`not submitted: ${outcome.outcome}`);
  return outcome.job;
}

/** The same submit many times at once, every other one by another process. */
async function submitAtOnce(
  count: number,
  userId: string,
  options?: Parameters<typeof work>[0],
): Promise<SubmitOutcome[]> {
  const processes = Array.from({ length: count }, (_, index) => (index % 2 === 0 ? api() : otherApi()));
  return await Promise.all(processes.map((process) => submitOne(userId, options, process)));
}

async function countJobs(userId: string): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(
    'select count(*)::int as count from analysis_jobs where user_id = $1',
    [userId],
  );
  return rows[0]!.count;
}

async function readEntries(userId: string) {
  const { rows } = await database().pool.query<{
    entry: string;
    amount: number;
    balance: number;
    reason: string | null;
  }>('select entry, amount, balance, reason from ledger_entries where user_id = $1 order by id', [userId]);
  return rows;
}

describe('a submit', () => {
  it('writes the job, its result, the charge, the first event, the key and the task', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const { outcomes, tokenBalance } = await api().lifecycle.submit(userId, [
      work({ price: 2, tierPriority: -10, rawResponses: [1], idempotency: keyed('first') }),
    ]);
    const job = jobOf(outcomes[0]!);
    expect(outcomes[0]).toMatchObject({ replayed: false });
    expect(tokenBalance).toBe(3);
    expect(job).toMatchObject({ userId, status: 'QUEUED', seq: 1, round: 1, attempt: 0, price: 2, priority: -10 });

    const stored = await readJob(database().pool, job.id);
    expect(stored.result).toMatchObject({
      id: job.resultId,
      user_id: userId,
      status: 'QUEUED',
      assessment_name: 'My assessment',
      test_data: { answers: [5, 4, 3] },
      raw_responses: [1],
      test_result: null,
    });
    expect(stored.ledger).toMatchObject([{ entry: 'CHARGE', amount: -2, balance: 3, round: 1, user_id: userId }]);
    expect(stored.events).toMatchObject([
      {
        type: 'QUEUED',
        status: 'QUEUED',
        seq: 1,
        token_balance: 3,
        user_id: userId,
        result_id: job.resultId,
        attempt: 0,
      },
    ]);
    expect(stored.tasks).toMatchObject([
      {
        key: `job:${job.id}`,
        payload: { jobId: job.id, round: 1, attempt: 1 },
        runnable: true,
        max_attempts: 1,
        priority: -10,
      },
    ]);
    const { rows: keys } = await database().pool.query('select * from idempotency_keys where owner = $1', [userId]);
    expect(keys).toMatchObject([{ key: 'first', mutation: 'submitAssessment', input_hash: 'hash', job_id: job.id }]);
  });

  it('wakes the readers of new jobs, and of nothing else', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    api().woken.length = 0;
    const job = jobOf(await submitOne(userId, { idempotency: keyed('wake') }));
    await submitOne(userId, { idempotency: keyed('wake') });
    await submitOne(userId);
    expect(api().woken).toEqual([job.id]);
  });

  it.each([
    'accounts',
    'analysis_jobs',
    'analysis_results',
    'ledger_entries',
    'job_events',
    'idempotency_keys',
    'graphile_worker._private_jobs',
  ])('that fails at %s leaves nothing at all, not even the new account', async (table) => {
    const before = await readAllRows(database().pool);
    {
      await using _broken = await breakWrites(database().pool, table, 'raise');
      const twoRows = [work({ idempotency: keyed('a') }), work({ idempotency: keyed('b') })];
      await expect(api().lifecycle.submit(randomUUID(), twoRows)).rejects.toThrow('broken on purpose');
    }
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('for which the queue takes no task leaves nothing at all', async () => {
    const before = await readAllRows(database().pool);
    {
      await using _broken = await breakWrites(database().pool, 'graphile_worker._private_jobs', 'skip');
      await expect(submitOne(randomUUID())).rejects.toThrow('the queue took no task');
    }
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('costs nothing and enters nothing where the price is 0', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const job = jobOf(await submitOne(userId, { price: 0, kind: 'PROBE' }));
    const stored = await readJob(database().pool, job.id);
    expect(stored.ledger).toEqual([]);
    expect(stored.events).toMatchObject([{ type: 'QUEUED', token_balance: null }]);
    expect(await readBalance(database().pool, userId)).toBe(0);
  });
});

describe('the account of a user who submits', () => {
  it('is opened with the starting balance as its first entry', async () => {
    const userId = randomUUID();
    await submitOne(userId);
    expect(await readEntries(userId)).toEqual([
      { entry: 'GRANT', amount: STARTING_TOKENS, balance: STARTING_TOKENS, reason: 'Starting balance' },
      { entry: 'CHARGE', amount: -1, balance: STARTING_TOKENS - 1, reason: null },
    ]);
  });

  it('is opened once by ten first submits at once', async () => {
    const userId = randomUUID();
    const outcomes = await submitAtOnce(10, userId);
    expect(outcomes.filter(({ outcome }) => outcome === 'SUBMITTED')).toHaveLength(STARTING_TOKENS);
    expect((await readEntries(userId)).map(({ entry, balance }) => [entry, balance])).toEqual([
      ['GRANT', 3],
      ['CHARGE', 2],
      ['CHARGE', 1],
      ['CHARGE', 0],
    ]);
  });

  it('pays for one job of twenty submits at once when it holds one token', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    const outcomes = await submitAtOnce(20, userId);
    expect(outcomes.filter(({ outcome }) => outcome === 'SUBMITTED')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome !== 'SUBMITTED')).toEqual(
      Array(19).fill({ outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 }),
    );
    expect(await countJobs(userId)).toBe(1);
    expect(await readBalance(database().pool, userId)).toBe(0);
  });

  it('is asked again after a wait: a token spent meanwhile is not spent twice', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 1 });
    const spender = await pool.connect();
    await spender.query('begin');
    await spender.query('update accounts set balance = 0 where user_id = $1', [userId]);
    const submitting = submitOne(userId);
    const waiting = await waitUntilBlocked(pool);
    await spender.query('commit');
    spender.release();
    expect(waiting.map((backend) => backend.applicationName)).toEqual(['api']);
    expect(await submitting).toEqual({ outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 });
    expect(await countJobs(userId)).toBe(0);
  });
});

describe('the priority of a job', () => {
  it('is the tier’s number plus the user’s active jobs', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 10 });
    for (const status of ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) {
      await makeJob(pool, { userId, status });
    }
    await makeJob(pool, { status: 'QUEUED' });
    const { outcomes } = await api().lifecycle.submit(userId, [work({ tierPriority: -10 }), work({ tierPriority: 5 })]);
    expect(outcomes.map(jobOf).map((job) => job.priority)).toEqual([-8, 8]);
    const stored = await readJob(pool, jobOf(outcomes[1]!).id);
    expect(stored.tasks).toMatchObject([{ priority: 8 }]);
  });

  it('counts no more than a thousand of them', async () => {
    const { pool } = database();
    const first = await makeJob(pool, { status: 'QUEUED', price: 0 });
    await makeCopies(pool, first, 1_001);
    expect(jobOf(await submitOne(first.userId, { price: 0, tierPriority: 7 })).priority).toBe(1_007);
    await pool.query('delete from analysis_jobs where user_id = $1', [first.userId]);
  });
});

describe('an idempotency key', () => {
  it('gives one job and one charge to twenty submits at once in two processes', async () => {
    const userId = await makeAccount(database().pool, { balance: 10 });
    const outcomes = await submitAtOnce(20, userId, { idempotency: keyed('same') });
    expect(new Set(outcomes.map((outcome) => jobOf(outcome).id)).size).toBe(1);
    expect(outcomes.filter((outcome) => outcome.outcome === 'SUBMITTED' && outcome.replayed)).toHaveLength(19);
    expect(await countJobs(userId)).toBe(1);
    expect((await readEntries(userId)).map(({ entry }) => entry)).toEqual(['GRANT', 'CHARGE']);
    expect(await readBalance(database().pool, userId)).toBe(9);
  });

  it('gives the second process, which waited for the first, the first one’s job', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 1 });
    const both: Promise<SubmitOutcome>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [userId]);
      both.push(submitOne(userId, { idempotency: keyed('held') }));
      await waitUntilBlocked(pool, 1);
      both.push(submitOne(userId, { idempotency: keyed('held') }, otherApi()));
      const waiting = await waitUntilBlocked(pool, 2);
      expect(waiting.map((backend) => backend.applicationName).sort()).toEqual(['api', 'other-api']);
      expect(await countJobs(userId)).toBe(0);
    }
    const [first, second] = await Promise.all(both);
    expect(first).toMatchObject({ outcome: 'SUBMITTED', replayed: false });
    expect(second).toMatchObject({ outcome: 'SUBMITTED', replayed: true, job: { id: jobOf(first!).id } });
    expect(await readBalance(pool, userId)).toBe(0);
  });

  it.each([
    ['another input', keyed('used', 'other hash')],
    ['another mutation', { ...keyed('used'), mutation: 'submitForecast' }],
  ])('is refused for %s, and nothing is written', async (_, idempotency) => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    await submitOne(userId, { idempotency: keyed('used') });
    const before = await readAllRows(database().pool);
    expect(await submitOne(userId, { idempotency })).toEqual({ outcome: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('that goes with its job while a replay asks for it is free, and makes a new job', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 5 });
    const first = jobOf(await submitOne(userId, { idempotency: keyed('k') }));
    await api().lifecycle.cancel(cancelOf({ jobId: first.id, userId }));
    const running: Promise<SubmitOutcome>[] = [];
    {
      // The replay has seen the key, and is held before it asks for the key's job.
      await using _held = await holdAfter(pool, 'other-api', 'update on accounts');
      running.push(submitOne(userId, { idempotency: keyed('k') }, otherApi()));
      const waiting = await waitUntilBlocked(pool);
      expect(waiting.map((backend) => backend.applicationName)).toEqual(['other-api']);
      await api().lifecycle.forceDelete(first.id, { owner: userId });
    }
    const [outcome] = await Promise.all(running);
    expect(outcome).toMatchObject({ outcome: 'SUBMITTED', replayed: false, job: { status: 'QUEUED' } });
    expect(await readBalance(pool, userId)).toBe(4);
  });

  it('of another user is free', async () => {
    const [mine, yours] = [await makeAccount(database().pool), await makeAccount(database().pool)];
    const first = jobOf(await submitOne(mine, { idempotency: keyed('ours') }));
    const second = await submitOne(yours, { idempotency: keyed('ours', 'other hash') });
    expect(second).toMatchObject({ outcome: 'SUBMITTED', replayed: false, job: { userId: yours } });
    expect(jobOf(second).id).not.toBe(first.id);
  });

  it('is not stored by a refused submit, and pays later', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const poor = await submitOne(userId, { idempotency: keyed('poor') });
    expect(poor).toEqual({ outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 });
    const { rowCount } = await database().pool.query('select from idempotency_keys where owner = $1', [userId]);
    expect(rowCount).toBe(0);

    await api().lifecycle.grant({ userId, amount: 1, reason: 'Gift', grantedBy: 'service:desk' });
    expect(await submitOne(userId, { idempotency: keyed('poor') })).toMatchObject({ replayed: false });
  });

  it.each([
    ['finished', { status: 'COMPLETED' }],
    ['failed and refunded', { status: 'FAILED' }],
    ['deleted', { status: 'COMPLETED', deleted: true }],
  ] as const)('answers with the job as it is now, also when %s', async (_, base) => {
    const { pool } = database();
    const { jobId, userId } = await makeJob(pool, base);
    await pool.query(
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
       values ($1, 'old', 'submitAssessment', 'hash', $2)`,
      [userId, jobId],
    );
    const before = await readAllRows(pool);
    const { job } = await readJob(pool, jobId);
    expect(await submitOne(userId, { idempotency: keyed('old') })).toMatchObject({
      outcome: 'SUBMITTED',
      replayed: true,
      job: { id: jobId, status: job.status, seq: job.seq },
    });
    expect(await readAllRows(pool)).toEqual(before);
  });
});

describe('a batch', () => {
  it('gives each row its own outcome, in order, and stops charging where the balance ends', async () => {
    const userId = await makeAccount(database().pool, { balance: 3 });
    const { outcomes, tokenBalance } = await api().lifecycle.submit(userId, [
      work({ name: 'one', idempotency: keyed('k1') }),
      work({ name: 'two', price: 5 }),
      work({ name: 'three', price: 2 }),
      work({ name: 'one', idempotency: keyed('k1') }),
      work({ name: 'four', idempotency: keyed('k1', 'other') }),
      work({ name: 'five' }),
      work({ name: 'six', price: 0 }),
    ]);
    expect(outcomes).toMatchObject([
      { outcome: 'SUBMITTED', replayed: false, job: { name: 'one' } },
      { outcome: 'INSUFFICIENT_TOKENS', required: 5, available: 2 },
      { outcome: 'SUBMITTED', replayed: false, job: { name: 'three' } },
      { outcome: 'SUBMITTED', replayed: true, job: { name: 'one' } },
      { outcome: 'IDEMPOTENCY_KEY_REUSED' },
      { outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 },
      { outcome: 'SUBMITTED', replayed: false, job: { name: 'six' } },
    ]);
    expect(tokenBalance).toBe(0);
    expect(await countJobs(userId)).toBe(3);
    expect((await readEntries(userId)).map(({ amount, balance }) => [amount, balance])).toEqual([
      [3, 3],
      [-1, 2],
      [-2, 0],
    ]);
  });

  it('makes its jobs in the order of its rows', async () => {
    const userId = await makeAccount(database().pool, { balance: 30 });
    const names = Array.from({ length: 30 }, (_, index) => `row ${index}`);
    await api().lifecycle.submit(
      userId,
      names.map((name) => work({ name })),
    );
    const { rows } = await database().pool.query<{ name: string }>(
      'select name from analysis_jobs where user_id = $1 order by id',
      [userId],
    );
    expect(rows.map(({ name }) => name)).toEqual(names);
  });
});
