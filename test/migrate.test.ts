import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admitReader, claimLog, migrate, migrationStatus } from '../src/migrate.ts';
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
     union all select 'policy ' || polname || ' on ' || polrelid::regclass from pg_policy
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

  it.each(migrations)('%s gives up a lock that it cannot have before it holds up whoever waits behind it', (name) => {
    const text = readFileSync(new URL(`../migrations/${name}.up.sql`, import.meta.url), 'utf8');
    const [first = '', second = ''] = text.split('\n').filter((line) => line && !line.startsWith('--'));
    expect(Number(/^set local lock_timeout = '(\d)s';$/.exec(first)?.[1])).toBeLessThanOrEqual(2);
    expect(second).toMatch(/^set local statement_timeout = '\d+(s|min)';$/);
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
      // The log of events is another one for a schema that was made anew.
      const { mikro_orm_migrations: _book, event_log: _log, ...rows } = await readAllRows(database.pool);
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

  it('is asked for by as many as start at once, and leaves an empty database empty', async () => {
    await Promise.all(Array.from({ length: 4 }, () => migrationStatus(database.url)));
    const { rows } = await database.pool.query(`select to_regclass('mikro_orm_migrations') as book`);
    expect(rows).toEqual([{ book: null }]);
  });
});

it('whoever may not change the schema, or did not make it, is told so by name', async () => {
  const name = `${new URL(database.url).pathname.slice(1)}_plain`;
  await database.pool.query(`create role ${name} login password 'plain'`);
  try {
    const { href } = Object.assign(new URL(database.url), { username: name, password: 'plain' });
    const refusal = (what: string) => ({
      name: 'RoleError',
      message: expect.stringMatching(
        `^The role ${name} may not change the schema \\(permission denied for ${what}\\): `,
      ),
    });
    await expect(migrate(href)).rejects.toMatchObject(refusal('database \\w+'));
    await database.pool.query(`grant create on database ${database.url.split('/').at(-1)} to ${name}`);
    await database.pool.query('revoke create on schema public from public');
    await expect(migrate(href)).rejects.toMatchObject(refusal('schema public'));
    await database.pool.query('drop schema if exists graphile_worker cascade');
    await migrate(database.url);
    const message = `The role ${name} does not own the tables: run as the role that migrated.`;
    await expect(migrationStatus(href)).rejects.toMatchObject({ name: 'RoleError', message });
  } finally {
    await database.pool.query(`drop owned by ${name}; drop role ${name}`);
  }
});

it('the wall around the rows of users waits for a transaction under way without standing in its way', async () => {
  await migrate(database.url);
  while ((await migrationStatus(database.url)).some(({ name, appliedAt }) => name === '0010_reader' && appliedAt)) {
    await migrate(database.url, 'down');
  }
  const client = await database.pool.connect();
  try {
    // As a move does it: jobs first, then accounts.
    await client.query('begin; lock table analysis_jobs in row exclusive mode');
    const migrating = migrate(database.url);
    await waitUntilBlocked(database.pool);
    await client.query('lock table accounts in row exclusive mode');
    await client.query('commit');
    expect((await migrating)[0]).toBe('0010_reader');
  } finally {
    await client.query('rollback');
    client.release();
  }
});

