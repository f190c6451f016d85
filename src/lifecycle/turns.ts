import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { JobStatus } from '../entities/job-status.ts';
import { addTask } from './move.ts';

/**
 * How long a job that may not run yet is put off at least, in milliseconds. The end of another one calls it before, so it
 * need not be short.
 */
const PUT_OFF_MS = 5_000;

/**
 * Lets the starts of one user come one after the other for the rest of the transaction, so that each counts those before
 * it. The lock is theirs alone: nobody waits for it who holds a job or an account.
 */
export async function lockTurn(em: EntityManager, jobId: string): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended('running ' || user_id, 0)) from analysis_jobs
    where id = ${jobId}`.execute(em.getKysely());
}

/** Whether one more job of the owner of `j` may run. Syncs are the system's, and no user's. */
export const isTurn = (runningPerUser: number): RawBuilder<unknown> => sql`(
  j.sync_source is not null or ${runningPerUser} > (
    select count(*) from analysis_jobs o where o.user_id = j.user_id and o.status = ${JobStatus.PROCESSING}
  ))`;

/**
 * Gives a waiting job a new task in the place of the one that is at hand, if it is due. Who waits behind others comes back
 * later than these: however many wait, few ask in vain.
 * @param isDue which job, and on what condition: a predicate over `j`
 */
export async function putOff(em: EntityManager, isDue: RawBuilder<unknown>, runningPerUser: number): Promise<void> {
  const db = em.getKysely();
  const { rows } = await sql<{ id: string; ahead: number }>`
    select j.id, (
      select count(*)::int from analysis_jobs o
      where o.user_id = j.user_id and o.status = ${JobStatus.QUEUED} and (o.priority, o.id) < (j.priority, j.id)
    ) as ahead
    from analysis_jobs j where ${isDue} and j.status = ${JobStatus.QUEUED} for update`.execute(db);
  const [job] = rows;
  if (!job) return;
  const delayMs = PUT_OFF_MS * (1 + job.ahead / runningPerUser);
  const { rows: tasks } = await sql<{ task_id: string | null }>`
    select ${addTask(delayMs)} as task_id from analysis_jobs j where j.id = ${job.id}`.execute(db);
  if (!tasks[0]?.task_id) throw new Error(`the queue took no task for job ${job.id}`);
}

/**
 * Lets the first of a user's jobs that were put off come at once, because one of his has ended. One that waits between its
 * attempts is left alone.
 */
export async function callNext(em: EntityManager, userId: string): Promise<void> {
  await sql`
    select ${addTask()} from (
      select j.* from analysis_jobs j join graphile_worker.jobs t on t.key = 'job:' || j.id
      where j.user_id = ${userId} and j.status = ${JobStatus.QUEUED} and j.attempt = 0
        and t.locked_at is null and t.run_at > now()
      order by j.priority, j.id limit 1 for update of j skip locked
    ) j`.execute(em.getKysely());
}
