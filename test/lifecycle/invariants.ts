import type pg from 'pg';

/**
 * What must hold of some users' rows at any moment between two moves, as queries that find the rows of which it does not.
 */
const rules: Record<string, string> = {
  'a balance is the sum of its user’s entries': `
    select a.user_id, a.balance, sum(l.amount) from accounts a left join ledger_entries l using (user_id)
    where user_id = any($1) group by a.user_id having a.balance <> coalesce(sum(l.amount), 0)`,

  'each entry tells the balance after it': `
    select * from (
      select *, sum(amount) over (partition by user_id order by id) as running from ledger_entries
      where user_id = any($1)
    ) entries where balance <> running`,

  'a priced round is charged once, and paid back once where it failed': `
    select j.id, j.status, j.price, entries from analysis_jobs j
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_array(entry, amount, round) order by id), '[]') as entries
      from ledger_entries where job_id = j.id
    ) ledger
    where user_id = any($1) and entries <> case
      when price = 0 then '[]'::jsonb
      when status in ('FAILED', 'CANCELLED')
        then jsonb_build_array(jsonb_build_array('CHARGE', -price, round), jsonb_build_array('REFUND', price, round))
      else jsonb_build_array(jsonb_build_array('CHARGE', -price, round))
    end`,

  'events are numbered 1, 2, 3 … up to the job’s seq, in order of time': `
    select j.id, j.seq, count(*) from analysis_jobs j left join (
      select *, lag(at) over (partition by job_id order by seq) as before from job_events
    ) e on e.job_id = j.id
    where j.user_id = any($1)
    group by j.id
    having count(e.seq) <> j.seq or min(e.seq) <> 1 or max(e.seq) <> j.seq or bool_or(e.at < e.before)`,

  'the last event has the status of the job, and a job ends once': `
    select j.id, j.status from analysis_jobs j join job_events last on last.job_id = j.id and last.seq = j.seq
    where j.user_id = any($1) and (last.status <> j.status or (
      select count(*) from job_events e where e.job_id = j.id and e.type in ('COMPLETED', 'FAILED', 'STUCK', 'CANCELLED')
    ) <> (j.finished_at is not null)::int)`,

  'a job has one result, of its own status': `
    select j.id from analysis_jobs j left join analysis_results r on r.id = j.result_id
    where j.user_id = any($1)
      and (r.job_id is distinct from j.id or r.status <> j.status or r.user_id <> j.user_id)`,

  'a waiting job has exactly one runnable task, which names its next attempt': `
    select j.id from analysis_jobs j
    left join graphile_worker._private_jobs t on t.payload ->> 'jobId' = j.id::text and t.is_available
    where j.user_id = any($1) and j.status = 'QUEUED'
    group by j.id
    having count(t.id) <> 1 or min(t.key) <> 'job:' || j.id
      or min((t.payload ->> 'attempt')::int) <> j.attempt + 1 or min((t.payload ->> 'round')::int) <> j.round`,

  'no other job has a runnable task': `
    select j.id, j.status from graphile_worker._private_jobs t
    join analysis_jobs j on j.id::text = t.payload ->> 'jobId'
    where j.user_id = any($1) and t.is_available and j.status <> 'QUEUED'`,
};

/** The rules that are broken, each with the rows that break it; empty when all is well. */
export async function findBroken(
  client: Pick<pg.ClientBase, 'query'>,
  userIds: string[],
): Promise<Record<string, unknown[]>> {
  const broken: Record<string, unknown[]> = {};
  for (const [rule, query] of Object.entries(rules)) {
    const { rows } = await client.query<Record<string, unknown>>(query, [userIds]);
    if (rows.length > 0) broken[rule] = rows;
  }
  return broken;
}
