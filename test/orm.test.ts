import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import type pg from 'pg';
import { expect, it } from 'vitest';
import { toApiError } from '../src/gate/error-format.ts';
import { createOrm } from '../src/orm.ts';
import { cutConnections, useDatabase } from './support/database.ts';
import { waitForConnections } from './support/orm.ts';

const database = useDatabase();

it('loses no connection to transactions that are cut', async () => {
  const orm = await createOrm({ url: database().url, name: 'cut', poolSize: 2 });
  await waitForConnections(orm);
  try {
    for (let round = 0; round < 6; round += 1) {
      const cut = orm.em.fork().transactional(async (transaction) => {
        const db = transaction.getKysely();
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
        await database().pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await sql`select 1`.execute(db);
      });
      await expect(cut).rejects.toThrow();
    }
    await expect(orm.em.fork().transactional((transaction) => transaction.execute('select 1 as one'))).resolves.toEqual(
      [{ one: 1 }],
    );
  } finally {
    await orm.close(true);
  }
});

it('loses no connection to questions that are not answered in time', async () => {
  const orm = await createOrm({ url: database().url, name: 'late', poolSize: 2, statementMs: 0, answerMs: 3_500 });
  await waitForConnections(orm);
  const inTransaction = () => orm.em.fork().transactional((transaction) => transaction.execute('select pg_sleep(60)'));
  try {
    // Of each sort as many at once as there are connections: if each cost one, none would be left for what can be answered.
    await Promise.all([1, 2].map(() => expect(inTransaction()).rejects.toThrow('Query read timeout')));
    const late = [1, 2].map(() => sql`select pg_sleep(60)`.execute(orm.em.fork().getKysely()));
    await Promise.all(late.map((one) => expect(one).rejects.toThrow('Query read timeout')));
    const { rows } = await sql<{ one: number }>`select 1 as one`.execute(orm.em.fork().getKysely());
    expect(rows).toEqual([{ one: 1 }]);
  } finally {
    await orm.close(true);
    // The server goes on with what nobody waits for any more.
    await cutConnections(database().pool, 'late');
  }
});

it('stays closed, whoever asks then', async () => {
  const orm = await createOrm({ url: database().url, name: 'closed' });
  const pool: pg.Pool = await orm.em.getConnection().getNativeClient();
  await orm.close();
  const refusal = await orm.em
    .fork()
    .execute('select 1')
    .catch((error: unknown) => error);
  expect(toApiError(refusal).code).toBe('SERVICE_UNAVAILABLE');
  const another: pg.Pool = await orm.em.getConnection().getNativeClient();
  for (const asked of [pool, another]) {
    const { reason } = (await Promise.allSettled([asked.query('select 1')]))[0] as PromiseRejectedResult;
    expect(toApiError(reason).code).toBe('SERVICE_UNAVAILABLE');
  }
  await orm.close();
  // A connection is gone a moment after its pool. One that nobody closes would stay for ten seconds.
  const left = `select from pg_stat_activity where datname = current_database() and application_name = 'closed'`;
  await expect.poll(async () => (await database().pool.query(left)).rowCount, { timeout: 6_000 }).toBe(0);
});

it('closes, also while a connection is being made for somebody who will not use it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const orm = await createOrm({ url: database().url, name: 'closing', poolSize: 2 });
    // The first has the connection that there is; one for the second is under way.
    const asked = Promise.allSettled([1, 2].map(() => orm.em.fork().execute('select 1')));
    await nextTurn();
    await orm.close();
    const [answered, refused] = await asked;
    expect([answered?.status, refused?.status]).toEqual(['fulfilled', 'rejected']);
    expect(toApiError((refused as PromiseRejectedResult).reason).code).toBe('SERVICE_UNAVAILABLE');
  }
});

it('tells of each statement that failed, also inside a transaction, and of no other', async () => {
  const codes: unknown[] = [];
  const onError = (error: unknown) => void codes.push((error as { code?: string }).code);
  const orm = await createOrm({ url: database().url, name: 'told', onError });
  try {
    const run = (statement: string) => orm.em.fork().execute(statement);
    await expect(run('select 1 / 0')).rejects.toThrow();
    await expect(
      orm.em.fork().transactional((transaction) => transaction.execute("insert into workers (id) values ('no uuid')")),
    ).rejects.toThrow();
    await run('select 1');
    expect(codes).toEqual(['22012', '22P02']);
  } finally {
    await orm.close(true);
  }
});

it('gives no connection out again that may only read', async () => {
  const orm = await createOrm({ url: database().url, name: 'read-only', poolSize: 1 });
  const write = () =>
    orm.em.fork().transactional((transaction) => transaction.execute('delete from rate_limits where key is null'));
  try {
    await orm.em.fork().execute('set default_transaction_read_only = on');
    await expect(write()).rejects.toMatchObject({ code: '25006' });
    await expect(write()).resolves.toBeDefined();
  } finally {
    await orm.close(true);
  }
});
