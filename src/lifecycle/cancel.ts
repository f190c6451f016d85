import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Job } from '../entities/job.ts';
import { FailureCode, isFinished, JobStatus } from '../entities/job-status.ts';
import type { Scope } from '../entities/scope.ts';
import type { Lease } from './attempt.ts';
import { MOVES } from './machine.ts';
import { type Moved, move, moveTime } from './move.ts';
import { owned, type Refused, readLive } from './refusal.ts';
import { STOP_CHANNEL } from './stop-channel.ts';
import { transact } from './transact.ts';

export type CancelOutcome =
  /** `changed` is false where the job was cancelled before. */
  | { outcome: 'CANCELLED'; job: Job; tokenBalance: number | null; changed: boolean }
  | Refused<'NOT_FOUND' | 'JOB_FINISHED'>;

export interface Cancel {
  jobId: string;
  scope: Scope;
  /** What the job's failure says: who cancelled it. */
  message: string;
}

/**
 * Ends an active job at once, and pays its price back. The lease of a running attempt stays on the row until its thread
 * is really gone; its worker hears of it by a notification, or by its next write, which is refused.
 */
export async function cancel(em: EntityManager, options: Cancel): Promise<CancelOutcome> {
  const { jobId, scope } = options;
  for (;;) {
    const [moved] = await transact(em, (transaction) => end(transaction, [jobId], options));
    if (moved) return { outcome: 'CANCELLED', ...moved, changed: true };
    const job = await readLive(em, jobId, scope);
    if (!job) return { outcome: 'NOT_FOUND' };
    if (job.status === JobStatus.CANCELLED) return { outcome: 'CANCELLED', job, tokenBalance: null, changed: false };
    if (isFinished(job.status)) return { outcome: 'JOB_FINISHED', job };
    // It was finished, and was retried before it was read: now there is something to cancel.
  }
}

/** Jobs that are cancelled in one transaction: enough to be quick, and too few to hold anybody up. */
const BATCH = 100;

/** Cancels many jobs, a hundred in one transaction. @returns the outcomes in the order of the ids */
export async function cancelMany(
  em: EntityManager,
  jobIds: readonly string[],
  options: Omit<Cancel, 'jobId'>,
): Promise<CancelOutcome[]> {
  const moved = new Map<string, Moved>();
  for (let at = 0; at < jobIds.length; at += BATCH) {
    const batch = jobIds.slice(at, at + BATCH);
    const ended = await transact(em.fork(), (transaction) => end(transaction, batch, options));
    for (const one of ended) moved.set(one.job.id, one);
  }
  const outcomes: CancelOutcome[] = [];
  for (const jobId of jobIds) {
    const one = moved.get(jobId);
    // Those that were not there to be cancelled are asked one by one why.
    outcomes.push(
      one ? { outcome: 'CANCELLED', ...one, changed: true } : await cancel(em.fork(), { ...options, jobId }),
    );
  }
  return outcomes;
}

/**
 * The rows are locked by a statement of its own, so that the snapshot of the next one has the very last progress: the
 * event keeps it, and the row does not. Locked in the order of their ids, as everybody who locks several does it.
 */
export async function end(
  em: EntityManager,
  jobIds: string[],
  { scope, message }: Omit<Cancel, 'jobId'>,
): Promise<Moved[]> {
  const { rows: locked } = await sql<{ id: string }>`
    select j.id from analysis_jobs j
    where j.id = any(${jobIds}::uuid[]) and ${owned(scope)} and j.status = any(${[...MOVES.cancel.from]})
    order by j.id for update`.execute(em.getKysely());
  return await move(em, 'cancel', {
    where: sql`j.id = any(${locked.map(({ id }) => id)}::uuid[])`,
    set: sql`finished_at = ${moveTime}, failure_code = ${FailureCode.CANCELLED}, failure_message = ${message},
      refunded = j.price > 0, progress = '{"percent": 0}',
      worker_free_at = case when j.lease_token is null then ${moveTime} end`,
    eventProgress: sql`(select b.progress from analysis_jobs b where b.id = j.id)`,
    also: sql`concat(${taskRemoved}, ${workerTold})`,
  });
}

/** Takes the task of a job out of the queue; one that a worker holds goes when its handler ends. */
export const taskRemoved: RawBuilder<unknown> = sql`(graphile_worker.remove_job('job:' || j.id)).id`;

/** Tells the worker, inside the transaction: this is rare, and it is urgent. */
export const workerTold: RawBuilder<unknown> = sql`
  case when j.lease_token is not null then pg_notify(${STOP_CHANNEL}, j.lease_token::text)::text end`;

/**
 * Writes down that the thread of a job that was ended from outside is gone. No event: clients who were woken read again.
 * @returns false where the lease is not on the job any more: it was retried, deleted or rescued
 */
export async function free(em: EntityManager, { jobId, leaseToken }: Lease): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update analysis_jobs j set ${threadGone}
    where j.id = ${jobId} and j.lease_token = ${leaseToken} and j.status in ('FAILED', 'CANCELLED')`.execute(
    em.getKysely(),
  );
  return numAffectedRows === 1n;
}

/** Assignments that take the lease off a finished job. */
export const threadGone = sql`worker_free_at = greatest(now(), j.finished_at), lease_token = null,
  lease_expires_at = null, worker_id = null`;