describe('the role that reads for users', () => {
  const seen = `begin; set local role assay_reader; select count(*) from analysis_jobs; rollback`;

  it('is admitted anew to a database that came from a backup, which knows no roles', async () => {
    await migrate(database.url);
    await database.pool.query('revoke all on all tables in schema public from assay_reader');
    await expect(database.pool.query(seen)).rejects.toMatchObject({ code: '42501' });
    await database.pool.query('rollback');
    await migrate(database.url);
    await database.pool.query(seen);
  });

  it('is admitted by one at a time, whom the next waits for', async () => {
    await migrate(database.url);
    await database.pool.query('revoke all on all tables in schema public from assay_reader');
    const client = await database.pool.connect();
    try {
      await client.query('begin; select assay_admit_reader()');
      const admitting = admitReader(database.url);
      await waitUntilBlocked(database.pool);
      await client.query('commit');
      await admitting;
    } finally {
      await client.query('rollback');
      client.release();
    }
    await database.pool.query(seen);
  });

  it('is left as it is by those who find it admitted, however many start at once', async () => {
    await migrate(database.url);
    const grants = `select xmin::text, oid from pg_class where relname = 'analysis_jobs'
      union all select xmin::text, oid from pg_namespace where nspname = 'public'`;
    const { rows: before } = await database.pool.query(grants);
    await Promise.all(Array.from({ length: 10 }, () => admitReader(database.url)));
    expect((await database.pool.query(grants)).rows).toEqual(before);
  });

  it('is nothing to a database that is not migrated', async () => {
    await admitReader(database.url);
  });

  it('has to be made by somebody who may, and says so', async () => {
    await migrate(database.url);
    const name = `${new URL(database.url).pathname.slice(1)}_plain`;
    await database.pool.query(`create role ${name} login password 'plain'`);
    try {
      const url = Object.assign(new URL(database.url), { username: name, password: 'plain' });
      await expect(admitReader(url.href)).rejects.toThrow(
        `The role ${name} may not make the role assay_reader, by which the rows of users are read.`,
      );
      await database.pool.query(`grant assay_reader to ${name}; grant all on all tables in schema public to ${name}`);
      await expect(admitReader(url.href)).rejects.toThrow(`The role ${name} does not own the tables`);
      await expect(admitReader(url.href)).rejects.toMatchObject({ name: 'RoleError' });
    } finally {
      await database.pool.query(`drop owned by ${name}; drop role ${name}`);
    }
  });
});

describe('the log of the events', () => {
  const readLog = async () =>
    (await database.pool.query('select id, system_identifier, pruned_id from event_log')).rows;
  const here = `select system_identifier from pg_control_system()`;

  it('is of the cluster that it was migrated in, and stays the same log there', async () => {
    await migrate(database.url);
    const before = await readLog();
    expect(before).toMatchObject((await database.pool.query(here)).rows);
    expect(await claimLog(database.url)).toBe(false);
    await migrate(database.url);
    expect(await readLog()).toEqual(before);
  });

  it('is another one in another cluster, from the next migration on, whose transactions come after all its events', async () => {
    await migrate(database.url);
    const [before] = await readLog();
    await database.pool.query(`update event_log set system_identifier = 1, pruned_id = 7, pruned_xact = '9000000000'`);
    await addEvent('9000000000');
    await addEvent('7');
    await migrate(database.url);
    const [after] = await readLog();
    expect(after).toEqual({ ...before, id: expect.any(String), pruned_id: '0' });
    expect(after.id).not.toBe(before.id);
    const { rows } = await database.pool.query('select xact::text from job_events order by id');
    expect(rows).toEqual([{ xact: '3' }, { xact: '7' }]);
  });

  it('is claimed once by processes that start at once', async () => {
    await migrate(database.url);
    await database.pool.query('update event_log set system_identifier = 1');
    const claims = await Promise.all([1, 2, 3].map(() => claimLog(database.url)));
    expect(claims.sort()).toEqual([false, false, true]);
  });

  it('is nothing to a database that is not migrated', async () => {
    expect(await claimLog(database.url)).toBe(false);
    await migrate(database.url);
    await migrate(database.url, 'down');
    expect(await claimLog(database.url)).toBe(false);
  });

  it('needs a role that may ask for the cluster, and says so', async () => {
    await migrate(database.url);
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`create role ${name}_plain login password 'plain'`);
    try {
      await database.pool.query('revoke execute on function pg_control_system() from public');
      const url = Object.assign(new URL(database.url), { username: `${name}_plain`, password: 'plain' });
      await database.pool.query(`grant select, update on event_log to ${name}_plain`);
      await expect(claimLog(url.href)).rejects.toThrow(
        `The role ${name}_plain may not call pg_control_system(), by which a restore into another cluster is noticed.`,
      );
    } finally {
      await database.pool.query(`drop owned by ${name}_plain; drop role ${name}_plain`);
    }
  });

  async function addEvent(xact: string): Promise<void> {
    await database.pool.query(
      `insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at, xact)
       values (assay_uuid(), 1, 'QUEUED', assay_uuid(), 'PROBE', 'QUEUED', 1, 0, '{}', 'A test', now(), $1::text::xid8)`,
      [xact],
    );
  }
});
