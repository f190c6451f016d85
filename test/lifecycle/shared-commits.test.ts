import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { createLifecycle } from '../../src/lifecycle/lifecycle.ts';
import type { Submission } from '../../src/lifecycle/submit.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { STARTING_TOKENS, useProcess, work } from './lifecycles.ts';
import { breakWrites, holdAfter, holdLock, readBalance } from './rows.ts';

const BLOCKED = { timeout: 15_000, interval: 10 };

const database = useDatabase();
const api = useProcess(database, 'api');
const otherApi = useProcess(database, 'other-api');

const makeUsers = (count: number, balance = 5) =>
  Promise.all(Array.from({ length: count }, () => makeAccount(database().pool, { balance })));

async function submitOne(userId: string, options?: Partial<Submission>, { lifecycle } = api()) {
  const { outcomes, tokenBalance } = await lifecycle.submit(userId, [work(options)]);
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'SUBMITTED') throw new Error(`not submitted: ${outcome?.outcome}`);
  return { job: outcome.job, replayed: outcome.replayed, tokenBalance };
}

/** In how many transactions the jobs of these users were written. */
async function countCommits(users: readonly string[]): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(
    'select count(distinct xmin::text)::int as count from analysis_jobs where user_id = any($1)',
    [users],
  );
  return rows[0]!.count;
}

async function countJobs(users: readonly string[]): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>(
    'select count(*)::int as count from analysis_jobs where user_id = any($1)',
    [users],
  );
  return rows[0]!.count;
}

/** Cuts the link of the one who waits for a lock, but for those that were cut before. @returns its id */
async function cutBlocked(before: readonly number[] = []): Promise<number[]> {
  const { pool } = database();
  const pids = await vi.waitFor(async () => {
    const blocked = (await waitUntilBlocked(pool)).map(({ pid }) => pid).filter((pid) => !before.includes(pid));
    expect(blocked).toHaveLength(1);
    return blocked;
  }, BLOCKED);
  await pool.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids]);
  return pids;
}

const keyed = (key: string) => ({ idempotency: { key, mutation: 'submitAssessment', inputHash: 'hash' } });

describe('submits at once', () => {
  it('share a commit while others are on their way', async () => {
    const users = await makeUsers(12);
    const submitted = await Promise.all(users.map((userId) => submitOne(userId)));
    expect(submitted.map(({ job }) => job.userId)).toEqual(users);
    expect(submitted.map(({ tokenBalance }) => tokenBalance)).toEqual(users.map(() => 4));
    // The first one found nobody before him.
    expect(await countCommits(users)).toBe(2);
  });

  it('of one user pay one after the other', async () => {
    const [userId = ''] = await makeUsers(1, 12);
    const submitted = await Promise.all(Array.from({ length: 12 }, () => submitOne(userId)));
    expect(submitted.map(({ tokenBalance }) => tokenBalance)).toEqual(submitted.map((_, place) => 11 - place));
    expect(await countCommits([userId])).toBe(2);
    expect(await readBalance(database().pool, userId)).toBe(0);
  });

  it('are as many as the balance pays for, whoever shares a commit', async () => {
    const [userId = ''] = await makeUsers(1, 2);
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => submitOne(userId)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(outcomes.at(-1)).toMatchObject({ reason: { message: 'not submitted: INSUFFICIENT_TOKENS' } });
  });

  it('with one key are one job', async () => {
    const [userId = ''] = await makeUsers(1);
    const submitted = await Promise.all(Array.from({ length: 6 }, () => submitOne(userId, keyed('one'))));
    expect(new Set(submitted.map(({ job }) => job.id)).size).toBe(1);
    expect(submitted.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  it('do not wait for an account that another transaction holds', async () => {
    const { pool } = database();
    const [held = '', ...others] = await makeUsers(6);
    let waiting: Promise<unknown>;
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [held]);
      const [first = '', ...rest] = others;
      const ahead = submitOne(first);
      waiting = submitOne(held);
      await Promise.all([ahead, ...rest.map((userId) => submitOne(userId))]);
      // What a session runs and what it waits for are read one after the other, so one look may show the statement before.
      const blocked = { applicationName: 'api', query: expect.stringContaining('from accounts') };
      await expect.poll(() => waitUntilBlocked(pool)).toMatchObject([blocked]);
      expect(await countJobs([held])).toBe(0);
      expect(await countCommits(others)).toBe(2);
    }
    await waiting;
    expect(await countJobs([held])).toBe(1);
  });

  it('are no more than may wait, also while another process submits one', async () => {
    const { pool } = database();
    const [userId = ''] = await makeUsers(1);
    const options = { orm: api().orm, startingTokens: STARTING_TOKENS, queuedPerUser: 1, wake: () => undefined };
    let outcomes: Promise<unknown[]>;
    {
      await using _held = await holdAfter(pool, 'other-api', 'insert on ledger_entries');
      const first = submitOne(userId, {}, otherApi());
      await waitUntilBlocked(pool);
      const second = createLifecycle(options).submit(userId, [work()]);
      await waitUntilBlocked(pool, 2);
      outcomes = Promise.all([first, second]);
    }
    expect(await outcomes).toMatchObject([{ replayed: false }, { outcomes: [{ outcome: 'QUEUE_LIMIT_REACHED' }] }]);
  });

  it('do not fail with one that fails', async () => {
    const users = await makeUsers(5);
    const submitted = users.map((userId, place) =>
      submitOne(userId, place === 3 ? { testData: { name: '\u0000' } } : {}),
    );
    const outcomes = await Promise.allSettled(submitted);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    ]);
    expect(outcomes[3]).toMatchObject({ reason: { code: '22P05' } });
    expect(await countJobs(users)).toBe(4);
  });

  it('leave nothing where the queue takes no task', async () => {
    const users = await makeUsers(4);
    await using _broken = await breakWrites(database().pool, 'graphile_worker._private_jobs', 'skip');
    const outcomes = await Promise.allSettled(users.map((userId) => submitOne(userId)));
    const reason = { message: expect.stringContaining('the queue took no task') };
    expect(outcomes).toMatchObject(users.map(() => ({ reason })));
    expect(await countJobs(users)).toBe(0);
  });

  it('are written once also where the transaction did not begin that they were sent in', async () => {
    const [userId = ''] = await makeUsers(1);
    const { query } = pg.Client.prototype;
    const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
      this: pg.Client,
      ...args: unknown[]
    ) {
      if (String(args[0]).startsWith('begin; set local')) args[0] = 'select 1 / 0';
      return Reflect.apply(query, this, args);
    });
    try {
      expect((await submitOne(userId)).tokenBalance).toBe(4);
    } finally {
      spy.mockRestore();
    }
    expect(await countJobs([userId])).toBe(1);
  });

  it('are not tried again where their link breaks: nobody knows what became of them', async () => {
    const { pool } = database();
    const users = await makeUsers(5);
    await using _held = await holdAfter(pool, 'api', 'insert on ledger_entries');
    const outcomes = Promise.allSettled(users.map((userId) => submitOne(userId)));
    const first = await cutBlocked();
    await cutBlocked(first);
    const reason = { code: '57P01' };
    expect(await outcomes).toMatchObject(users.map(() => ({ reason })));
    expect(await countJobs(users)).toBe(0);
  });
});

