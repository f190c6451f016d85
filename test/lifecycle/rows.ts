import type pg from 'pg';

type Row = Record<string, unknown>;

/**
 * Every row of our tables and of the queue's, so that "nothing changed" can be said of all of them at once. What is not
 * logged is none of them: it counts who asked.
 */
export async function readAllRows(pool: pg.Pool): Promise<Record<string, Row[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname in ('public', 'graphile_worker') order by 1`,
  );
  const columns = tables.map(
    ({ name }) => `(select jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text) from ${name} t) as "${name}"`,
  );
  const { rows } = await pool.query<Record<string, Row[] | null>>(`select ${columns}`);
  return Object.fromEntries(Object.entries(rows[0]!).map(([name, found]) => [name, found ?? []]));
}

/** A job's row with all that hangs on it, each in its own order. */
export async function readJob(pool: pg.Pool, jobId: string) {
  const { rows } = await pool.query<{
    job: Row & { status: string; seq: number; attempt: number };
    result: Row;
    events: (Row & { seq: number; type: string; status: string })[];
    ledger: (Row & { entry: string; amount: number; balance: number })[];
    tasks: (Row & { payload: Row; runnable: boolean })[];
  }>(
    `select to_jsonb(j) as job,
       (select to_jsonb(r) from analysis_results r where r.job_id = j.id) as result,
       (select coalesce(jsonb_agg(to_jsonb(e) order by e.seq), '[]') from job_events e where e.job_id = j.id) as events,
       (select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]') from ledger_entries l where l.job_id = j.id) as ledger,
       (select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object('runnable', t.is_available) order by t.id), '[]')
        from graphile_worker._private_jobs t where t.payload ->> 'jobId' = j.id::text) as tasks
     from analysis_jobs j where j.id = $1`,
    [jobId],
  );
  const [found] = rows;
  if (!found) throw new Error(`there is no job ${jobId}`);
  return found;
}

/** All that is there of a job that may be gone, by table. */
export async function readRemains(pool: pg.Pool, jobId: string) {
  const { rows } = await pool.query<Record<'jobs' | 'results' | 'events' | 'ledger' | 'keys' | 'tasks', Row[]>>(
    `select
       (select coalesce(jsonb_agg(to_jsonb(j)), '[]') from analysis_jobs j where j.id = $1) as jobs,
       (select coalesce(jsonb_agg(to_jsonb(r)), '[]') from analysis_results r where r.job_id = $1) as results,
       (select coalesce(jsonb_agg(to_jsonb(e) order by e.seq), '[]') from job_events e where e.job_id = $1) as events,
       (select coalesce(jsonb_agg(to_jsonb(l) order by l.id), '[]') from ledger_entries l where l.job_id = $1) as ledger,
       (select coalesce(jsonb_agg(to_jsonb(k)), '[]') from idempotency_keys k where k.job_id = $1) as keys,
       (select coalesce(jsonb_agg(to_jsonb(t) || jsonb_build_object('runnable', t.is_available)), '[]')
        from graphile_worker._private_jobs t where t.payload ->> 'jobId' = $1::text) as tasks`,
    [jobId],
  );
  return rows[0]!;
}

export async function readBalance(pool: pg.Pool, userId: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ balance: number }>('select balance from accounts where user_id = $1', [userId]);
  return rows[0]?.balance;
}

/** Holds a row lock on its own connection until the block ends; `await using` also lets go after a failure. */
export async function holdLock(pool: pg.Pool, select: string, values: unknown[]): Promise<AsyncDisposable> {
  const client = await pool.connect();
  await client.query('begin');
  const { rowCount } = await client.query(`${select} for update`, values);
  if (rowCount === 0) throw new Error(`nothing to lock: ${select}`);
  let held = true;
  const letGo = async () => {
    if (!held) return;
    held = false;
    await client.query('rollback');
    client.release();
  };
  return { [Symbol.asyncDispose]: letGo };
}

const GUARDED = ['analysis_jobs', 'files', 'job_events', 'ledger_entries'];

/**
 * Takes our triggers off the tables until the client's transaction is taken back, so that a test meets the rule behind
 * them: a CHECK or a foreign key, or what looks for broken rows.
 */
export async function liftGuards(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  for (const table of GUARDED) await client.query(`alter table ${table} disable trigger user`);
}

/** Changes rows as a restore might, with no trigger and no foreign key to say no; only CHECKs still hold. */
export async function bend(pool: pg.Pool, statement: string, values: unknown[] = []): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(statement, values);
    await client.query('commit');
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Empties the database, for tests of what looks at all rows there are. */
export const clearRows = (pool: pg.Pool) =>
  bend(
    pool,
    `truncate accounts, analysis_jobs, analysis_results, files, file_removals, job_events, ledger_entries, idempotency_keys,
       workers,
       graphile_worker._private_jobs`,
  );

/** Holds whoever has the given name at the end of each statement of a sort (`update on accounts`), until the block ends. */
export async function holdAfter(pool: pg.Pool, name: string, sort: string): Promise<AsyncDisposable> {
  const client = await pool.connect();
  await client.query('select pg_advisory_lock(4711)');
  await client.query(
    `create or replace function hold_here() returns trigger language plpgsql as $$
     begin
       if current_setting('application_name') = '${name}' then perform pg_advisory_xact_lock(4711); end if;
       return null;
     end $$`,
  );
  await client.query(`create trigger held after ${sort} for each statement execute function hold_here()`);
  return {
    [Symbol.asyncDispose]: async () => {
      await client.query('select pg_advisory_unlock(4711)');
      await client.query(`drop trigger held on ${sort.split(' ').at(-1)}`);
      client.release();
    },
  };
}

/** Makes every insert into a table and every update of it fail, or come to nothing, until the block ends. */
export async function breakWrites(pool: pg.Pool, table: string, how: 'raise' | 'skip'): Promise<AsyncDisposable> {
  await pool.query(
    `create or replace function break_write() returns trigger language plpgsql as $$
     begin
       if tg_argv[0] = 'skip' then return null; end if;
       raise exception 'broken on purpose';
     end $$`,
  );
  await pool.query(
    `create trigger broken before insert or update on ${table} for each row execute function break_write('${how}')`,
  );
  return {
    [Symbol.asyncDispose]: async () => {
      await pool.query(`drop trigger broken on ${table}`);
    },
  };
}
