import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Grant, GrantOutcome } from '../../src/lifecycle/ledger.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { STARTING_TOKENS, useProcess } from './lifecycles.ts';
import { breakWrites, holdLock, readAllRows, readBalance } from './rows.ts';

const database = useDatabase({
  bent: { 'balance-is-sum': 'a spender takes a token off an account by hand, to be waited for' },
});
const api = useProcess(database, 'api');
const otherApi = useProcess(database, 'other-api');

const LARGEST = 2_147_483_647;

function grant(options: Partial<Omit<Grant, 'startingTokens'>>, process = api()): Promise<GrantOutcome> {
  return process.lifecycle.grant({
    userId: randomUUID(),
    amount: 1,
    reason: 'A test',
    grantedBy: 'service:desk',
    ...options,
  });
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

describe('a grant', () => {
  it('adds to the balance as one entry with its reason', async () => {
    const userId = await makeAccount(database().pool, { balance: 2 });
    const outcome = await grant({ userId, amount: 5, reason: 'A gift' });
    expect(outcome).toMatchObject({ outcome: 'GRANTED', tokenBalance: 7, replayed: false });
    expect(outcome).toMatchObject({
      entry: { userId, entry: 'GRANT', amount: 5, balance: 7, reason: 'A gift', jobId: null },
    });
    expect((await readEntries(userId)).at(-1)).toEqual({ entry: 'GRANT', amount: 5, balance: 7, reason: 'A gift' });
    expect(await readBalance(database().pool, userId)).toBe(7);
  });

  it('opens the account of a user who was never seen', async () => {
    const userId = randomUUID();
    expect(await grant({ userId, amount: 4 })).toMatchObject({ tokenBalance: STARTING_TOKENS + 4 });
    expect((await readEntries(userId)).map(({ amount, balance }) => [amount, balance])).toEqual([
      [STARTING_TOKENS, STARTING_TOKENS],
      [4, STARTING_TOKENS + 4],
    ]);
  });

  it('below zero is an adjustment, down to an empty account', async () => {
    const userId = await makeAccount(database().pool, { balance: 2 });
    expect(await grant({ userId, amount: -2 })).toMatchObject({
      tokenBalance: 0,
      entry: { entry: 'ADJUST', amount: -2 },
    });
    expect(await readBalance(database().pool, userId)).toBe(0);
  });

  it('never takes more than there is, also not twenty times at once', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const before = await readAllRows(database().pool);
    expect(await grant({ userId, amount: -6 })).toEqual({ outcome: 'INSUFFICIENT_TOKENS', required: 6, available: 5 });
    expect(await readAllRows(database().pool)).toEqual(before);

    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => grant({ userId, amount: -2 }, index % 2 === 0 ? api() : otherApi())),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'GRANTED')).toHaveLength(2);
    expect((await readEntries(userId)).map(({ balance }) => balance)).toEqual([5, 3, 1]);
  });

  it('fills an account to the largest balance, and not beyond', async () => {
    const userId = await makeAccount(database().pool, { balance: 10 });
    const before = await readAllRows(database().pool);
    expect(await grant({ userId, amount: LARGEST })).toEqual({ outcome: 'BALANCE_TOO_LARGE', available: 10 });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('leaves room for what running jobs may pay back', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: LARGEST });
    const made = await makeJob(pool, { status: 'PROCESSING', userId, price: 10 });
    await grant({ userId, amount: 10 });
    await expect(api().lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' })).resolves.toMatchObject({
      job: { status: 'FAILED' },
    });
  });

  it('that breaks in the middle leaves nothing, not even the new account', async () => {
    const before = await readAllRows(database().pool);
    {
      await using _broken = await breakWrites(database().pool, 'idempotency_keys', 'raise');
      await expect(grant({ idempotency: { key: 'k', inputHash: 'h' } })).rejects.toThrow('broken on purpose');
    }
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('waits for whoever has the account, and adds to what he leaves', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 1 });
    const spender = await pool.connect();
    await spender.query('begin');
    await spender.query('update accounts set balance = balance - 1 where user_id = $1', [userId]);
    const taking = grant({ userId, amount: -1 });
    const waiting = await waitUntilBlocked(pool);
    await spender.query('commit');
    spender.release();
    expect(waiting.map((backend) => backend.applicationName)).toEqual(['api']);
    expect(await taking).toEqual({ outcome: 'INSUFFICIENT_TOKENS', required: 1, available: 0 });
  });
});

describe('the idempotency key of a grant', () => {
  it('gives one entry to twenty grants at once in two processes', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const idempotency = { key: randomUUID(), inputHash: 'h' };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => grant({ userId, idempotency }, index % 2 === 0 ? api() : otherApi())),
    );
    const granted = outcomes.filter((outcome) => outcome.outcome === 'GRANTED');
    expect(granted).toHaveLength(20);
    expect(granted.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(granted.map(({ entry }) => entry.id)).size).toBe(1);
    expect(await readEntries(userId)).toHaveLength(1);
    expect(await readBalance(database().pool, userId)).toBe(1);
  });

  it('answers later with the old entry and the balance of now', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const idempotency = { key: randomUUID(), inputHash: 'h' };
    await grant({ userId, amount: 5, idempotency });
    await grant({ userId, amount: -4 });
    expect(await grant({ userId, amount: 5, idempotency })).toMatchObject({
      replayed: true,
      entry: { amount: 5, balance: 5 },
      tokenBalance: 1,
    });
  });

  it('is refused for another input, also of another account at the same time', async () => {
    const { pool } = database();
    const [mine, yours] = [await makeAccount(pool, { balance: 0 }), await makeAccount(pool, { balance: 0 })];
    const key = randomUUID();
    const both: Promise<GrantOutcome>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = any($1)', [[mine, yours]]);
      both.push(grant({ userId: mine, idempotency: { key, inputHash: 'mine' } }));
      both.push(grant({ userId: yours, idempotency: { key, inputHash: 'yours' } }, otherApi()));
      await waitUntilBlocked(pool, 2);
    }
    const outcomes = (await Promise.all(both)).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['GRANTED', 'IDEMPOTENCY_KEY_REUSED']);
    expect(((await readBalance(pool, mine)) ?? 0) + ((await readBalance(pool, yours)) ?? 0)).toBe(1);
  });

  it('of another service is free', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const idempotency = { key: randomUUID(), inputHash: 'h' };
    await grant({ userId, idempotency });
    expect(await grant({ userId, idempotency, grantedBy: 'service:other' })).toMatchObject({ replayed: false });
    expect(await readBalance(database().pool, userId)).toBe(2);
  });

  it('is not stored by a refused grant', async () => {
    const userId = await makeAccount(database().pool, { balance: 0 });
    const idempotency = { key: randomUUID(), inputHash: 'h' };
    expect(await grant({ userId, amount: -1, idempotency })).toMatchObject({ outcome: 'INSUFFICIENT_TOKENS' });
    await grant({ userId, amount: 3 });
    expect(await grant({ userId, amount: -1, idempotency })).toMatchObject({ replayed: false, tokenBalance: 2 });
  });
});
