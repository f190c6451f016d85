import { FINISHED } from '../../entities/job-status.ts';
import { type Invariant, list } from './invariant.ts';

/** The tasks that run jobs. A payload is compared as text: whatever stands in it, the question can be asked. */
const TASKS = `(
  select t.id, t.payload ->> 'jobId' as job_id, t.payload ->> 'round' as round, t.payload ->> 'attempt' as attempt,
    t.is_available as runnable, t.locked_by, t.locked_at
  from graphile_worker._private_jobs t join graphile_worker._private_tasks k on k.id = t.task_id
  where k.identifier = 'run_job'
)`;

/** A lease counts from the later of its last beat and the start of the database. */
const RAN_OUT = 'greatest(j.lease_expires_at, pg_postmaster_start_time() + lease.time) < now()';

/** Who works on what: queue, leases and workers. */
export const work = [
  {
    id: 'waiting-job-can-run',
    sentence: 'A waiting job has an attempt left',
    repair: 'fail',
    broken: `
      select j.id as subject, format('attempt %s of %s is over', j.attempt, j.max_attempts) as found
      from analysis_jobs j where j.status = 'QUEUED' and j.attempt >= j.max_attempts`,
  },
  {
    id: 'waiting-job-has-task',
    sentence: 'A waiting job has exactly one runnable task, which names its next attempt',
    settles: true,
    repair: 'requeue',
    broken: `
      select j.id as subject, format('since event %s; tasks: %s', j.seq, coalesce(string_agg(
        format('%s for round %s attempt %s%s', t.id, t.round, t.attempt, case when not t.runnable then ', not runnable' end),
        '; ' order by t.id) filter (where t.id is not null), 'none')) as found
      from analysis_jobs j left join ${TASKS} t on t.job_id = j.id::text
      where j.status = 'QUEUED'
      group by j.id
      having count(*) filter (where t.runnable) <> 1
        or bool_or(t.runnable and (t.round, t.attempt) is distinct from (j.round::text, (j.attempt + 1)::text))`,
  },
  {
    id: 'runnable-task-has-waiting-job',
    sentence: 'A runnable task belongs to a waiting job',
    settles: true,
    repair: 'drop tasks',
    broken: `
      select t.id as subject, format('round %s attempt %s of job %s, which is %s', t.round, t.attempt, t.job_id,
        coalesce(j.status, 'gone')) as found
      from ${TASKS} t left join analysis_jobs j on j.id::text = t.job_id
      where t.runnable and j.status is distinct from 'QUEUED'`,
  },
  {
    id: 'held-task-is-running',
    sentence: 'A task that is not runnable is held by a living worker, for the attempt that runs',
    settles: true,
    repair: 'rescue',
    broken: `
      select t.id as subject, format('round %s attempt %s of job %s, which is %s; held by %s since %s', t.round, t.attempt, t.job_id,
        coalesce(j.status, 'gone'), coalesce(t.locked_by, 'nobody'), t.locked_at) as found
      from ${TASKS} t left join analysis_jobs j on j.id::text = t.job_id left join workers w on w.pool_id = t.locked_by
      where not t.runnable
        and (w.id is null or (j.status, j.round::text, j.attempt::text) is distinct from ('PROCESSING', t.round, t.attempt))`,
  },
  {
    id: 'running-job-has-worker',
    sentence: 'A running job has a worker that was heard of within its lease',
    settles: true,
    repair: 'rescue',
    broken: `
      select j.id as subject, format('worker %s, lease ran out at %s', j.worker_id, j.lease_expires_at) as found
      from analysis_jobs j, lease where j.status = 'PROCESSING' and ${RAN_OUT}`,
  },
  {
    id: 'ended-job-is-let-go',
    sentence: 'A finished job holds no lease that ran out',
    settles: true,
    repair: 'rescue',
    broken: `
      select j.id as subject, format('worker %s, lease ran out at %s', j.worker_id, j.lease_expires_at) as found
      from analysis_jobs j, lease where j.status in (${list(FINISHED)}) and j.lease_token is not null and ${RAN_OUT}`,
  },
  {
    id: 'one-sync-per-source',
    sentence: 'Of a source one sync at most waits or runs',
    broken: `
      select unnest(array_agg(j.id)) as subject, format('one of %s active syncs of %s', count(*), j.sync_source) as found
      from analysis_jobs j where j.sync_source is not null and j.status in ('QUEUED', 'PROCESSING')
      group by j.sync_source having count(*) > 1`,
  },
  {
    id: 'gathered-rows-have-attempt',
    sentence: 'Rows that a sync has gathered belong to an attempt that runs',
    settles: true,
    repair: 'rescue',
    broken: `
      select s.job_id as subject, format('%s rows of the attempt %s, which is over', count(*), s.lease_token) as found
      from sync_staging s where not exists (
        select from analysis_jobs j where j.id = s.job_id and j.lease_token = s.lease_token and j.status = 'PROCESSING'
      )
      group by s.job_id, s.lease_token`,
  },
] as const satisfies Invariant[];
