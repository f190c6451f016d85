import { describe, expect, it } from 'vitest';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { cancelOf, nextAttempt, retryOf, TAKES_NO_TASK, useProcess, work } from './lifecycles.ts';
import { holdLock, readAllRows, readBalance } from './rows.ts';

const LIMIT = 3;

const database = useDatabase({ bent: TAKES_NO_TASK });
const api = useProcess(database, 'api', { queuedPerUser: LIMIT });
const otherApi = useProcess(database, 'other-api', { queuedPerUser: LIMIT });

const submit = async (userId: string, count: number, process = api()) =>
  (
    await process.lifecycle.submit(
      userId,
      Array.from({ length: count }, () => work({ price: 0 })),
    )
  ).outcomes;

const outcomesOf = (outcomes: readonly { outcome: string }[]) => outcomes.map(({ outcome }) => outcome).sort();

const full = (count: number) => Array<string>(count).fill('QUEUE_LIMIT_REACHED');
const submitted = (count: number) => Array<string>(count).fill('SUBMITTED');

/** A user with so many waiting jobs. */
async function waiting(count: number): Promise<string> {
  const userId = await makeAccount(database().pool);
  await submit(userId, count);
  return userId;
}

async function countQueued(userId: string): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(
    `select count(*)::int as count from analysis_jobs where user_id = $1 and status = 'QUEUED'`,
    [userId],
  );
  return rows[0]!.count;
}

describe('the queue of a user', () => {
  it('takes no more than it may hold, however many submits come at once', async () => {
    const userId = await makeAccount(database().pool, { balance: 20 });
    const processes = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? api() : otherApi()));
    const all = await Promise.all(processes.map(({ lifecycle }) => lifecycle.submit(userId, [work()])));
    expect(outcomesOf(all.flatMap(({ outcomes }) => outcomes))).toEqual([...full(17), ...submitted(3)]);
    expect(await countQueued(userId)).toBe(LIMIT);
    expect(await readBalance(database().pool, userId)).toBe(17);
  });

  it('takes of a batch what it has room for, row by row', async () => {
    const outcomes = await submit(await waiting(1), 4);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...submitted(2), ...full(2)]);
  });

  it('that is full refuses without writing anything', async () => {
    const userId = await waiting(LIMIT);
    const before = await readAllRows(database().pool);
    expect(outcomesOf(await submit(userId, 2))).toEqual(full(2));
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('that is full still answers a repeated submit with its job', async () => {
    const userId = await makeAccount(database().pool);
    const keyed = work({ price: 0, idempotency: { key: 'k', mutation: 'submitAssessment', inputHash: 'h' } });
    await api().lifecycle.submit(userId, [keyed]);
    await submit(userId, LIMIT - 1);
    const { outcomes } = await api().lifecycle.submit(userId, [keyed]);
    expect(outcomes).toMatchObject([{ outcome: 'SUBMITTED', replayed: true }]);
  });

  it('that is full says so before it says that the balance is too small', async () => {
    const userId = await waiting(LIMIT);
    const { outcomes } = await api().lifecycle.submit(userId, [work({ price: 1_000 })]);
    expect(outcomesOf(outcomes)).toEqual(full(1));
  });

  it.each(['is cancelled', 'starts'])('has room again when a job of his %s', async (how) => {
    const userId = await makeAccount(database().pool);
    const [first] = await submit(userId, LIMIT);
    if (first?.outcome !== 'SUBMITTED') throw new Error('not submitted');
    const { id: jobId } = first.job;
    if (how === 'starts') await api().lifecycle.start(nextAttempt({ jobId, round: 1, attempt: 0 }));
    else await api().lifecycle.cancel(cancelOf({ jobId, userId }));
    expect(outcomesOf(await submit(userId, 2))).toEqual([...full(1), ...submitted(1)]);
  });

  it('is his alone', async () => {
    await waiting(LIMIT);
    expect(outcomesOf(await submit(await waiting(0), LIMIT))).toEqual(submitted(LIMIT));
  });
});

describe('a retry', () => {
  it('takes a place in the queue like a submit, and is refused without writing where there is none', async () => {
    const { pool } = database();
    const userId = await waiting(LIMIT - 1);
    const [one, other] = [
      await makeJob(pool, { status: 'FAILED', userId }),
      await makeJob(pool, { status: 'FAILED', userId }),
    ];
    expect(await api().lifecycle.retry(retryOf(one))).toMatchObject({ outcome: 'RETRIED' });
    const before = await readAllRows(pool);
    expect(await api().lifecycle.retry(retryOf(other))).toEqual({ outcome: 'QUEUE_LIMIT_REACHED' });
    expect(await api().lifecycle.retry(retryOf(other, 0))).toEqual({ outcome: 'QUEUE_LIMIT_REACHED' });
    expect(await readAllRows(pool)).toEqual(before);
  });

  it('at the same time as another one does not take its place, also where it costs nothing', async () => {
    const { pool } = database();
    const userId = await waiting(LIMIT - 1);
    const both = [];
    {
      const jobs = [
        await makeJob(pool, { status: 'FAILED', userId }),
        await makeJob(pool, { status: 'FAILED', userId }),
      ];
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [userId]);
      both.push(api().lifecycle.retry(retryOf(jobs[0]!, 0)), otherApi().lifecycle.retry(retryOf(jobs[1]!, 0)));
      await waitUntilBlocked(pool, 2);
    }
    expect(outcomesOf(await Promise.all(both))).toEqual(['QUEUE_LIMIT_REACHED', 'RETRIED']);
    expect(await countQueued(userId)).toBe(LIMIT);
  });

  it('of a sync finds the queue of the system always open', async () => {
    const { pool } = database();
    const { userId } = await makeJob(pool, { status: 'QUEUED', price: 0 });
    for (let made = 1; made < LIMIT; made += 1) await makeJob(pool, { status: 'QUEUED', userId, price: 0 });
    const sync = await makeJob(pool, { kind: 'SYNC', status: 'FAILED', userId, price: 0 });
    expect(await api().lifecycle.retry(retryOf(sync, 0))).toMatchObject({ outcome: 'RETRIED' });
  });
});
