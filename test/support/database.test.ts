import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { bend } from '../lifecycle/rows.ts';
import { createTestDatabase, emptyDatabase, useDatabase, waitUntilBlocked } from './database.ts';
import { makeAccount, makeJob } from './factory.ts';

const database = useDatabase();

async function countTables(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`,
  );
  return rowCount ?? 0;
}

test('a test database has all migrations applied, an empty one has none', async () => {
  expect(await countTables(database().pool)).toBeGreaterThan(5);
  const empty = await emptyDatabase();
  expect(await countTables(empty.pool)).toBe(0);
  await empty.drop();
});

test('two test databases do not see each other and a dropped one is gone', async () => {
  const other = await createTestDatabase();
  await other.pool.query('create table only_here ()');
  expect(await countTables(other.pool)).toBe((await countTables(database().pool)) + 1);
  await other.drop();
  const client = new pg.Client({ connectionString: other.url });
  await expect(client.connect()).rejects.toThrow('does not exist');
});

test('nobody can connect to the template while it is copied', async () => {
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${inject('templateDatabase')}`;
  const client = new pg.Client({ connectionString: url.href });
  await expect(client.connect()).rejects.toThrow('not currently accepting connections');
});

test('a connection that a test leaves open is reported with its name and its last statement', async () => {
  const leaking = await createTestDatabase();
  const client = new pg.Client({ connectionString: leaking.url, application_name: 'forgotten' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select 42');
  await expect(leaking.drop()).rejects.toThrow('forgotten (idle): select 42');
});

test('a connection that is never given back to the pool is reported too', async () => {
  const leaking = await createTestDatabase();
  const client = await leaking.pool.connect();
  await client.query('begin');
  await expect(leaking.drop()).rejects.toThrow('assay-test (idle in transaction): begin');
});

test('waiting for a blocked backend ends when one waits for a lock, and says which', async () => {
  const { pool } = database();
  const first = await pool.connect();
  onTestFinished(() => first.release());
  await first.query('begin');
  await first.query('select pg_advisory_xact_lock(7)');
  const second = pool.query('select pg_advisory_xact_lock(7)');
  const blocked = await waitUntilBlocked(pool);
  expect(blocked).toMatchObject([{ applicationName: 'assay-test', query: 'select pg_advisory_xact_lock(7)' }]);
  await first.query('commit');
  await second;
});

test('rows that break an invariant are reported when their database goes, unless the test says why', async () => {
  const { pool, drop } = await createTestDatabase();
  await makeJob(pool, { status: 'COMPLETED' });
  await bend(pool, 'update accounts set balance = 7');
  await expect(drop()).rejects.toThrow(
    /break an invariant:\nbalance-is-sum:\n {2}[0-9a-f-]{36}: balance 7, entries 0$/,
  );

  for (const bent of [{ 'balance-is-sum': 'a test' }, 'a test']) {
    const excused = await createTestDatabase({ bent });
    await makeAccount(excused.pool, { balance: 1 });
    await bend(excused.pool, 'update accounts set balance = 7');
    await excused.drop();
  }
});

test('rows of a database that somebody still writes to are not judged', async () => {
  const { pool, drop, url } = await createTestDatabase();
  await makeAccount(pool, { balance: 1 });
  await bend(pool, 'update accounts set balance = 7');
  const client = new pg.Client({ connectionString: url, application_name: 'writes on' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select 42');
  await expect(drop()).rejects.toThrow('writes on (idle): select 42');
});
