import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { Account } from '../entities/account.ts';
import type { Job } from '../entities/job.ts';
import { EventType, isFinished, type JobKind, JobStatus } from '../entities/job-status.ts';
import type { Origin } from '../entities/origin.ts';
import type { Scope } from '../entities/scope.ts';
import { MOVES } from './machine.ts';
import { addTask, eventOf, jobOf, type Moved, moveTime } from './move.ts';
import { owned, type Refused, readLive } from './refusal.ts';
import { activeJobsOf, hasRoom, isQueueFull, originOf } from './submit.ts';
import { findActiveSync, isSecondSync } from './sync.ts';
import { transact } from './transact.ts';

export type RetryOutcome =
  | ({ outcome: 'RETRIED' } & Moved)
  | { outcome: 'QUEUE_LIMIT_REACHED' }
  | Refused<'NOT_FOUND' | 'JOB_ACTIVE' | 'NOT_RETRYABLE' | 'INSUFFICIENT_TOKENS'>;

export interface Retry {
  jobId: string;
  scope: Scope;
  /** Today's price of a kind, in tokens. */
  priceOf: (kind: JobKind) => number;
  tierPriority: number;
  /** How many jobs of one user may wait at once; any number, where it is not said. */
  queuedPerUser?: number | undefined;
  /** Which request asks for it. */
  origin?: Origin;
}

/**
 * Opens a new round of a job that failed or was cancelled: charged anew, with all attempts before it, and nothing left of
 * the last round but its events and its entries in the ledger. It does not wait for a thread of the last round; whatever
 * that one still writes is refused.
 */
export async function retry(em: EntityManager, options: Retry): Promise<RetryOutcome> {
  const before = await readLive(em, options.jobId, options.scope);
  if (!before) return { outcome: 'NOT_FOUND' };
  const price = options.priceOf(before.kind); // the one thing of a job that never changes, so it may be read ahead
  for (;;) {
    const reopened = await tryReopen(em, { ...options, price, queuedPerUser: placesOf(before, options) }, before);
    if (reopened) return reopened;
    const job = await readLive(em, options.jobId, options.scope);
    if (!job) return { outcome: 'NOT_FOUND' };
    if (!isFinished(job.status)) return { outcome: 'JOB_ACTIVE', job };
    if (job.status === JobStatus.COMPLETED) return { outcome: 'NOT_RETRYABLE', job };
    const queuedPerUser = placesOf(job, options);
    if (await isQueueFull(em.fork(), job.userId, queuedPerUser)) return { outcome: 'QUEUE_LIMIT_REACHED' };
    const available = (await em.fork().findOne(Account, { userId: job.userId }))?.balance ?? 0;
    if (available < price) return { outcome: 'INSUFFICIENT_TOKENS', required: price, available };
    // It ended, the account was filled, or a place came free, before they were read: now nothing speaks against it.
  }
}

/** The syncs are the system's, which has no queue to fill. */
const placesOf = ({ syncSource }: Job, { queuedPerUser }: Retry): number | undefined =>
  syncSource ? undefined : queuedPerUser;

/** @returns null where the guard did not hold, or held by now */
async function tryReopen(
  em: EntityManager,
  options: Retry & { price: number },
  { syncSource }: Job,
): Promise<RetryOutcome | null> {
  try {
    const moved = await transact(em, (transaction) => reopen(transaction, options));
    return moved && { outcome: 'RETRIED', ...moved };
  } catch (error) {
    if (!syncSource || !isSecondSync(error)) throw error;
    const job = await findActiveSync(em.fork(), syncSource);
    return job && { outcome: 'JOB_ACTIVE', job };
  }
}

/** The job is locked before the account, as every other move does it. */
async function reopen(
  em: EntityManager,
  { jobId, scope, price, tierPriority, queuedPerUser, origin }: Retry & { price: number },
): Promise<Moved | null> {
  if (queuedPerUser !== undefined) await lockOwner(em, jobId);
  const event = eventOf(EventType.RETRIED, sql`c.balance`);
  const { rows } = await sql<Record<string, unknown> & { token_balance: number | null; task_id: string | null }>`
    with target as (
      select j.id, j.user_id from analysis_jobs j
      where j.id = ${jobId} and ${owned(scope)} and ${hasRoom(sql`j.user_id`, queuedPerUser)}
        and j.status = any(${[...MOVES.retry.from]}) and j.deleted_at is null
      for update
    ), paid as (
      update accounts a set balance = a.balance - ${price} from target t
      where a.user_id = t.user_id and ${price}::int > 0 and a.balance >= ${price}
      returning a.balance
    ), moved as (
      update analysis_jobs j
      set status = ${MOVES.retry.to}, seq = j.seq + 1, updated_at = ${moveTime}, round = j.round + 1, attempt = 0,
        price = ${price}, priority = ${tierPriority}::int + ${activeJobsOf(sql`j.user_id`)}, refunded = false,
        failure_code = null, failure_message = null, progress = '{"percent": 0}', started_at = null, finished_at = null,
        heartbeat_at = null, worker_free_at = null, lease_token = null, lease_expires_at = null, worker_id = null,
        origin = ${originOf({ origin })}::jsonb
      from target t
      where j.id = t.id and (${price}::int = 0 or exists (select from paid))
      returning j.*
    ), carried as (
      update analysis_results s set status = j.status, updated_at = j.updated_at, test_result = null,
        is_public = false, share_id = null
      from moved j where s.job_id = j.id
    ), charge as (
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select j.user_id, 'CHARGE', -j.price, paid.balance, j.id, j.round from moved j, paid
      returning balance
    ), logged as (
      insert into job_events (${event.columns}) select ${event.values} from moved j left join charge c on true
    )
    select j.*, c.balance as token_balance, ${addTask()} as task_id
    from moved j left join charge c on true`.execute(em.getKysely());
  const [row] = rows;
  if (!row) return null;
  const { token_balance, task_id, ...columns } = row;
  if (task_id === null) throw new Error(`the queue took no task for job ${jobId}`);
  return { job: jobOf(em, columns), tokenBalance: token_balance };
}

/** So that what counts the waiting jobs next comes after every submit and retry of the same user. */
async function lockOwner(em: EntityManager, jobId: string): Promise<void> {
  await sql`
    with target as materialized (
      select user_id from analysis_jobs where id = ${jobId} for update
    )
    select from accounts where user_id = (select user_id from target) for update`.execute(em.getKysely());
}
