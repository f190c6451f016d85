import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  countFinished,
  countNotFixed,
  countRunning,
  countWaiting,
  findWorkers,
  readCancelLatency,
  readLongestWait,
  readRescueLatency,
} from '../../src/lifecycle/health.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeCopies, makeJob } from '../support/factory.ts';
import { useProcess } from './lifecycles.ts';

const database = useDatabase({ bent: 'thousands of copied rows that have no life behind them' });

const api = useProcess(database, 'api');

const USERS = 100;
/** As many as a source has that is synced every hour of two months. */
const SYNCS = 1_500;
const JOBS_OF_STATUS = { COMPLETED: 4_000, FAILED: 60, CANCELLED: 640, QUEUED: 250, PROCESSING: 50 } as const;

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  Plans?: PlanNode[];
}

/** A reader's or writer's query, with the index that must serve it, its order included. */
const queries: { what: string; index: string; sql: string }[] = [
  {
    what: 'a page of a user’s jobs, newest first',
    index: 'jobs_of_user',
    sql: `select * from analysis_jobs where user_id = $user and id < $newest order by id desc limit 20`,
  },
  {
    what: 'a page of jobs of a status, newest first',
    index: 'jobs_by_status',
    sql: `select * from analysis_jobs where status = 'FAILED' and id < $newest order by id desc limit 20`,
  },
  {
    what: 'the active jobs of a user, for the priority of his next',
    index: 'jobs_active_of_user',
    sql: `select from analysis_jobs where user_id = $user and status in ('QUEUED', 'PROCESSING') limit 1000`,
  },
  {
    what: 'the waiting jobs of a user, for the room that he has for more',
    index: 'jobs_active_of_user',
    sql: `select from analysis_jobs
          where user_id = $user and status in ('QUEUED', 'PROCESSING') and status <> 'PROCESSING' limit 1000`,
  },
  {
    what: 'the waiting jobs in the order of the queue',
    index: 'jobs_waiting',
    sql: `select * from analysis_jobs where status = 'QUEUED' order by priority, id limit 20`,
  },
  {
    what: 'the running jobs whose lease ran out',
    index: 'jobs_running',
    sql: `select id from analysis_jobs where status = 'PROCESSING' and lease_expires_at < now()
          order by id limit 100 for update skip locked`,
  },
  {
    what: 'the ended jobs whose worker died before it could say that the thread is gone',
    index: 'jobs_held',
    sql: `select id from analysis_jobs where status in ('FAILED', 'CANCELLED') and lease_token is not null
            and lease_expires_at < now()
          order by id limit 100 for update skip locked`,
  },
  {
    what: 'the jobs that ended too long ago to be kept',
    index: 'analysis_jobs_pkey',
    sql: `select id from analysis_jobs where status = any('{COMPLETED,FAILED,CANCELLED}')
            and id < (select assay_uuid(now() - interval '90 days')) and finished_at < now() - interval '90 days'
          order by id limit 100`,
  },
  {
    what: 'the newest completed sync of a source',
    index: 'jobs_of_source',
    sql: `select * from analysis_jobs where sync_source = 'PANGKAT' and status = 'COMPLETED' and deleted_at is null
            and finished_at is not null
          order by finished_at desc limit 1`,
  },
  {
    what: 'the active sync of a source',
    index: 'jobs_active_of_source',
    sql: `select * from analysis_jobs where sync_source = 'PANGKAT' and status in ('QUEUED', 'PROCESSING')`,
  },
  {
    what: 'a page of the records of a source, searched through',
    index: 'sync_records_pkey',
    sql: `select * from sync_records where source = 'PANGKAT' and words like '%7%' and id > '100' order by id limit 21`,
  },
  {
    what: 'the next attempt that has gathered rows',
    index: 'sync_staging_pkey',
    sql: `select job_id, lease_token from sync_staging where (job_id, lease_token) > ($id, $id)
          order by job_id, lease_token limit 1`,
  },
  {
    what: 'a page of a user’s results, newest first',
    index: 'results_of_user',
    sql: `select * from analysis_results where user_id = $user and id < $newest order by id desc limit 20`,
  },
  {
    what: 'the result that a link opens',
    index: 'results_shared',
    sql: `select * from analysis_results where share_id = $id`,
  },
  {
    what: 'the result of a job',
    index: 'results_one_per_job',
    sql: `select * from analysis_results where job_id = $id`,
  },
  {
    what: 'the events of a job after a seq',
    index: 'events_numbered',
    sql: `select * from job_events where job_id = $id and seq > 1 order by seq limit 100`,
  },
  {
    what: 'the events of a user that came since',
    index: 'events_of_user',
    sql: `select id from job_events where user_id = $user and xact >= '100' and xact < pg_snapshot_xmax(pg_current_snapshot())
            and pg_visible_in_snapshot(xact, pg_current_snapshot())`,
  },
  {
    what: 'the events of a user that were being written then',
    index: 'events_of_user',
    sql: `select id from job_events where user_id = $user and xact = any(array[$since, $since])`,
  },
  {
    what: 'the events of everyone that came since',
    index: 'events_by_xact',
    sql: `select id from job_events where xact >= $since and xact < pg_snapshot_xmax(pg_current_snapshot())
            and pg_visible_in_snapshot(xact, pg_current_snapshot())`,
  },
  {
    what: 'the rest of a long stretch of everyone’s events, in the order of the log',
    index: 'job_events_pkey',
    sql: `select id from job_events where id > 100 and id <= 1000000
            and not pg_visible_in_snapshot(xact, $seen) and pg_visible_in_snapshot(xact, pg_current_snapshot())
          order by id limit 100`,
  },
  {
    what: 'a page of a user’s ledger, newest first',
    index: 'ledger_of_user',
    sql: `select * from ledger_entries where user_id = $user and id < $newest order by id desc limit 20`,
  },
  {
    what: 'the entries of a job’s round',
    index: 'ledger_once_per_round',
    sql: `select * from ledger_entries where job_id = $id and round = 1`,
  },
  {
    what: 'an idempotency key of a user',
    index: 'idempotency_keys_pkey',
    sql: `select * from idempotency_keys where owner = $user::text and key = 'k'`,
  },
  {
    what: 'the keys that go with a job',
    index: 'idempotency_of_job',
    sql: `select from idempotency_keys where job_id = $id`,
  },
  {
    what: 'the keys that hold a ledger entry',
    index: 'idempotency_of_entry',
    sql: `select from idempotency_keys where entry_id = $id`,
  },
  {
    what: 'the files of a job',
    index: 'files_of_job',
    sql: `select * from files where job_id = $id`,
  },
  {
    what: 'the uploads that no job took in a day',
    index: 'files_waiting',
    sql: `select id from files where job_id is null and created_at < now() - interval '1 day'`,
  },
  {
    what: 'the uploads of a user that no job took',
    index: 'files_waiting_of_user',
    sql: `select count(*), sum(size) from files where user_id = $user and job_id is null`,
  },
  {
    what: 'the file that some bytes belong to',
    index: 'files_stored_once',
    sql: `select from files where stored_as = $id`,
  },
  {
    what: 'the bytes that are due to be removed',
    index: 'file_removals_due',
    sql: `select stored_as from file_removals where due_at <= now() order by due_at limit 100 for update skip locked`,
  },
  {
    what: 'the service tokens of a name',
    index: 'service_tokens_by_name',
    sql: `select * from service_tokens where name = 'service-7'`,
  },
];

