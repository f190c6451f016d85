import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '../src/entities/account.ts';
import { File } from '../src/entities/file.ts';
import { Job } from '../src/entities/job.ts';
import { JobEvent } from '../src/entities/job-event.ts';
import { LedgerEntry } from '../src/entities/ledger-entry.ts';
import { Result } from '../src/entities/result.ts';
import { createOrm } from '../src/orm.ts';
import { createReaders, type ReaderOf } from '../src/reader.ts';
import { useDatabase } from './support/database.ts';
import { makeJob } from './support/factory.ts';
import { createPatientOrm } from './support/orm.ts';

const database = useDatabase();
/** What a user owns rows of. */
const OWNED = [Account, File, Job, JobEvent, LedgerEntry, Result];
const TABLES = ['accounts', 'analysis_jobs', 'analysis_results', 'files', 'job_events', 'ledger_entries'];

let orm: MikroORM;
let readerOf: ReaderOf;
let mine: string;
let others: string;
beforeAll(async () => {
  orm = await createPatientOrm({ url: database().url, poolSize: 2 });
  readerOf = await createReaders(orm);
  [mine, others] = await Promise.all([makeOwner(), makeOwner()]);
});
afterAll(() => orm.close());

/** Somebody with a row in each of the tables. */
async function makeOwner(): Promise<string> {
  const { userId } = await makeJob(database().pool, { status: 'COMPLETED', price: 1 });
  await database().pool.query(
    `insert into files (user_id, role, name, content_type, size) values ($1, 'INPUT', 'demand.csv', 'text/csv', 1)`,
    [userId],
  );
  return userId;
}

/** Whose rows a statement that asks for everybody's is given. */
async function ownersSeenBy(userId: string): Promise<(readonly string[])[]> {
  const em = readerOf(userId);
  return await Promise.all(
    OWNED.map(async (entity) => {
      const rows = await em.find<{ userId: string }>(entity as never, {});
      return [...new Set(rows.map((row) => row.userId))];
    }),
  );
}

describe('a reader', () => {
  it('sees the rows of his user and nobody else’s, though the statement asks for all', async () => {
    expect(await ownersSeenBy(mine)).toEqual(OWNED.map(() => [mine]));
    expect(await ownersSeenBy(others)).toEqual(OWNED.map(() => [others]));
    expect(await ownersSeenBy(randomUUID())).toEqual(OWNED.map(() => []));
  });

  it('is not mixed up with another who reads over the same connections at the same time', async () => {
    const readers = Array.from({ length: 40 }, (_, index) => (index % 2 ? mine : others));
    const seen = await Promise.all(readers.map((userId) => ownersSeenBy(userId)));
    expect(seen).toEqual(readers.map((userId) => OWNED.map(() => [userId])));
  });

  it('changes nothing', async () => {
    const kysely = readerOf(mine).getKysely();
    const write = sql`update accounts set balance = balance + 1`.execute(kysely);
    await expect(write).rejects.toMatchObject({ code: '25006' });
  });

  it('leaves neither role nor user on the connection, whether his statement failed or not', async () => {
    const one = await createOrm({ url: database().url, poolSize: 1 });
    try {
      const em = (await createReaders(one))(mine);
      expect(await em.count(Job, {})).toBe(1);
      await expect(sql`select 1 / 0`.execute(em.getKysely())).rejects.toMatchObject({ code: '22012' });
      const { rows } = await sql<{ who: string; user: string }>`
        select current_user = session_user as who, coalesce(current_setting('assay.user', true), '') as user,
          pg_current_xact_id_if_assigned() is null as idle`.execute(one.em.fork().getKysely());
      expect(rows).toEqual([{ who: true, user: '', idle: true }]);
      expect(await one.em.fork().count(Job, {})).toBe(2);
    } finally {
      await one.close();
    }
  });

  it('is made for a user only', () => {
    for (const userId of ['', 'nobody', "'; reset role; --", mine.toUpperCase()]) {
      expect(() => readerOf(userId)).toThrow(RangeError);
    }
  });

  it('believes no answer that was given to another role', async () => {
    // May read all there is, as its owner may, and may not become the reader.
    const name = `assay_stranger_${randomUUID().slice(0, 8)}`;
    const { pool } = database();
    await pool.query(
      `create role ${name} login password 'plain' bypassrls; grant select on all tables in schema public to ${name}`,
    );
    const url = new URL(database().url);
    Object.assign(url, { username: name, password: 'plain' });
    const stranger = await createOrm({ url: url.href, poolSize: 1 });
    try {
      expect(await stranger.em.fork().count(Job, {})).toBe(2);
      await expect((await createReaders(stranger))(mine).count(Job, {})).rejects.toMatchObject({ code: '42501' });
    } finally {
      await stranger.close();
      await pool.query(`drop owned by ${name}; drop role ${name}`);
    }
  });
});

describe('the role of the readers', () => {
  const asReader = async (user: string | null, statement: string) => {
    const client = await database().pool.connect();
    try {
      await client.query('begin read only; set local role assay_reader');
      if (user !== null) await client.query(`select set_config('assay.user', $1, true)`, [user]);
      return (await client.query(statement)).rows;
    } finally {
      await client.query('rollback');
      client.release();
    }
  };

  it('sees nothing where the user was forgotten', async () => {
    for (const table of TABLES) {
      expect(await asReader(null, `select from ${table}`), table).toEqual([]);
      expect(await asReader('', `select from ${table}`), table).toEqual([]);
      expect(await asReader(mine, `select from ${table}`), table).not.toEqual([]);
    }
  });

  it('may read what belongs to users, and may do nothing else', async () => {
    const { rows } = await database().pool.query(
      `select c.relname as name, p.privilege from pg_class c, (values ('select'), ('insert'), ('update'), ('delete'),
         ('truncate'), ('references'), ('trigger')) as p (privilege)
       where c.relkind in ('r', 'v', 'm', 'p') and c.relnamespace not in ('pg_catalog'::regnamespace,
         'information_schema'::regnamespace) and has_table_privilege('assay_reader', c.oid, p.privilege)
       order by 1`,
    );
    expect(rows).toEqual(TABLES.map((name) => ({ name, privilege: 'select' })));
  });

  it('has a policy on each table that says whose its rows are', async () => {
    const { rows } = await database().pool.query(
      `select c.relname as name, c.relrowsecurity as walled, c.relforcerowsecurity as binds_owner
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`,
    );
    expect(rows).toEqual(TABLES.map((name) => ({ name, walled: true, binds_owner: false })));
  });

  it('cannot log in, and passes no wall', async () => {
    const { rows } = await database().pool.query(
      `select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'assay_reader'`,
    );
    expect(rows).toEqual([
      { rolcanlogin: false, rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
    ]);
  });

  it('finds a user’s rows by their index', async () => {
    const plan = await asReader(mine, 'explain (costs off) select * from analysis_jobs order by id desc limit 21');
    const text = plan.map((row) => Object.values(row).join()).join('\n');
    expect(text).toContain('jobs_of_user');
  });
});
