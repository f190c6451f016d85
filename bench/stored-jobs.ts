import type pg from 'pg';

const BALANCE = 1_000;

/** How the jobs came about; by default within a month, and in one transaction. */
export interface Past {
  /** Whose they are, in turn. */
  users: number;
  /** Over how many days they are spread, up to now. */
  days: number;
  /** Transactions of the server that wrote nothing, in their order. The events say that it was these that wrote them. */
  xacts?: { first: number; last: number } | undefined;
}

/**
 * Fills a database with jobs that have ended, as a time of work leaves them: with results, events and ledger. Of ten, eight are
 * completed, one failed and one cancelled. Only what has been there since migration 0005 is named.
 */
export async function storeJobs(
  pool: pg.Pool,
  count: number,
  { users, days, xacts }: Past = { users: 1_000, days: 30 },
): Promise<void> {
  const xact = xacts
    ? `(${xacts.first} + n::bigint * ${xacts.last - xacts.first} / ${count})::text::xid8`
    : 'pg_current_xact_id()';
  const places = { $count: count, $users: users, $days: days, $xact: xact };
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const statement of STATEMENTS) {
      await client.query(statement.replace(/\$\w+/g, (name) => String(places[name as keyof typeof places])));
    }
    await client.query('commit');
    // As autovacuum does it for a database that was not filled within seconds.
    await client.query('vacuum analyze');
  } finally {
    client.release();
  }
}

const STATEMENTS = [
  `create temp table owners on commit drop as
     select n, gen_random_uuid() as user_id from generate_series(0, $users - 1) n`,
  `create temp table lives on commit drop as
     select moments.n, assay_uuid(at) as id, assay_uuid(at) as result_id, user_id, at as created_at,
       at + interval '1 second' as started_at, at + interval '3 seconds' as finished_at,
       case abs(hashint4(moments.n)) % 10 when 0 then 'FAILED' when 1 then 'CANCELLED' else 'COMPLETED' end as status
     from (
       select n, now() - interval '1 day' * $days * ($count - n + 1) / $count as at from generate_series(1, $count) n
     ) moments join owners on owners.n = moments.n % $users order by moments.n`,
  `with jobs as (
     insert into analysis_jobs (id, user_id, kind, name, status, seq, attempt, max_attempts, priority, price, refunded,
       requested_by, result_id, progress, failure_code, failure_message, worker_free_at, created_at, updated_at, started_at,
       heartbeat_at, finished_at)
     select id, user_id, 'PROBE', 'A stored job', status, case status when 'CANCELLED' then 2 else 3 end,
       (status <> 'CANCELLED')::int, 3, 0, 1, status <> 'COMPLETED', 'user', result_id,
       jsonb_build_object('percent', case status when 'COMPLETED' then 100 else 0 end),
       case status when 'FAILED' then 'HANDLER_ERROR' when 'CANCELLED' then 'CANCELLED' end,
       case status when 'FAILED' then 'It did not work' when 'CANCELLED' then 'Cancelled by user' end,
       finished_at, created_at, finished_at, case when status <> 'CANCELLED' then started_at end,
       case when status <> 'CANCELLED' then started_at end, finished_at
     from lives
   )
   insert into analysis_results (id, job_id, user_id, status, assessment_name, test_data, test_result, created_at, updated_at)
   select result_id, id, user_id, status, 'A stored job', jsonb_build_object('answers', jsonb_build_array(n, n + 1, n + 2)),
     case status when 'COMPLETED' then jsonb_build_object('text', repeat(md5(n::text), 30)) end, created_at, finished_at
   from lives`,
  `insert into job_events (job_id, seq, type, user_id, result_id, kind, status, round, attempt, progress,
     assessment_name, error_message, at, xact)
   select id, case lives.status when 'CANCELLED' then (e.seq + 1) / 2 else e.seq end, e.type, user_id, result_id, 'PROBE',
     e.status, 1, e.attempt, jsonb_build_object('percent', e.percent), 'A stored job',
     case e.status when 'FAILED' then 'It did not work' when 'CANCELLED' then 'Cancelled by user' end, e.at, $xact
   from lives, lateral (
     values (1, 'QUEUED', 'QUEUED', 0, 0, created_at),
       (2, 'STARTED', 'PROCESSING', 1, 0, started_at),
       (3, lives.status, lives.status, (lives.status <> 'CANCELLED')::int,
         case lives.status when 'COMPLETED' then 100 else 0 end, finished_at)
   ) e (seq, type, status, attempt, percent, at)
   where lives.status <> 'CANCELLED' or e.type <> 'STARTED'`,
  `create temp table entries on commit drop as
     select user_id, null::uuid as job_id, null::int as round, 'GRANT' as entry, ${BALANCE} as amount,
       now() - interval '1 day' * ($days + 1) as at from owners
     union all select user_id, id, 1, 'CHARGE', -1, created_at from lives
     union all select user_id, id, 1, 'REFUND', 1, finished_at from lives where status <> 'COMPLETED'`,
  `insert into accounts (user_id, balance) select user_id, sum(amount) from entries group by user_id`,
  `insert into ledger_entries (id, user_id, job_id, round, entry, amount, balance, created_at)
   select assay_uuid(at), user_id, job_id, round, entry, amount, sum(amount) over (partition by user_id order by at, entry), at
   from entries`,
];