let userId = '';
let jobId = '';
let newest = '';
let since = '';

beforeAll(async () => {
  const { pool } = database();
  const users = await Promise.all(Array.from({ length: USERS }, () => makeAccount(pool)));
  for (const [status, count] of Object.entries(JOBS_OF_STATUS)) {
    const made = await makeJob(pool, { status: status as keyof typeof JOBS_OF_STATUS, price: 0 });
    await makeCopies(pool, made, count, users);
    [userId, jobId] = [users[0]!, made.jobId];
  }
  const synced = await makeJob(pool, { kind: 'SYNC', status: 'COMPLETED', price: 0 });
  await makeCopies(pool, synced, SYNCS, users);
  await pool.query(
    `insert into sync_records (source, id, data, words)
     select source, n, '{}', n from unnest(array['PANGKAT', 'SKK']) source, generate_series(1, 3000) n`,
  );
  await pool.query(
    `insert into sync_staging select id, id, n, '{}', '' from generate_series(1, 3) n, analysis_jobs where kind = 'SYNC'`,
  );
  await pool.query(
    `insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at)
     select id, n, 'QUEUED', user_id, kind, 'QUEUED', 1, 0, '{"percent": 0}', name, now()
     from analysis_jobs, generate_series(1, 2) n on conflict do nothing`,
  );
  await pool.query(
    `insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
     select user_id, 'CHARGE', -1, 0, id, 1 from analysis_jobs where user_id = any($1)`,
    [users],
  );
  await pool.query(
    `insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
     select user_id::text, id::text, 'm', 'h', id from analysis_jobs`,
  );
  await pool.query(
    `insert into idempotency_keys (owner, key, mutation, input_hash, entry_id)
     select 'service:desk', id::text, 'm', 'h', id from ledger_entries where entry = 'GRANT'`,
  );
  await pool.query(
    `insert into service_tokens (name, token_hash, scopes)
     select 'service-' || n, sha256(n::text::bytea), '{}' from generate_series(1, 2000) n`,
  );
  await pool.query(
    `insert into files (user_id, job_id, role, name, content_type, size, sha256, stored_as, stored_at)
     select user_id, id, 'INPUT', 'rows.csv', 'text/csv', 1, repeat('0', 64), gen_random_uuid(), now()
     from analysis_jobs where status = 'QUEUED' union all
     select user_id, id, 'OUTPUT', 'rows.csv.gz', 'application/gzip', 1, repeat('0', 64), gen_random_uuid(), now()
     from analysis_jobs where status = 'COMPLETED'`,
  );
  await pool.query(
    `insert into files (user_id, role, name, content_type, size, created_at)
     select ($1::uuid[])[1 + n % $2], 'INPUT', 'rows.csv', 'text/csv', 1, now() - interval '1 minute' * n
     from generate_series(1, 2000) n`,
    [users, USERS],
  );
  await pool.query(
    `insert into file_removals (stored_as, due_at)
     select gen_random_uuid(), now() + interval '1 minute' * (n - 100) from generate_series(1, 2000) n`,
  );
  await pool.query(
    `insert into graphile_worker._private_jobs (task_id, priority, run_at)
     select t.id, n % 20, now() - interval '1 second' * n
     from graphile_worker._private_tasks t, generate_series(1, 3000) n where t.identifier = 'run_job'`,
  );
  // As the server does it by itself: counts then come from an index alone.
  await pool.query('vacuum analyze');
  const { rows } = await pool.query<{ id: string }>('select assay_uuid() as id');
  newest = rows[0]!.id;
  const xact = await pool.query<{ now: string }>('select pg_current_xact_id()::text as now');
  since = xact.rows[0]!.now;
});

