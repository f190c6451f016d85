import { randomUUID } from 'node:crypto';
import type { EntityName } from '@mikro-orm/postgresql';
import { beforeAll, expect, it } from 'vitest';
import { File } from '../../src/entities/file.ts';
import { Job } from '../../src/entities/job.ts';
import { LedgerEntry } from '../../src/entities/ledger-entry.ts';
import { Result } from '../../src/entities/result.ts';
import { SyncRecord } from '../../src/entities/sync-record.ts';
import { createOrm } from '../../src/orm.ts';
import { readRow, readRows } from '../../src/resolvers/rows.ts';
import { STANDINGS, useProcess } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';

const database = useDatabase();
const api = useProcess(database, 'api');
const em = () => api().orm.em.fork();

beforeAll(async () => {
  const { pool } = database();
  for (const standing of STANDINGS) await makeJob(pool, { ...standing, price: 2 });
  // JSON that is no object is read as what it is, also where it looks like JSON again.
  for (const testResult of ['a text', '{"a": 1}', '7', 7, false, [1, 'x']]) {
    await makeJob(pool, { status: 'COMPLETED', testResult });
  }
  await pool.query(
    `insert into files (id, user_id, role, name, content_type, size) values (gen_random_uuid(), $1, 'INPUT', 'a.csv', 'text/csv', 1e9)`,
    [await makeAccount(pool)],
  );
  await pool.query(
    `insert into sync_records (source, id, data, words, synced_at) values ('SKK', '7', '{"at": ["a", null, 1.5]}', '7 a', now())`,
  );
});

it.each<EntityName<{ id: string }>>([Job, Result, File, LedgerEntry, SyncRecord])(
  'read plainly, rows are what a load of them gives: %o',
  async (of) => {
    const orderBy = { id: 'DESC' } as const;
    const loaded = await em().find(of, {}, { orderBy });
    expect(loaded.length).toBeGreaterThan(0);
    expect(await readRows(em(), of, { where: {}, orderBy })).toEqual(loaded.map((row) => ({ ...row })));
    expect(await readRows(em(), of, { where: {}, orderBy, limit: 1 })).toEqual([{ ...loaded[0] }]);
  },
);

it('are read also when a migration adds a column to what is prepared', async () => {
  const { pool } = database();
  const { jobId: id, userId } = await makeJob(pool, { status: 'COMPLETED' });
  const orm = await createOrm({ url: database().url, name: 'prepared', poolSize: 1 });
  try {
    const before = await readRow(orm.em.fork(), Job, { id, userId });
    await pool.query('alter table analysis_jobs add column added integer');
    expect(await readRow(orm.em.fork(), Job, { id, userId })).toEqual(before);
  } finally {
    await pool.query('alter table analysis_jobs drop column if exists added');
    await orm.close();
  }
});

it('read one by one, they are found by who owns them, or by anybody', async () => {
  const { jobId: id, userId } = await makeJob(database().pool, { status: 'QUEUED' });
  expect(await readRow(em(), Job, { id, userId })).toMatchObject({ id, userId });
  expect(await readRow(em(), Job, { id })).toMatchObject({ id, userId });
  expect(await readRow(em(), Job, { id, userId: randomUUID() })).toBeNull();
  expect(await readRow(em(), Result, { id })).toBeNull();
});
