import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, migrationStatus } from '../src/migrate.ts';
import { STANDINGS } from './lifecycle/lifecycles.ts';
import { readAllRows } from './lifecycle/rows.ts';
import { emptyDatabase, type TestDatabase, waitUntilBlocked } from './support/database.ts';
import { makeJob } from './support/factory.ts';

const files = readdirSync(new URL('../migrations/', import.meta.url));
const migrations = files.filter((file) => file.endsWith('.up.sql')).map((file) => file.replace(/\.up\.sql$/, ''));

let database: TestDatabase;
beforeEach(async () => {
  database = await emptyDatabase();
});
afterEach(async () => {
  await database.drop();
});

/** Everything in the database that is neither PostgreSQL's, nor the queue's, nor the book of migrations. */
async function readOwnObjects(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `with ours as (
       select oid from pg_namespace
       where nspname !~ '^pg_' and nspname not in ('information_schema', 'graphile_worker')
     )
     select 'relation ' || oid::regclass as name from pg_class where relnamespace in (select oid from ours)
     union all select 'function ' || oid::regprocedure from pg_proc where pronamespace in (select oid from ours)
     union all select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
       where connamespace in (select oid from ours)
     union all select 'trigger ' || pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
       where not tgisinternal and c.relnamespace in (select oid from ours)
     union all select 'type ' || oid::regtype from pg_type where typnamespace in (select oid from ours)
     union all select 'schema ' || nspname from pg_namespace where oid in (select oid from ours) and nspname <> 'public'
     order by 1`,
  );
  return rows.map((row) => row.name).filter((name) => !name.includes('mikro_orm_migrations'));
}

async function takeAllBack(url: string): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    const [name] = await migrate(url, 'down');
    if (name === undefined) return taken;
    taken.push(name);
  }
}

describe('the folder of migrations', () => {
  it('has a way back for each way up, and nothing else', () => {
    expect(files.sort()).toEqual(migrations.flatMap((name) => [`${name}.down.sql`, `${name}.up.sql`]).sort());
    expect(migrations.length).toBeGreaterThan(0);
  });

  it('numbers them without a gap', () => {
    expect(migrations.sort().map((name) => Number(name.slice(0, 4)))).toEqual(migrations.map((_, index) => index + 1));
  });
});

describe('migrate', () => {
  it('makes the queue and our tables in an empty database, once', async () => {
    expect(await migrate(database.url)).toEqual(migrations);
    const made = await readOwnObjects(database.pool);
    expect(made).toEqual(
      expect.arrayContaining(['relation analysis_jobs', 'function assay_uuid(timestamp with time zone)']),
    );
    await expect(database.pool.query('select from graphile_worker.jobs')).resolves.toMatchObject({ rowCount: 0 });

    expect(await migrate(database.url)).toEqual([]);
    expect(await readOwnObjects(database.pool)).toEqual(made);
  });

  it('takes everything of ours back, also over data, and can go up again', async () => {
    await migrate(database.url);
    const made = await readOwnObjects(database.pool);
    await database.pool.query('insert into accounts (user_id, balance) values (assay_uuid(), 0)');

    expect(await takeAllBack(database.url)).toEqual(migrations.toReversed());
    expect(await readOwnObjects(database.pool)).toEqual([]);
    expect(await migrate(database.url)).toEqual(migrations);
    expect(await readOwnObjects(database.pool)).toEqual(made);
  });

  it('takes the newest one back and up again over jobs in every standing, and keeps them as they were', async () => {
    await migrate(database.url);
    for (const standing of STANDINGS) await makeJob(database.pool, standing);
    const readRows = async () => {
      const { mikro_orm_migrations: _book, ...rows } = await readAllRows(database.pool);
      return rows;
    };
    const before = await readRows();
    expect(before.analysis_jobs).toHaveLength(STANDINGS.length);

    expect(await migrate(database.url, 'down')).toEqual(migrations.slice(-1));
    expect(await migrate(database.url)).toEqual(migrations.slice(-1));
    expect(await readRows()).toEqual(before);
  });

  it('lets the second of two that start at once wait and find nothing to do', async () => {
    const holder = await database.pool.connect();
    await holder.query(`select pg_advisory_lock(hashtext('assay.migrate'))`);
    const both = Promise.all([migrate(database.url), migrate(database.url)]);
    try {
      const waiting = await waitUntilBlocked(database.pool, 2);
      expect(waiting.map((backend) => backend.applicationName)).toEqual(['assay-migrate', 'assay-migrate']);
      expect(await readOwnObjects(database.pool)).toEqual([]);
    } finally {
      await holder.query(`select pg_advisory_unlock(hashtext('assay.migrate'))`);
      holder.release();
    }
    expect((await both).sort((a, b) => a.length - b.length)).toEqual([[], migrations]);
  });

  it('leaves nothing behind of a migration that fails', async () => {
    await database.pool.query('create table workers (id integer)');
    await expect(migrate(database.url)).rejects.toThrow(/workers/);
    expect(await readOwnObjects(database.pool)).toEqual(['relation workers', 'type workers', 'type workers[]']);
    await database.pool.query('drop table workers');
    expect(await migrate(database.url)).toEqual(migrations);
  });
});

describe('the status of the migrations', () => {
  it('tells what is pending and when the others were applied', async () => {
    expect(await migrationStatus(database.url)).toEqual(migrations.map((name) => ({ name, appliedAt: null })));
    await migrate(database.url);
    const { rows } = await database.pool.query<{ now: Date }>('select now()');
    const status = await migrationStatus(database.url);
    expect(status.map(({ name }) => name)).toEqual(migrations);
    for (const { appliedAt } of status) {
      const age = rows[0]!.now.getTime() - Date.parse(appliedAt ?? '');
      expect(age).toBeGreaterThanOrEqual(-1_000);
      expect(age).toBeLessThan(60_000);
    }
    await migrate(database.url, 'down');
    expect((await migrationStatus(database.url)).at(-1)).toEqual({ name: migrations.at(-1), appliedAt: null });
  });
});