async function explain(sql: string): Promise<PlanNode[]> {
  const bound = sql
    .replaceAll('$user', `'${userId}'`)
    .replaceAll('$id', `'${jobId}'`)
    .replaceAll('$newest', `'${newest}'`)
    .replaceAll('$since', `'${since}'::xid8`)
    .replaceAll('$seen', `'${since}:${since}:'::pg_snapshot`);
  return await planOf(bound);
}

async function planOf(sql: string, values: unknown[] = [], setting = ''): Promise<PlanNode[]> {
  const client = await database().pool.connect();
  try {
    await client.query(`begin; ${setting}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`explain (format json) ${sql}`, values);
    const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
    return flatten(rows[0]!['QUERY PLAN'][0].Plan);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** The plan of the one statement that a read sends, with the values that it sends. */
async function planOfRead(read: HealthRead['read'], setting = ''): Promise<PlanNode[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  await read(api().orm.em.fork(), 10_000);
  const sent = query.mock.calls.map(([text, values]: unknown[]) => ({ text, values }) as { text: string; values: [] });
  query.mockRestore();
  const [statement, ...others] = sent.filter(({ text }) => /^\s*(select|with)\b/.test(text));
  expect(others).toEqual([]);
  return await planOf(statement!.text, statement!.values, setting);
}

/** What an operator asks of the whole installation. */
interface HealthRead {
  read: (em: EntityManager, leaseMs: number) => Promise<unknown>;
  /** Those that may serve it: each leads to no other rows. */
  indexes: string[];
  /** Whether its limit spares it the rest: then the order has to be the index's, too. */
  stopsEarly?: boolean;
}

const healthReads: HealthRead[] = [
  { read: countWaiting, stopsEarly: true, indexes: ['jobs_waiting', 'jobs_by_status'] },
  { read: readLongestWait, stopsEarly: true, indexes: ['jobs_main_index'] },
  { read: countRunning, indexes: ['jobs_running', 'jobs_by_status'] },
  { read: countNotFixed, indexes: ['jobs_running', 'jobs_by_status'] },
  { read: findWorkers, indexes: ['jobs_running', 'jobs_by_status'] },
  { read: countFinished, indexes: ['job_events_pkey'] },
  { read: readRescueLatency, indexes: ['job_events_pkey'] },
  { read: readCancelLatency, indexes: ['job_events_pkey', 'analysis_jobs_pkey'] },
];

describe('among five thousand jobs', () => {
  it.each(queries)('$what comes from $index', async ({ index, sql }) => {
    const nodes = await explain(sql);
    expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toEqual([index]);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort');
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  });

  it.each(healthReads)('$read.name reads no table as a whole that grows', async ({ read, indexes }) => {
    const nodes = await planOfRead(read);
    const used = nodes.flatMap((node) => node['Index Name'] ?? []).filter((name) => !/^(tasks|workers)_/.test(name));
    expect(used).not.toEqual([]);
    expect(used.filter((name) => !indexes.includes(name))).toEqual([]);
    const scanned = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
    expect(scanned.filter((table) => !['workers', '_private_tasks'].includes(String(table)))).toEqual([]);
  });

  // Among so few rows it may be cheaper to sort them; whether they could be had in order shows where that is out of favour.
  it.each(healthReads.filter(({ stopsEarly }) => stopsEarly))('$read.name can stop at its limit', async ({ read }) => {
    const nodes = await planOfRead(read, 'set local enable_sort = off');
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Sort');
  });

  it('every index of ours has a query that needs it', async () => {
    const { rows } = await database().pool.query<{ name: string }>(
      `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = 'public'::regnamespace and not i.indisunique order by 1`,
    );
    const needed = new Set(queries.map(({ index }) => index));
    expect(rows.map(({ name }) => name).filter((name) => !needed.has(name))).toEqual([]);
  });
});
