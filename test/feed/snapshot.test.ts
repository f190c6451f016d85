import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isSameSnapshot, isVisible, parseSnapshot, printSnapshot } from '../../src/feed/snapshot.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { openTransaction } from './feed-readers.ts';

const database = useDatabase();
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

it('says of a snapshot what PostgreSQL says of it, and is read by it as the same', async () => {
  await using one = await openTransaction(database().url);
  await using two = await openTransaction(database().url);
  const numbers: string[] = [];
  for (const { client } of [one, two]) {
    numbers.push((await client.query('select pg_current_xact_id()::text as xact')).rows[0].xact);
  }
  // Only what lies below one that is over has to be named.
  await database().pool.query('select pg_current_xact_id()');
  const { rows } = await sql<{ text: string }>`select pg_current_snapshot()::text as text`.execute(orm.em.getKysely());
  const text = rows[0]!.text;
  const snapshot = parseSnapshot(text);
  expect(snapshot.open.map(String)).toEqual(expect.arrayContaining(numbers));
  expect(numbers.map((xact) => isVisible(BigInt(xact), snapshot))).toEqual([false, false]);
  expect(printSnapshot(snapshot)).toBe(text);
});

it('shows what is below its end and was not open', () => {
  const snapshot = parseSnapshot('4:9:4,6');
  expect([3n, 4n, 5n, 6n, 8n, 9n].map((xact) => isVisible(xact, snapshot))).toEqual([
    ...[true, false, true, false, true, false],
  ]);
  expect(printSnapshot(parseSnapshot('7:7:'))).toBe('7:7:');
});

it('is the same as another only where the same is seen', () => {
  expect(isSameSnapshot(parseSnapshot('4:9:4,6'), parseSnapshot('4:9:4,6'))).toBe(true);
  for (const other of ['4:9:4', '4:10:4,6', '9:9:']) {
    expect(isSameSnapshot(parseSnapshot('4:9:4,6'), parseSnapshot(other))).toBe(false);
  }
});
