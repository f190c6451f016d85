import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import {
  EventType,
  FailureCode,
  isFinished,
  JobKind,
  JobStatus,
  LedgerEntryType,
} from '../../src/entities/job-status.ts';
import type { SyncSource } from '../../src/entities/sync-source.ts';

/** Rows as a life would have left them, in any status and dated in the past, without waiting and without the lifecycle. */
export interface JobOptions {
  /** How the job stands now; of a deleted job, how it ended before. */
  status: JobStatus;
  /** Whose job; by default a new account that has just enough for the price. */
  userId?: string;
  kind?: JobKind;
  /** What a job of the kind SYNC copies. */
  syncSource?: SyncSource;
  name?: string;
  /** Tokens, taken from the account and paid back where the status says so. */
  price?: number;
  priority?: number;
  /** Attempts begun so far. */
  attempt?: number;
  maxAttempts?: number;
  /** Seconds ago. */
  createdAt?: number;
  /** Seconds from now, below zero for a lease that ran out. */
  leaseExpiresIn?: number;
  /** Why a FAILED job failed. */
  failure?: Exclude<FailureCode, 'CANCELLED'>;
  /** A FAILED or CANCELLED job whose thread is not gone yet, so that it still carries the lease. */
  threadRuns?: boolean;
  /** A tombstone. */
  deleted?: boolean;
  /** `false` leaves out the queue task that an active job has. */
  task?: boolean;
  /** The result's input and, of a COMPLETED job, its answer. */
  testData?: unknown;
  testResult?: unknown;
}

export interface MadeJob {
  jobId: string;
  userId: string;
  /** Null for a tombstone. */
  resultId: string | null;
  round: number;
  attempt: number;
  workerId: string;
  poolId: string;
  /** The token that the row carries, or one that nobody was ever given. */
  leaseToken: string;
}

/** A pool, or one connection of it. */
type Asked = Pick<pg.ClientBase, 'query'>;

/** A user with a balance, all of it from one GRANT. */
export async function makeAccount(pool: Asked, options: { balance?: number; userId?: string } = {}): Promise<string> {
  const { balance = 10, userId = randomUUID() } = options;
  await pool.query('insert into accounts (user_id, balance) values ($1, 0)', [userId]);
  if (balance > 0) await enter(pool, { userId, entry: LedgerEntryType.GRANT, amount: balance });
  return userId;
}

/** A worker process in the books. `heartbeatAt` is in seconds ago. */
export async function makeWorker(
  pool: Asked,
  options: { workerId?: string; heartbeatAt?: number } = {},
): Promise<{ workerId: string; poolId: string }> {
  const { workerId = randomUUID(), heartbeatAt = 0 } = options;
  const poolId = poolOf(workerId);
  await pool.query(
    `insert into workers (id, pool_id, host, pid, concurrency, started_at, heartbeat_at)
     values ($1, $2, 'test', 1, 4, now() - make_interval(secs => $3::float8), now() - make_interval(secs => $3::float8))`,
    [workerId, poolId, heartbeatAt],
  );
  return { workerId, poolId };
}

/**
 * A job with all that belongs to it: result, events, ledger entries, task, and the worker where it has a lease. All of it is there
 * at once: a worker that lives beside the test would take up a half of it, as something that was lost.
 */
