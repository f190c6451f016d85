import { GUARDS } from './guards.ts';
import { type Invariant, list } from './invariant.ts';

/** How the rows of one job hang together, and what guards them. */
export const rows = [
  {
    id: 'job-has-its-result',
    sentence: 'A job that is not deleted has a result and points at it',
    repair: 'restore result',
    broken: `
      select j.id as subject, format('points at %s, has %s', j.result_id, coalesce(s.id::text, 'none')) as found
      from analysis_jobs j left join analysis_results s on s.job_id = j.id
      where j.deleted_at is null and (s.id is null or s.id is distinct from j.result_id)`,
  },
  {
    id: 'result-follows-job',
    sentence: 'A result has the status and the owner of its job',
    repair: 'sync status',
    broken: `
      select j.id as subject, format('job: %s of %s, result: %s of %s', j.status, j.user_id, s.status, s.user_id) as found
      from analysis_results s join analysis_jobs j on j.id = s.job_id
      where j.deleted_at is null and (s.status, s.user_id) is distinct from (j.status, j.user_id)`,
  },
  {
    id: 'result-has-its-job',
    sentence: 'There is no result without a job, or of a deleted one',
    repair: 'remove orphans',
    broken: `
      select s.id as subject, format('its job %s is %s', s.job_id, case when j.id is null then 'gone' else 'deleted' end) as found
      from analysis_results s left join analysis_jobs j on j.id = s.job_id where j.id is null or j.deleted_at is not null`,
  },
  {
    id: 'one-owner',
    sentence: 'What belongs to a job belongs to its owner',
    broken: `
      select j.id as subject, format('is %s’s %s, its event %s is %s’s %s', j.user_id, j.kind, e.seq, e.user_id, e.kind) as found
      from job_events e join analysis_jobs j on j.id = e.job_id where (e.user_id, e.kind) <> (j.user_id, j.kind)
      union all
      select j.id, format('is %s’s, its %s is %s’s', j.user_id, l.entry, l.user_id)
      from ledger_entries l join analysis_jobs j on j.id = l.job_id where l.user_id <> j.user_id
      union all
      select j.id, format('is %s’s, its file %s is %s’s', j.user_id, f.id, f.user_id)
      from files f join analysis_jobs j on j.id = f.job_id where f.user_id <> j.user_id`,
  },
  {
    id: 'file-has-its-job',
    sentence: 'There is no file of a job that is gone or deleted',
    repair: 'remove orphans',
    broken: `
      select f.id as subject,
        format('%s of %s, which is %s', f.role, f.job_id, case when j.id is null then 'gone' else 'deleted' end) as found
      from files f left join analysis_jobs j on j.id = f.job_id
      where f.job_id is not null and (j.id is null or j.deleted_at is not null)`,
  },
  {
    id: 'file-keeps-its-bytes',
    sentence: 'The bytes of a file are not about to be removed',
    broken: `
      select f.id as subject, format('its bytes %s are due at %s', f.stored_as, r.due_at) as found
      from files f join file_removals r using (stored_as)`,
  },
  {
    id: 'key-leads-to-own-job',
    sentence: 'An idempotency key leads to a job of its user, and is gone with it',
    broken: `
      select k.job_id as subject, format('key %s of %s; the job is %s', k.key, k.owner, coalesce(j.user_id || '’s', 'gone')) as found
      from idempotency_keys k left join analysis_jobs j on j.id = k.job_id
      where k.job_id is not null and k.owner is distinct from j.user_id::text`,
  },
  {
    id: 'guards-stand',
    sentence: 'Every constraint and trigger is there, is on, and has seen every row',
    broken: `
      with standing as (
        select conname as name, convalidated as valid from pg_constraint where connamespace = 'public'::regnamespace
        union all
        select tgname, tgenabled in ('O', 'A') from pg_trigger where not tgisinternal
      )
      select g.name as subject, coalesce('has not seen every row, or is off: ' || s.name, 'is not there') as found
      from unnest(array[${list(GUARDS)}]) as g (name) left join standing s using (name)
      where s.valid is distinct from true`,
  },
] as const satisfies Invariant[];
