import type { Findings } from './findings.ts';
import type { Postgres } from './postgres.ts';

/**
 * What must hold once nothing is active any more, as queries over the views for outside checkers: each finds what breaks
 * its rule. They are written without a look at the code's own checks, so that the two can disagree.
 */
const RULES: Record<string, string> = {
  'nothing is active': `select id as job_id, status from audit_v1.jobs where status in ('QUEUED', 'PROCESSING')`,

  'each thread is known to be gone': `
    select id as job_id, status, lease_expires_at from audit_v1.jobs
    where finished_at is null or worker_free_at is null or lease_expires_at is not null
      or worker_free_at < finished_at`,

  'the queue is empty': 'select job_id, round, attempt, locked, runnable from audit_v1.queue',

  'a live job has one result, of its status; a tombstone none': `
    select j.id as job_id, j.status, count(r.id), min(r.status) as result from audit_v1.jobs j
    left join audit_v1.results r on r.job_id = j.id
    group by j.id, j.status, j.deleted_at, j.result_id
    having case when j.deleted_at is null
      then count(r.id) <> 1 or min(r.status) <> j.status or min(r.id::text) <> j.result_id::text
        or bool_or(r.has_test_result) <> (j.status = 'COMPLETED')
      else count(r.id) <> 0 or j.status <> 'CANCELLED' end`,

  'a result has a job': `
    select r.job_id, r.id from audit_v1.results r where not exists (select from audit_v1.jobs j where j.id = r.job_id)`,

  'no balance was ever below zero': `
    select * from (
      select user_id, job_id, entry, sum(amount) over (partition by user_id order by id) as balance from audit_v1.ledger
    ) entries where balance < 0`,

  'each round is charged once': `
    select j.id as job_id, rounds.round, j.price, count(l.id), sum(l.amount) from audit_v1.jobs j
    cross join lateral generate_series(1, j.round) rounds (round)
    left join audit_v1.ledger l on l.job_id = j.id and l.round = rounds.round and l.entry = 'CHARGE'
    group by j.id, j.price, rounds.round
    having count(l.id) <> (j.price > 0)::int or coalesce(sum(l.amount), 0) <> -j.price`,

  'a round that failed or was cancelled is paid back once, a completed one never': `
    select j.id as job_id, ends.type, ends.round, j.price, count(l.id), sum(l.amount) from audit_v1.jobs j
    join audit_v1.events ends on ends.job_id = j.id and ends.type in ('COMPLETED', 'FAILED', 'STUCK', 'CANCELLED')
    left join audit_v1.ledger l on l.job_id = j.id and l.round = ends.round and l.entry = 'REFUND'
    group by j.id, j.price, ends.type, ends.round
    having count(l.id) <> (ends.type <> 'COMPLETED' and j.price > 0)::int
      or coalesce(sum(l.amount), 0) <> case when ends.type = 'COMPLETED' then 0 else j.price end`,

  'an entry of a job belongs to its user and to a round of it; a removed job leaves whole rounds': `
    select l.job_id, l.round, array_agg(l.entry || ' ' || l.amount) as entries from audit_v1.ledger l
    left join audit_v1.jobs j on j.id = l.job_id
    where l.job_id is not null
    group by l.job_id, l.round, j.id, j.round, j.user_id
    having count(*) filter (where l.entry = 'CHARGE') <> 1 or count(*) filter (where l.entry = 'REFUND') > 1
      or bool_or(l.user_id <> j.user_id) or l.round > j.round
      or (count(*) filter (where l.entry = 'REFUND') = 1 and sum(l.amount) <> 0)`,

  'a round before the last one is paid back, also of a removed job': `
    select l.job_id, l.round from audit_v1.ledger l
    where l.entry = 'CHARGE'
      and exists (select from audit_v1.ledger later where later.job_id = l.job_id and later.round > l.round)
      and not exists (select from audit_v1.ledger r where r.job_id = l.job_id and r.round = l.round and r.entry = 'REFUND')`,

  'events are numbered without a gap up to the job’s seq, and time does not run backwards': `
    select j.id as job_id, j.seq, count(e.seq), min(e.seq), max(e.seq) from audit_v1.jobs j
    left join (select *, lag(at) over (partition by job_id order by seq) as before from audit_v1.events) e on e.job_id = j.id
    group by j.id, j.seq
    having count(e.seq) <> j.seq or min(e.seq) <> 1 or max(e.seq) <> j.seq or bool_or(e.at < e.before)`,

  'events tell a possible story': `
    select job_id, seq, before, type, round, attempt from (
      select *, lag(type) over story as before, lag(round) over story as last_round, lag(attempt) over story as last_attempt
      from audit_v1.events e where exists (select from audit_v1.jobs j where j.id = e.job_id)
      window story as (partition by job_id order by seq)
    ) steps
    where case type
      when 'QUEUED' then before is null and round = 1 and attempt = 0
      when 'STARTED' then before in ('QUEUED', 'RELEASED', 'RETRIED') and attempt = last_attempt + 1 and round = last_round
      when 'RELEASED' then before = 'STARTED' and attempt in (last_attempt, last_attempt - 1) and round = last_round
      when 'COMPLETED' then before = 'STARTED' and attempt = last_attempt and round = last_round
      when 'FAILED' then before = 'STARTED' and attempt = last_attempt and round = last_round
      when 'STUCK' then before = 'STARTED' and attempt = last_attempt and round = last_round
      when 'CANCELLED' then before in ('QUEUED', 'STARTED', 'RELEASED', 'RETRIED') and round = last_round
      when 'RETRIED' then before in ('FAILED', 'STUCK', 'CANCELLED') and round = last_round + 1 and attempt = 0
      when 'DELETED' then before in ('COMPLETED', 'FAILED', 'STUCK', 'CANCELLED')
    end is not true`,

  'the last event has the job as it is': `
    select j.id as job_id, j.status, e.type, e.status as told, e.round, e.attempt from audit_v1.jobs j
    join audit_v1.events e on e.job_id = j.id and e.seq = j.seq
    where (e.status, e.round, e.attempt) is distinct from (j.status, j.round, j.attempt)
      or (e.type = 'DELETED') <> (j.deleted_at is not null)`,

  'a round ends once': `
    select job_id, round, array_agg(type) as ends from audit_v1.events
    where type in ('COMPLETED', 'FAILED', 'STUCK', 'CANCELLED') group by job_id, round having count(*) > 1`,

  // Not a view: what a probe answers is its own, and it names the attempt that it ran in.
  'the answer is that of the attempt which completed the job': `
    select r.job_id, r.test_result ->> 'attempt' as answered, e.attempt from analysis_results r
    join audit_v1.events e on e.job_id = r.job_id and e.type = 'COMPLETED'
    where r.test_result ? 'attempt' and (r.test_result ->> 'attempt')::int <> e.attempt`,

  // Nor these: a job of a file kind has what it was given, and what it made once it is completed; a tombstone has neither.
  'a job has its files, and no others': `
    select j.id as job_id, j.kind, j.status, array_agg(f.role) as files from audit_v1.jobs j
    left join files f on f.job_id = j.id
    group by j.id, j.kind, j.status, j.deleted_at
    having (count(f.id) filter (where f.role = 'INPUT'), count(f.id) filter (where f.role = 'OUTPUT')) <>
      case when j.kind in ('COMPRESS', 'FORECAST') and j.deleted_at is null
        then (1::bigint, (j.status = 'COMPLETED')::int::bigint) else (0::bigint, 0::bigint) end`,

  'of a removed job one event is left': `
    select job_id, array_agg(type) as types from audit_v1.events e
    where not exists (select from audit_v1.jobs j where j.id = e.job_id)
    group by job_id having array_agg(type) <> array['DELETED']`,

  'a key leads to a job of its user': `
    select k.job_id, k.key from audit_v1.idempotency k left join audit_v1.jobs j on j.id = k.job_id
    where j.user_id is distinct from k.user_id`,
};

const SHOWN = 5;

/** Runs every query and notes what it finds, a few rows of each. */
export async function audit({ query }: Pick<Postgres, 'query'>, findings: Findings): Promise<void> {
  for (const [rule, text] of Object.entries(RULES)) {
    const rows = await query<Record<string, unknown>>(text);
    for (const row of rows.slice(0, SHOWN)) {
      const jobId = typeof row.job_id === 'string' ? row.job_id : undefined;
      findings.violation(rule, JSON.stringify(row), jobId);
    }
    if (rows.length > SHOWN) findings.violation(rule, `… and ${rows.length - SHOWN} more`);
  }
}
