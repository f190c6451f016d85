import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Job } from '../entities/job.ts';
import { JobEvent } from '../entities/job-event.ts';
import { ACTIVE, EventType, FINISHED, isFinished, JobStatus } from '../entities/job-status.ts';
import { Result } from '../entities/result.ts';
import type { Scope } from '../entities/scope.ts';
import { taskRemoved, workerTold } from './cancel.ts';
import { MOVES } from './machine.ts';
import { eventOf, moveTime, refundOf } from './move.ts';
import { owned, type Refused, readAny, readLive } from './refusal.ts';
import { transact } from './transact.ts';

export type RemoveOutcome =
  | { outcome: 'DELETED'; jobId: string; resultId: string | null; changed: boolean }
  | Refused<'NOT_FOUND' | 'JOB_ACTIVE'>;

/**
 * Leaves a tombstone of a finished job: its row and its times stay, its result and what its events said are gone.
 * Nothing is paid back. Deleting a deleted job gives the same answer.
 */
export async function bury(em: EntityManager, jobId: string, scope: Scope): Promise<RemoveOutcome> {
  for (;;) {
    const [buried] = await layDown(em, jobId, scope);
    if (buried) return { outcome: 'DELETED', jobId, resultId: buried.result_id, changed: true };
    const job = await readAny(em, jobId, scope);
    if (!job) return { outcome: 'NOT_FOUND' };
    if (job.deletedAt) return { outcome: 'DELETED', jobId, resultId: await resultBefore(em, job), changed: false };
    if (!isFinished(job.status)) return { outcome: 'JOB_ACTIVE', job };
    // It ended before it was read: now it can be deleted.
  }
}

async function layDown(em: EntityManager, jobId: string, scope: Scope): Promise<{ result_id: string | null }[]> {
  const event = eventOf(EventType.DELETED, sql`null::int`, { resultId: sql`r.result_id` });
  const which = sql`j.id = ${jobId} and ${owned(scope)} and j.status = any(${[...MOVES.delete.from]}) and j.deleted_at is null`;
  return await asDeletion(em, which, (transaction) =>
    sql<{ result_id: string | null }>`
      with result as (
        select j.id, j.result_id from analysis_jobs j where ${which}
      ), moved as (
        update analysis_jobs j
        set status = ${MOVES.delete.to}, seq = j.seq + 1, updated_at = ${moveTime}, deleted_at = ${moveTime},
          result_id = null, failure_message = case when j.failure_code is not null then 'Deleted' end,
          progress = jsonb_build_object('percent', j.progress -> 'percent')
        from result r where j.id = r.id
        returning j.*
      ), gone as (
        delete from analysis_results s using moved j where s.job_id = j.id
      ), files_gone as (
        delete from files f using moved j where f.job_id = j.id
      ), erased as (
        update job_events e
        set error_message = null, progress = jsonb_build_object('percent', e.progress -> 'percent')
        from moved j where e.job_id = j.id
      ), logged as (
        insert into job_events (${event.columns}) select ${event.values} from moved j join result r using (id)
      )
      select r.result_id from moved j join result r using (id)`.execute(transaction.getKysely()),
  );
}

/** Removes a job with all that belongs to it, in any status; one that is active is cancelled and paid back first. */
export async function forceDelete(em: EntityManager, jobId: string, scope: Scope): Promise<RemoveOutcome> {
  return (await erase(em, sql`j.id = ${jobId} and ${owned(scope)}`)) ?? { outcome: 'NOT_FOUND' };
}

/** Removes a result and its job, once the job is finished. */
export async function deleteResult(em: EntityManager, resultId: string, scope: Scope): Promise<RemoveOutcome> {
  const result = await em.fork().findOne(Result, { id: resultId }, { fields: ['jobId'] }); // its job is the same for ever
  if (!result) return { outcome: 'NOT_FOUND' };
  const which = sql`j.id = ${result.jobId} and ${owned(scope)} and j.deleted_at is null`;
  for (;;) {
    const erased = await erase(em, sql`${which} and j.status = any(${[...FINISHED]})`);
    if (erased) return erased;
    const job = await readLive(em, result.jobId, scope);
    if (!job) return { outcome: 'NOT_FOUND' };
    if (!isFinished(job.status)) return { outcome: 'JOB_ACTIVE', job };
    // It ended before it was read: now it can be deleted.
  }
}

async function erase(em: EntityManager, which: RawBuilder<unknown>): Promise<RemoveOutcome | null> {
  const [row] = await eraseAll(em, which);
  return row ? { outcome: 'DELETED', jobId: row.id, resultId: row.result_id, changed: true } : null;
}

/** A row that is gone, with the status in which it was removed. */
export interface Erased {
  id: string;
  result_id: string | null;
  was: JobStatus;
}

/** One statement: refund where the round was open, the row and all that hangs on it, and the one event that tells of it. */
export async function eraseAll(em: EntityManager, which: RawBuilder<unknown>): Promise<Erased[]> {
  const event = eventOf(EventType.DELETED, sql`r.balance`);
  return await asDeletion(em, which, (transaction) =>
    sql<Erased>`
      with removed as (
        delete from analysis_jobs j where ${which} returning j.*
      ), last as (
        select id, seq + 1 as seq, user_id, result_id, kind, ${JobStatus.CANCELLED}::text as status, round, attempt,
          '{"percent": 0}'::jsonb as progress, name, null::text as failure_message, null::timestamptz as finished_at,
          null::timestamptz as started_at, greatest(now(), updated_at) as updated_at, lease_token,
          price, status as was, status = any(${[...ACTIVE]}) and price > 0 as is_owed
        from removed
      ), ${refundOf(sql`last where is_owed`)}, erased as (
        delete from job_events e using last j where e.job_id = j.id
      ), logged as (
        insert into job_events (${event.columns})
        select ${event.values} from last j left join refund r on r.job_id = j.id
      )
      select j.id, j.result_id, j.was, ${taskRemoved} as task, ${workerTold} as told from last j`.execute(
      transaction.getKysely(),
    ),
  );
}

/**
 * The log yields to a deletion only where the transaction says that it is one. The jobs are locked by a statement of its own,
 * so that the next one sees every event of them: also that of a move it had to wait for. Locked in the order of their ids,
 * as everybody who locks several does it.
 */
async function asDeletion<Row>(
  em: EntityManager,
  which: RawBuilder<unknown>,
  act: (transaction: EntityManager) => Promise<{ rows: Row[] }>,
): Promise<Row[]> {
  return await transact(em, async (transaction) => {
    const db = transaction.getKysely();
    await sql`select set_config('assay.mover', 'delete', true)`.execute(db);
    await sql`select from analysis_jobs j where ${which} order by j.id for update`.execute(db);
    return (await act(transaction)).rows;
  });
}

/** The tombstone has forgotten its result; its log still says which one it was. */
async function resultBefore(em: EntityManager, job: Job): Promise<string | null> {
  const event = await em
    .fork()
    .findOne(JobEvent, { jobId: job.id, resultId: { $ne: null } }, { orderBy: { seq: 'DESC' } });
  return event?.resultId ?? null;
}
