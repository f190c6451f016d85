import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { FailureCode, JobStatus } from '../entities/job-status.ts';
import { backInQueue, leaseGivenBack } from './attempt.ts';
import { addTask, interval, type Moved, move, moveTime } from './move.ts';

/** Jobs that one statement takes up; what is left over is the next tick's. */
const BATCH = 100;

export interface Rescue {
  /** How long a silent worker counts as alive, in milliseconds. */
  leaseMs: number;
}

/** What a rescue did, as the ids of the jobs. */
export interface Rescued {
  released: string[];
  failed: string[];
  requeued: string[];
}

/**
 * Takes up the work of dead workers. Safe to run any number of times at once: each row is worked on by whoever locks it,
 * the others skip it.
 *
 * - A job whose lease ran out goes back to the queue, or fails on its last attempt.
 * - Queue tasks that a dead worker has locked are freed; used-up ones are deleted.
 * - A waiting job whose task is gone gets a new one.
 */
export async function rescue(em: EntityManager, options: Rescue): Promise<Rescued> {
  const released = await em.fork().transactional((transaction) =>
    move(transaction, 'release', {
      where: sql`${isLost(options)} and j.attempt < j.max_attempts`,
      set: backInQueue,
      errorMessage: 'The worker was lost',
    }),
  );
  const failed = await move(em.fork(), 'fail', {
    where: sql`${isLost(options)} and j.attempt >= j.max_attempts`,
    set: sql`finished_at = ${moveTime}, failure_code = ${FailureCode.WORKER_LOST},
      failure_message = 'The worker was lost on the last attempt', refunded = j.price > 0, ${leaseGivenBack}`,
  });
  await forgetDeadWorkers(em.fork(), options);
  const requeued = await requeueLost(em.fork(), options);
  const ids = (moved: Moved[]) => moved.map(({ job }) => job.id);
  return { released: ids(released), failed: ids(failed), requeued };
}

/** Locked by whoever looks first. A lease is counted from the later of its last beat and the database's own start. */
const isLost = ({ leaseMs }: Rescue) => sql`j.id = any(array(
  select id from analysis_jobs
  where status = ${JobStatus.PROCESSING}
    and greatest(lease_expires_at, pg_postmaster_start_time() + ${interval(leaseMs)}) < now()
  order by id limit ${BATCH} for update skip locked
))`;

/** The queue keeps the locks of a killed worker for hours; ours is known dead after one lease without a beat. */
async function forgetDeadWorkers(em: EntityManager, { leaseMs }: Rescue): Promise<void> {
  const silent = sql`greatest(heartbeat_at, pg_postmaster_start_time()) < now() - ${interval(leaseMs)}`;
  await sql`
    with unlocked as (
      select graphile_worker.force_unlock_workers(array_agg(distinct t.locked_by))
      from graphile_worker.jobs t
      where t.locked_by is not null and t.locked_at < now() - ${interval(leaseMs)}
        and not exists (select from workers w where w.pool_id = t.locked_by and not (${silent}))
      having count(*) > 0
    )
    select count(*) from unlocked`.execute(em.getKysely());
  await sql`
    select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs
    where task_identifier = 'run_job' and locked_at is null and attempts >= max_attempts
    having count(*) > 0`.execute(em.getKysely());
  await sql`delete from workers where ${silent}`.execute(em.getKysely());
}

/** A grace of one lease keeps this from racing with a start that is just under way. */
async function requeueLost(em: EntityManager, { leaseMs }: Rescue): Promise<string[]> {
  const { rows } = await sql<{ id: string; task_id: string | null }>`
    with lost as materialized (
      select j.* from analysis_jobs j
      where j.status = ${JobStatus.QUEUED} and j.updated_at < now() - ${interval(leaseMs)} and not exists (
        select from graphile_worker.jobs t where t.key = 'job:' || j.id
      )
      order by j.priority, j.id limit ${BATCH} for update skip locked
    )
    select j.id, ${addTask()} as task_id from lost j`.execute(em.getKysely());
  return rows.map((row) => row.id);
}
