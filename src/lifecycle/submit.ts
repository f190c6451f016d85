import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { File } from '../entities/file.ts';
import { Job } from '../entities/job.ts';
import { EventType, FileRole, type JobKind } from '../entities/job-status.ts';
import type { SyncSource } from '../entities/sync-source.ts';
import { openBalance } from './ledger.ts';
import { addTask, eventOf } from './move.ts';
import { transact } from './transact.ts';

/** One piece of work as it is handed in: checked by its kind, priced, and not yet paid. */
export interface Submission {
  userId: string;
  kind: JobKind;
  /** What the user calls it: the assessment's name, or a title. */
  name: string;
  testData: unknown;
  rawResponses?: unknown;
  /** Tokens. */
  price: number;
  maxAttempts: number;
  /** The number of the user's tier; smaller is served first. */
  tierPriority: number;
  idempotency?: { key: string; mutation: string; inputHash: string };
  /** The file that the job works on: an upload of the same user that is complete and that no other job took. */
  uploadId?: string;
  /** `user`, unless said otherwise. */
  requestedBy?: string;
  /** What a SYNC job copies. */
  syncSource?: SyncSource;
}

export type SubmitOutcome =
  | { outcome: 'SUBMITTED'; job: Job; replayed: boolean }
  | { outcome: 'INSUFFICIENT_TOKENS'; required: number; available: number }
  | { outcome: 'IDEMPOTENCY_KEY_REUSED' }
  /** As many jobs of the user wait as may. */
  | { outcome: 'QUEUE_LIMIT_REACHED' }
  | { outcome: UploadFault };

/** Why a job cannot have its upload. */
export type UploadFault = 'UPLOAD_NOT_FOUND' | 'UPLOAD_NOT_STORED' | 'UPLOAD_TAKEN';

export interface Submitted {
  /** In the order of the submissions. */
  outcomes: SubmitOutcome[];
  tokenBalance: number;
}

/** A user's active jobs count against the priority of his next one, up to here. */
const PRIORITY_CAP = 1_000;