export async function makeJob(pool: pg.Pool, options: JobOptions): Promise<MadeJob> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const made = await writeJob(client, options);
    await client.query('commit');
    return made;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function writeJob(pool: Asked, options: JobOptions): Promise<MadeJob> {
  const life = withDefaults(options);
  const userId = options.userId ?? (await makeAccount(pool, { balance: life.price }));
  const clock = await readClock(pool, life);
  const job = jobRow(life, clock, userId);
  await insertPair(pool, job, life.deleted ? null : resultRow(life, job));

  const made: MadeJob = {
    jobId: job.id,
    userId,
    resultId: job.result_id,
    round: 1,
    attempt: life.attempt,
    workerId: job.worker_id ?? randomUUID(),
    poolId: poolOf(job.worker_id),
    leaseToken: job.lease_token ?? randomUUID(),
  };
  const balances = await pay(pool, made, life.price, job.refunded);
  await insertEvents(pool, { ...job, result_id: clock.resultId }, life, balances);
  if (job.worker_id)
    await makeWorker(pool, { workerId: job.worker_id, heartbeatAt: Math.max(0, -life.leaseExpiresIn) });
  if (life.task && !isFinished(life.status)) {
    const runs = life.status === JobStatus.PROCESSING;
    await addTask(pool, runs ? { ...made, attempt: made.attempt - 1 } : made, life.priority);
    if (runs) await lockTask(pool, made);
  }
  return made;
}

/**
 * Inserts a copy of a row with some columns changed. The changes are SQL expressions over the original's columns. A copy
 * shows what the table accepts without the order in which a life writes it.
 */