describe('prepared statements', () => {
  /** One connection, which says what is prepared in it. */
  async function openProcess(keepsStatements: boolean) {
    const orm = await createOrm({ url: database().url, name: 'alone', poolSize: 1, keepsStatements });
    const lifecycle = createLifecycle({
      ...{ orm, startingTokens: STARTING_TOKENS },
      wake: () => undefined,
    });
    const countPrepared = async (like = '%') => {
      const sql = `select count(*)::int as count from pg_prepared_statements where name ~ '_[0-9a-f]{16}$' and name like '${like}'`;
      const [row] = await orm.em.getConnection().execute<{ count: number }[]>(sql);
      return row?.count;
    };
    return { lifecycle, countPrepared, [Symbol.asyncDispose]: () => orm.close() };
  }

  it('are two, however many submit', async () => {
    await using process = await openProcess(true);
    for (const userId of await makeUsers(3)) await process.lifecycle.submit(userId, [work(keyed(randomUUID()))]);
    expect(await process.countPrepared()).toBe(2);
  });

  it('lock no account for a submit with an upload, which may have to be waited for', async () => {
    const [userId = ''] = await makeUsers(1);
    await using process = await openProcess(true);
    const { outcomes } = await process.lifecycle.submit(userId, [work({ uploadId: randomUUID() })]);
    expect(outcomes).toEqual([{ outcome: 'UPLOAD_NOT_FOUND' }]);
    expect(await process.countPrepared('lock_accounts_%')).toBe(0);
    await process.lifecycle.submit(userId, [work()]);
    expect(await process.countPrepared('lock_accounts_%')).toBe(1);
  });

  it('are none behind a pooler, whose sessions are anybody’s', async () => {
    await using process = await openProcess(false);
    for (const userId of await makeUsers(3)) await process.lifecycle.submit(userId, [work()]);
    expect(await process.countPrepared()).toBe(0);
  });

  it('stay what they are when a column is added, and are made anew when one has another type', async () => {
    const { pool } = database();
    const users = await makeUsers(4);
    await using process = await openProcess(true);
    const submit = (userId = '') => process.lifecycle.submit(userId, [work()]);
    await submit(users[0]);
    await pool.query('alter table analysis_jobs add column later text');
    await submit(users[1]);
    expect(await process.countPrepared()).toBe(2);
    await pool.query('alter table analysis_jobs alter column failure_message type varchar(4000)');
    await submit(users[2]);
    expect(await process.countPrepared()).toBeLessThan(2);
    await submit(users[3]);
    // Besides these two, that by which the one before was submitted alone.
    expect(await process.countPrepared()).toBe(3);
    expect(await countJobs(users)).toBe(4);
  });
});