/** How many active jobs a user has, as an expression. */
export const activeJobsOf = (userId: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
  select count(*)::int from (
    select from analysis_jobs o where o.user_id = ${userId} and o.status in ('QUEUED', 'PROCESSING') limit ${PRIORITY_CAP}
  ) active)`;

/** What holds for the submits of every user. */
export interface SubmitTerms {
  /** What a user owns when he is first seen. */
  startingTokens: number;
  /** How many jobs of one user may wait at once; any number, where it is not said. */
  queuedPerUser?: number | undefined;
}

/** Whether one more job of a user may wait. Who asks holds the lock on the account, so that the answer stays true. */
export const hasRoom = (userId: RawBuilder<unknown>, queuedPerUser: number | undefined): RawBuilder<unknown> =>
  queuedPerUser === undefined
    ? sql`true`
    : sql`(
  select count(*) from (
    select from analysis_jobs o where o.user_id = ${userId} and o.status = 'QUEUED' limit ${queuedPerUser}
  ) queued) < ${queuedPerUser}`;

/**
 * Submits one user's work, all of it in one transaction: for each submission the job, its result row with the input, the
 * charge, the first event, the key and the queue task, in one statement. A submission that is refused leaves nothing.
 *
 * The account is locked first. So a user's submits come one after the other, and all questions, whether the balance is
 * enough, whether the key was used and whether the queue is full, are asked of what is really there.
 */
export async function submit(
  em: EntityManager,
  userId: string,
  submissions: readonly Omit<Submission, 'userId'>[],
  { startingTokens, queuedPerUser }: SubmitTerms,
): Promise<Submitted> {
  return await transact(em, async (transaction) => {
    let tokenBalance = await openBalance(transaction, userId, startingTokens);
    const outcomes: SubmitOutcome[] = [];
    for (const submission of submissions) {
      const outcome = await submitOne(
        transaction,
        { ...submission, userId },
        { available: tokenBalance, queuedPerUser },
      );
      if (outcome.outcome === 'SUBMITTED' && !outcome.replayed) tokenBalance -= submission.price;
      outcomes.push(outcome);
    }
    return { outcomes, tokenBalance };
  });
}

async function submitOne(
  em: EntityManager,
  submission: Submission,
  { available, queuedPerUser }: { available: number; queuedPerUser: number | undefined },
): Promise<SubmitOutcome> {
  for (;;) {
    const job = await insert(em, submission, queuedPerUser);
    if (job) return { outcome: 'SUBMITTED', job, replayed: false };
    const known = await findByKey(em, submission);
    if (known) return known;
    const outcome = await findUploadFault(em, submission);
    if (outcome) return { outcome };
    if (await isQueueFull(em, submission.userId, queuedPerUser)) return { outcome: 'QUEUE_LIMIT_REACHED' };
    if (available < submission.price) return { outcome: 'INSUFFICIENT_TOKENS', required: submission.price, available };
    // The key was there, and went with its job before it was looked up; or a place in the queue came free.
  }
}

/** Whether a user's queue holds as many jobs as it may. */
export async function isQueueFull(
  em: EntityManager,
  userId: string,
  queuedPerUser: number | undefined,
): Promise<boolean> {
  if (queuedPerUser === undefined) return false;
  const { rows } = await sql<{ is_full: boolean }>`
    select not ${hasRoom(sql`${userId}`, queuedPerUser)} as is_full`.execute(em.getKysely());
  return rows[0]?.is_full === true;
}

/**
 * Writes all rows of a new job, or none (then null): where the key is known, the balance too small, the queue full, or
 * another sync of the source active.
 */
export async function insert(em: EntityManager, submission: Submission, queuedPerUser?: number): Promise<Job | null> {
  const { userId, idempotency } = submission;
  const event = eventOf(EventType.QUEUED, sql`c.balance`);
  const upload = takeUpload(submission);
  const rawResponses = submission.rawResponses === undefined ? null : JSON.stringify(submission.rawResponses);

  const { rows } = await sql<Record<string, unknown> & { task_id: string | null }>`
    with clock as materialized (
      select clock_timestamp() as at
    ) ${upload.locked}, paid as (
      update accounts a set balance = a.balance - ${submission.price}
      where a.user_id = ${userId} and a.balance >= ${submission.price} and not exists (
        select from idempotency_keys k where k.owner = ${userId} and k.key = ${idempotency?.key ?? null}
      ) and ${upload.isThere} and ${hasRoom(sql`${userId}`, queuedPerUser)}
      returning a.balance
    ), job as (
      insert into analysis_jobs (id, user_id, kind, name, status, max_attempts, priority, price, requested_by,
        sync_source, result_id, created_at, updated_at)
      select assay_uuid(at), ${userId}, ${submission.kind}, ${submission.name}, 'QUEUED', ${submission.maxAttempts},
        ${submission.tierPriority}::int + ${activeJobsOf(sql`${userId}`)}, ${submission.price},
        ${submission.requestedBy ?? 'user'}, ${submission.syncSource ?? null}, assay_uuid(at), at, at
      from paid, clock
      on conflict (sync_source) where sync_source is not null and status in ('QUEUED', 'PROCESSING') do nothing
      returning *
    ), result as (
      insert into analysis_results (id, job_id, user_id, status, assessment_name, test_data, raw_responses, created_at, updated_at)
      select result_id, id, user_id, status, name, ${JSON.stringify(submission.testData)}::jsonb, ${rawResponses}::jsonb,
        created_at, created_at
      from job
    ), charge as (
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select j.user_id, 'CHARGE', -j.price, paid.balance, j.id, j.round from job j, paid where j.price > 0
      returning balance
    ), key as (
      insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
      select user_id::text, ${idempotency?.key ?? null}, ${idempotency?.mutation ?? null}, ${idempotency?.inputHash ?? null}, id
      from job where ${idempotency !== undefined}
    ) ${upload.taken}, logged as (
      insert into job_events (${event.columns}) select ${event.values} from job j left join charge c on true
    )
    select j.*, ${addTask()} as task_id from job j`.execute(em.getKysely());

  const [row] = rows;
  if (!row) return null;
  const { task_id, ...columns } = row;
  if (task_id === null) throw new Error(`the queue took no task for job ${String(columns.id)}`);
  return em.map(Job, columns);
}

/** The parts of the statement that give the job its upload. Its row is locked, so that no second job gets it too. */
function takeUpload({ uploadId, userId }: Submission) {
  if (uploadId === undefined) return { locked: sql``, isThere: sql`true`, taken: sql`` };
  return {
    locked: sql`, upload as materialized (
      select id from files
      where id = ${uploadId} and user_id = ${userId} and role = 'INPUT' and job_id is null and stored_as is not null
      for update
    )`,
    isThere: sql`exists (select from upload)`,
    taken: sql`, taken as (
      update files f set job_id = j.id from job j, upload u where f.id = u.id
    )`,
  };
}

async function findUploadFault(em: EntityManager, { uploadId, userId }: Submission): Promise<UploadFault | null> {
  if (uploadId === undefined) return null;
  const upload = await em.fork().findOne(File, { id: uploadId, userId, role: FileRole.INPUT });
  if (!upload) return 'UPLOAD_NOT_FOUND';
  if (!upload.storedAs) return 'UPLOAD_NOT_STORED';
  return upload.jobId ? 'UPLOAD_TAKEN' : null;
}

async function findByKey(em: EntityManager, { userId, idempotency }: Submission): Promise<SubmitOutcome | null> {
  if (!idempotency) return null;
  const { rows } = await sql<Record<string, unknown> & { id: string | null; is_same: boolean }>`
    select j.*, k.mutation = ${idempotency.mutation} and k.input_hash = ${idempotency.inputHash} as is_same
    from idempotency_keys k left join analysis_jobs j on j.id = k.job_id
    where k.owner = ${userId} and k.key = ${idempotency.key}`.execute(em.getKysely());
  const [known] = rows;
  if (!known) return null;
  const { is_same, ...columns } = known;
  if (!is_same || columns.id === null) return { outcome: 'IDEMPOTENCY_KEY_REUSED' };
  return { outcome: 'SUBMITTED', job: em.map(Job, columns), replayed: true };
}