export async function insertCopy(
  client: Pick<pg.ClientBase, 'query'>,
  table: string,
  where: string,
  changes: Record<string, string>,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select column_name as name from information_schema.columns
     where table_schema = 'public' and table_name = $1 and is_identity = 'NO' order by ordinal_position`,
    [table],
  );
  const names = rows.map((row) => row.name);
  const values = names.map((name) => changes[name] ?? name);
  await client.query(`insert into ${table} (${names}) select ${values} from ${table} where ${where}`);
}

/**
 * Many jobs of one form: copies of a job and its result, without events, tasks and money. They go to the given users in
 * turn.
 */
export async function makeCopies(pool: pg.Pool, made: MadeJob, count: number, userIds = [made.userId]): Promise<void> {
  await pool.query(
    `with copy as materialized (
       select assay_uuid() as id, assay_uuid() as result_id, ($3::uuid[])[n % array_length($3, 1) + 1] as user_id
       from generate_series(1, $2) n
     ), jobs as (
       insert into analysis_jobs select row.* from analysis_jobs j, copy, lateral jsonb_populate_record(j, to_jsonb(copy)) row
       where j.id = $1
     )
     insert into analysis_results select row.* from analysis_results r, copy, lateral jsonb_populate_record(
       r, jsonb_build_object('id', copy.result_id, 'job_id', copy.id, 'user_id', copy.user_id)
     ) row where r.job_id = $1`,
    [made.jobId, count, userIds],
  );
}

/** Marks the job's task as taken by the job's worker, as graphile-worker does it. */
export async function lockTask(pool: Asked, { jobId, poolId }: Pick<MadeJob, 'jobId' | 'poolId'>): Promise<void> {
  await pool.query(
    `update graphile_worker._private_jobs set attempts = attempts + 1, locked_by = $2,
       locked_at = (select heartbeat_at from workers where pool_id = $2)
     where key = 'job:' || $1::text`,
    [jobId, poolId],
  );
}

type Life = ReturnType<typeof withDefaults>;

function withDefaults(options: JobOptions) {
  const { status } = options;
  return {
    kind: 'ASSESSMENT',
    syncSource: 'PANGKAT',
    name: 'Test of a job',
    price: 1,
    priority: 0,
    attempt: status === JobStatus.QUEUED || status === JobStatus.CANCELLED ? 0 : 1,
    maxAttempts: 3,
    createdAt: 3_600,
    leaseExpiresIn: 60,
    failure: FailureCode.HANDLER_ERROR,
    threadRuns: false,
    deleted: false,
    task: true,
    testData: { answers: [1, 2, 3] },
    testResult: { archetype: 'The test' },
    ...options,
  };
}

const poolOf = (workerId: string | null) => `pool-${workerId ?? 'of nobody'}`;

type Clock = Record<
  'id' | 'resultId' | 'createdAt' | 'startedAt' | 'finishedAt' | 'heartbeatAt' | 'leaseExpiresAt',
  string
>;

/** The moments of a life that began some seconds ago, by the database's clock, and ids that fit them. */
async function readClock(pool: Asked, { createdAt, leaseExpiresIn }: Life): Promise<Clock> {
  const { rows } = await pool.query<Clock>(
    `select assay_uuid(at) as id, assay_uuid(at) as "resultId", at::text as "createdAt",
       (at + step)::text as "startedAt", (at + step * 2)::text as "finishedAt",
       (now() + make_interval(secs => least(0, $2::float8)))::text as "heartbeatAt",
       (now() + make_interval(secs => $2::float8))::text as "leaseExpiresAt"
     from (select now() - make_interval(secs => $1) as at, make_interval(secs => least(1, $1 / 4)) as step) clock`,
    [createdAt, leaseExpiresIn],
  );
  return rows[0]!;
}

function jobRow(life: Life, clock: Clock, userId: string) {
  const { status, attempt } = life;
  const runs = status === JobStatus.PROCESSING;
  const ended = isFinished(status) ? clock.finishedAt : null;
  const began = attempt > 0 ? clock.startedAt : null;
  return {
    id: clock.id,
    user_id: userId,
    kind: life.kind,
    name: life.name,
    status: life.deleted ? JobStatus.CANCELLED : status,
    seq: logOf(life).length,
    round: 1,
    attempt,
    max_attempts: life.maxAttempts,
    priority: life.priority,
    price: life.price,
    refunded: life.price > 0 && (status === JobStatus.FAILED || status === JobStatus.CANCELLED),
    requested_by: 'user',
    sync_source: life.kind === JobKind.SYNC ? life.syncSource : null,
    result_id: life.deleted ? null : clock.resultId,
    progress: { percent: { QUEUED: 0, PROCESSING: 40, COMPLETED: 100, FAILED: 40, CANCELLED: 0 }[status] },
    ...failureOf(life),
    ...leaseOf(runs || life.threadRuns, clock),
    worker_free_at: life.threadRuns ? null : ended,
    created_at: clock.createdAt,
    updated_at: ended ?? began ?? clock.createdAt,
    started_at: began,
    heartbeat_at: runs ? clock.heartbeatAt : began,
    finished_at: ended,
    deleted_at: life.deleted ? clock.finishedAt : null,
  };
}

function leaseOf(held: boolean, clock: Clock) {
  if (!held) return { lease_token: null, lease_expires_at: null, worker_id: null };
  return { lease_token: randomUUID(), lease_expires_at: clock.leaseExpiresAt, worker_id: randomUUID() };
}

function failureOf({ deleted, ...life }: Life) {
  const told = failureBefore(life);
  return deleted && told.failure_code ? { ...told, failure_message: 'Deleted' } : told;
}

function failureBefore({ status, failure }: Pick<Life, 'status' | 'failure'>) {
  if (status === JobStatus.FAILED) return { failure_code: failure, failure_message: 'It did not work' };
  if (status === JobStatus.CANCELLED) {
    return { failure_code: FailureCode.CANCELLED, failure_message: 'Cancelled by user' };
  }
  return { failure_code: null, failure_message: null };
}

function resultRow({ status, testData, testResult }: Life, job: ReturnType<typeof jobRow>) {
  return {
    id: job.result_id,
    job_id: job.id,
    user_id: job.user_id,
    status,
    assessment_name: job.name,
    test_data: testData,
    test_result: status === JobStatus.COMPLETED ? testResult : null,
    raw_responses: null,
    chatbot_id: null,
    is_public: false,
    created_at: job.created_at,
    updated_at: job.updated_at,
  };
}

/** Job and result point at each other, so they come in one statement. */
async function insertPair(pool: Asked, job: object, result: object | null): Promise<void> {
  await pool.query(
    `with job as (
       insert into analysis_jobs select * from jsonb_populate_record(null::analysis_jobs, $1)
     )
     insert into analysis_results
     select * from jsonb_populate_record(null::analysis_results, $2) where $2 is not null`,
    [JSON.stringify(job), result && JSON.stringify(result)],
  );
}

/** What has happened to a job that stands so: type, status, and the attempt it happened in. */
function logOf({ status, deleted, failure, attempt: attempts }: Life): [EventType, JobStatus, number][] {
  const log: [EventType, JobStatus, number][] = [[EventType.QUEUED, JobStatus.QUEUED, 0]];
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    log.push([EventType.STARTED, JobStatus.PROCESSING, attempt]);
    if (attempt < attempts || status === JobStatus.QUEUED) log.push([EventType.RELEASED, JobStatus.QUEUED, attempt]);
  }
  if (status === JobStatus.FAILED && failure === FailureCode.STUCK) log.push([EventType.STUCK, status, attempts]);
  else if (isFinished(status)) log.push([EventType[status as 'COMPLETED' | 'FAILED' | 'CANCELLED'], status, attempts]);
  if (deleted) log.push([EventType.DELETED, JobStatus.CANCELLED, attempts]);
  return log;
}

async function insertEvents(
  pool: Asked,
  job: ReturnType<typeof jobRow>,
  life: Life,
  [charged = null, paidBack = null]: (number | null)[],
): Promise<void> {
  const balances: Partial<Record<EventType, number | null>> = {
    QUEUED: charged,
    FAILED: paidBack,
    STUCK: paidBack,
    CANCELLED: paidBack,
  };
  const { failure_message } = life.deleted ? { failure_message: null } : job;
  const events = logOf(life).map(([type, status, attempt], index) => ({
    seq: index + 1,
    type,
    status,
    attempt,
    token_balance: balances[type] ?? null,
    result_id: job.result_id,
    error_message: isFinished(status) ? failure_message : null,
  }));
  await pool.query(
    `insert into job_events (job_id, seq, type, user_id, result_id, kind, status, round, attempt, progress, token_balance,
       assessment_name, error_message, at)
     select j.id, e.seq, e.type, j.user_id, e.result_id, j.kind, e.status, j.round, e.attempt, '{"percent": 0}',
       e.token_balance, j.name, e.error_message,
       j.created_at + (j.updated_at - j.created_at) * (e.seq - 1) / greatest(j.seq - 1, 1)
     from analysis_jobs j, jsonb_populate_recordset(null::job_events, $2) e where j.id = $1`,
    [job.id, JSON.stringify(events)],
  );
}

/** Returns the balance after the charge and after the refund, null where there was none. */
async function pay(pool: Asked, made: MadeJob, price: number, refunded: boolean): Promise<(number | null)[]> {
  if (price === 0) return [null, null];
  const charged = await enter(pool, { ...made, entry: LedgerEntryType.CHARGE, amount: -price });
  return [charged, refunded ? await enter(pool, { ...made, entry: LedgerEntryType.REFUND, amount: price }) : null];
}

/** The ledger alone is not dated back: its ids tell the order in which the balances came about. */
async function enter(
  pool: Asked,
  entry: { userId: string; entry: LedgerEntryType; amount: number; jobId?: string; round?: number },
): Promise<number | null> {
  const { rows } = await pool.query<{ balance: number }>(
    `with changed as (
       update accounts set balance = balance + $3 where user_id = $1 returning balance
     )
     insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
     select $1, $2, $3, balance, $4, $5 from changed returning balance`,
    [entry.userId, entry.entry, entry.amount, entry.jobId ?? null, entry.round ?? null],
  );
  return rows[0]?.balance ?? null;
}

async function addTask(pool: Asked, { jobId, round, attempt }: MadeJob, priority: number): Promise<void> {
  await pool.query(
    `select graphile_worker.add_job('run_job', $2, job_key := 'job:' || $1::text, max_attempts := 1, priority := $3)`,
    [jobId, JSON.stringify({ jobId, round, attempt: attempt + 1 }), priority],
  );
}
