import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { File } from '../entities/file.ts';
import type { Job } from '../entities/job.ts';
import { EventType, FileRole, type JobKind } from '../entities/job-status.ts';
import type { Origin } from '../entities/origin.ts';
import type { SyncSource } from '../entities/sync-source.ts';
import { openBalance } from './ledger.ts';
import { addFirstTask, eventOf, jobColumns, jobOf } from './move.ts';
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
  /** Which request asks for it. */
  origin?: Origin;
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

/**
 * Whether one more job of a user may wait. Who asks holds the lock on the account, so that the answer stays true.
 *
 * It asks for those that are active and do not run: as `status = 'QUEUED'` alone, the planner of a new installation might read
 * everybody's waiting jobs.
 */
export const hasRoom = (userId: RawBuilder<unknown>, queuedPerUser: number | undefined): RawBuilder<unknown> =>
  queuedPerUser === undefined
    ? sql`true`
    : sql`(
  select count(*) from (
    select from analysis_jobs o
    where o.user_id = ${userId} and o.status in ('QUEUED', 'PROCESSING') and o.status <> 'PROCESSING'
    limit ${queuedPerUser}
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
 * another sync of the source active. Who asks holds the lock on the account.
 */
export async function insert(em: EntityManager, submission: Submission, queuedPerUser?: number): Promise<Job | null> {
  const held = sql`${[submission.userId]}::uuid[]`;
  const { rows } = await insertion([submission], { held, queuedPerUser }).execute(em.getKysely());
  return rows[0] ? insertedJob(em, rows[0]).job : null;
}

/** A job as its insertion returns it, with what is left to its owner. */
export type InsertedRow = Record<string, unknown> & { user_id: string; balance: number; task_id: string };

/** A new job, and what is left to its owner. */
export function insertedJob(em: EntityManager, row: InsertedRow): { job: Job; tokenBalance: number } {
  const { balance, task_id, ...columns } = row;
  return { job: jobOf(em, columns), tokenBalance: balance };
}

/**
 * The statement of {@link insert}, for some users at once, and one submission of each. However many they are it costs little more
 * than for one: most of it is what PostgreSQL does once a statement, for five tables with their checks and foreign keys.
 *
 * Its text is the same for all who submit without an upload. It stays planned while the tables grow: accounts and files are found
 * by lists of ids, and keys one by one (`offset 0` keeps the planner from reading all of them), so that nothing is ever
 * read as a whole.
 * @param held whose accounts are locked, as an array of their ids; nothing is written for others
 */
export function insertion(
  submissions: readonly Submission[],
  { held, queuedPerUser }: { held: RawBuilder<unknown>; queuedPerUser?: number | undefined },
): RawBuilder<InsertedRow> {
  const event = eventOf(EventType.QUEUED, sql`c.balance`);
  const upload = takeUpload(submissions);

  return sql<InsertedRow>`/* submit */
    with clock as materialized (
      select clock_timestamp() as at
    ), submitted as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(submissions.map(submittedRow))}::jsonb) as s (
        user_id uuid, kind text, name text, test_data jsonb, raw_responses jsonb, price integer, max_attempts integer,
        tier_priority integer, requested_by text, sync_source text, origin jsonb, key text, mutation text,
        input_hash text, upload_id uuid
      )
      where s.user_id = any(${held}) and ${hasRoom(sql`s.user_id`, queuedPerUser)} and not exists (
        select from idempotency_keys k where k.owner = s.user_id::text and k.key = s.key offset 0
      )
    ) ${upload.locked}, paid as (
      update accounts a set balance = a.balance - s.price from submitted s
      where a.user_id = any(${held}) and a.user_id = s.user_id and a.balance >= s.price and ${upload.isThere}
      returning a.balance, s.*
    ), job as (
      insert into analysis_jobs (id, user_id, kind, name, status, max_attempts, priority, price, requested_by,
        sync_source, origin, result_id, created_at, updated_at)
      select assay_uuid(at), s.user_id, s.kind, s.name, 'QUEUED', s.max_attempts,
        s.tier_priority + ${activeJobsOf(sql`s.user_id`)}, s.price, s.requested_by, s.sync_source, s.origin,
        assay_uuid(at), at, at
      from paid s, clock
      on conflict (sync_source) where sync_source is not null and status in ('QUEUED', 'PROCESSING') do nothing
      returning *
    ), result as (
      insert into analysis_results (id, job_id, user_id, status, assessment_name, test_data, raw_responses, created_at, updated_at)
      select j.result_id, j.id, j.user_id, j.status, j.name, s.test_data, s.raw_responses, j.created_at, j.created_at
      from job j join paid s using (user_id)
    ), charge as (
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select j.user_id, 'CHARGE', -j.price, s.balance, j.id, j.round from job j join paid s using (user_id)
      where j.price > 0
      returning user_id, balance
    ), key as (
      insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
      select j.user_id::text, s.key, s.mutation, s.input_hash, j.id from job j join paid s using (user_id)
      where s.key is not null
    ) ${upload.taken}, logged as (
      insert into job_events (${event.columns})
      select ${event.values} from job j left join charge c using (user_id)
    )
    select ${jobColumns}, s.balance, ${addFirstTask} as task_id from job j join paid s using (user_id)`;
}

/** A submission as its insertion reads it. */
const submittedRow = (submission: Submission) => ({
  user_id: submission.userId,
  kind: submission.kind,
  name: submission.name,
  test_data: submission.testData,
  raw_responses: submission.rawResponses,
  price: submission.price,
  max_attempts: submission.maxAttempts,
  tier_priority: submission.tierPriority,
  requested_by: submission.requestedBy ?? 'user',
  sync_source: submission.syncSource,
  origin: isKnown(submission.origin) ? submission.origin : null,
  key: submission.idempotency?.key,
  mutation: submission.idempotency?.mutation,
  input_hash: submission.idempotency?.inputHash,
  upload_id: submission.uploadId,
});

/** As a job keeps it; nothing is kept where nothing is known. */
export const originOf = ({ origin }: { origin?: Origin | undefined }): string | null =>
  isKnown(origin) ? JSON.stringify(origin) : null;

const isKnown = (origin: Origin = {}): boolean => Object.keys(origin).length > 0;

/** The parts of the statement that give jobs their uploads. The rows are locked, so that no second job gets one too. */
function takeUpload(submissions: readonly Submission[]) {
  const ids = submissions.flatMap(({ uploadId }) => uploadId ?? []);
  if (ids.length === 0) return { locked: sql``, isThere: sql`true`, taken: sql`` };
  return {
    locked: sql`, upload as materialized (
      select f.id from files f join submitted s on s.upload_id = f.id and s.user_id = f.user_id
      where f.id = any(${ids}::uuid[]) and f.role = 'INPUT' and f.job_id is null and f.stored_as is not null
      for update of f
    )`,
    isThere: sql`(s.upload_id is null or s.upload_id in (select id from upload))`,
    taken: sql`, taken as (
      update files f set job_id = j.id from job j join paid s using (user_id)
      where f.id = any(${ids}::uuid[]) and f.id = s.upload_id
    )`,
  };
}

async function findUploadFault(em: EntityManager, { uploadId, userId }: Submission): Promise<UploadFault | null> {
  if (uploadId === undefined) return null;
  const upload = await em
    .fork({ keepTransactionContext: true })
    .findOne(File, { id: uploadId, userId, role: FileRole.INPUT });
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
  return { outcome: 'SUBMITTED', job: jobOf(em, columns), replayed: true };
}
