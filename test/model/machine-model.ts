import { type EventType, FailureCode, isFinished, JobStatus } from '../../src/entities/job-status.ts';

// The machine as it should be, over plain values and without time: what each verb does to a world, or null where it is
// refused. It shares no code with the lifecycle but the words.

export interface ModelProgress {
  percent: number;
  message?: string;
}

export interface ModelEvent {
  seq: number;
  type: EventType;
  status: JobStatus;
  round: number;
  attempt: number;
  progress: ModelProgress;
  message: string | null;
  balance: number | null;
  resultId: string | null;
}

export interface ModelJob {
  id: string;
  userId: string;
  /** Of the result that the job was born with; a tombstone has lost it. */
  resultId: string;
  status: JobStatus;
  /** Gone: nothing is left but the event of the end. */
  presence: 'live' | 'tombstone' | 'gone';
  seq: number;
  round: number;
  attempt: number;
  maxAttempts: number;
  price: number;
  refunded: boolean;
  progress: ModelProgress;
  failure: { code: FailureCode; message: string } | null;
  lease: string | null;
  /** The lease ran out. */
  lost: boolean;
  /** It is known that no thread works on the job. */
  free: boolean;
  input: unknown;
  answer: unknown;
  /** Of a waiting job: whether its task can be taken, is in the hands of a dead worker, or is not there. */
  task: 'runnable' | 'held' | 'none';
  events: readonly ModelEvent[];
}

export interface ModelEntry {
  entry: string;
  amount: number;
  balance: number;
  jobId: string | null;
  round: number | null;
}

export interface World {
  /** In the order of their submission. */
  jobs: Readonly<Record<string, ModelJob>>;
  accounts: Readonly<Record<string, { balance: number; ledger: readonly ModelEntry[] }>>;
  /** By owner and key. */
  keys: Readonly<Record<string, { hash: string; jobId: string }>>;
}

export const EMPTY: World = { jobs: {}, accounts: {}, keys: {} };
export const MAX_ATTEMPTS = 2;
export const STARTING_TOKENS = 3;
/** Whose jobs an act may touch; null for a service, which may touch all. */
export type Owner = string | null;

/** The world with a job as it is now. */
export const withJob = (world: World, job: ModelJob): World => ({ ...world, jobs: { ...world.jobs, [job.id]: job } });
const NOTHING_DONE: ModelProgress = { percent: 0 };

/** The next event of a job, and the job as it is after it. */
export function step(
  world: World,
  job: ModelJob,
  type: EventType,
  change: Partial<ModelJob>,
  told: Partial<Pick<ModelEvent, 'progress' | 'message' | 'balance'>> = {},
): World {
  const next = { ...job, ...change, seq: job.seq + 1 };
  const event: ModelEvent = {
    seq: next.seq,
    type,
    status: next.status,
    round: next.round,
    attempt: next.attempt,
    progress: told.progress ?? next.progress,
    message: next.failure?.message ?? told.message ?? null,
    balance: told.balance ?? null,
    resultId: job.resultId,
  };
  return withJob(world, { ...next, events: [...job.events, event] });
}

export const balanceOf = (world: World, userId: string): number => world.accounts[userId]?.balance ?? 0;

function enter(world: World, userId: string, row: Omit<ModelEntry, 'balance'>): World {
  const balance = balanceOf(world, userId) + row.amount;
  const ledger = [...(world.accounts[userId]?.ledger ?? []), { ...row, balance }];
  return { ...world, accounts: { ...world.accounts, [userId]: { balance, ledger } } };
}

/** An account is opened when its user is first seen. */
export function opened(world: World, userId: string): World {
  if (world.accounts[userId]) return world;
  return enter(world, userId, { entry: 'GRANT', amount: STARTING_TOKENS, jobId: null, round: null });
}

/** Charges or pays back a round; what costs nothing leaves no entry, and tells no balance. */
function pay(world: World, { id, userId, price }: ModelJob, entry: 'CHARGE' | 'REFUND', round: number) {
  if (price === 0) return { world, balance: null };
  const paid = enter(world, userId, { entry, amount: entry === 'CHARGE' ? -price : price, jobId: id, round });
  return { world: paid, balance: balanceOf(paid, userId) };
}

/** Ends a round without an answer. */
export function endUnpaid(
  world: World,
  job: ModelJob,
  type: EventType,
  change: Partial<ModelJob> & { failure: NonNullable<ModelJob['failure']> },
): World {
  const { world: paid, balance } = pay(world, job, 'REFUND', job.round);
  const status = type === 'CANCELLED' ? JobStatus.CANCELLED : JobStatus.FAILED;
  return step(
    paid,
    job,
    type,
    { status, refunded: job.price > 0, task: 'none', ...change },
    { balance, progress: job.progress },
  );
}

/** No thread works on the job any more. */
export const LET_GO = { lease: null, lost: false, free: true };
/** The job waits, and nothing of the last attempt is left. */
export const BACK_IN_QUEUE = {
  status: JobStatus.QUEUED,
  lease: null,
  lost: false,
  free: false,
  progress: NOTHING_DONE,
  task: 'runnable' as const,
};

export const keyOf = (userId: string, key: string): string => `${userId} ${key}`;

/** A job that is there for whoever asks; a tombstone only where `also` says so. */
export function seen(world: World, jobId: string, owner: Owner, also?: 'tombstones'): ModelJob | undefined {
  const job = world.jobs[jobId];
  if (!job || job.presence === 'gone' || (owner !== null && job.userId !== owner)) return undefined;
  return job.presence === 'live' || also ? job : undefined;
}

export interface ModelSubmission {
  userId: string;
  price: number;
  input: unknown;
  idempotency?: { key: string; hash: string } | undefined;
}

export function submit(
  before: World,
  submission: ModelSubmission,
  born: { id: string; resultId: string },
): World | null {
  const { userId, price, input, idempotency } = submission;
  const world = opened(before, userId);
  if (balanceOf(world, userId) < price || world.jobs[born.id]) return null;
  if (idempotency && world.keys[keyOf(userId, idempotency.key)]) return null;
  const job: ModelJob = {
    ...born,
    ...BACK_IN_QUEUE,
    userId,
    presence: 'live',
    seq: 0,
    round: 1,
    attempt: 0,
    maxAttempts: MAX_ATTEMPTS,
    price,
    refunded: false,
    failure: null,
    input,
    answer: null,
    events: [],
  };
  const { world: paid, balance } = pay(world, job, 'CHARGE', 1);
  const after = step(paid, job, 'QUEUED', {}, { balance });
  if (!idempotency) return after;
  const { key, hash } = idempotency;
  return { ...after, keys: { ...after.keys, [keyOf(userId, key)]: { hash, jobId: job.id } } };
}

export function grant(before: World, userId: string, amount: number): World | null {
  const world = opened(before, userId);
  if (balanceOf(world, userId) + amount < 0) return null;
  return enter(world, userId, { entry: amount > 0 ? 'GRANT' : 'ADJUST', amount, jobId: null, round: null });
}

export function start(
  world: World,
  jobId: string,
  { round, attempt, lease, lost }: { round: number; attempt: number; lease: string; lost: boolean },
): World | null {
  const job = seen(world, jobId, null);
  if (job?.status !== JobStatus.QUEUED || job.round !== round || job.attempt !== attempt - 1) return null;
  return step(world, job, 'STARTED', { status: JobStatus.PROCESSING, attempt, lease, lost, free: false, task: 'none' });
}

/** The job that an attempt still holds. */
function held(world: World, jobId: string, lease: string): ModelJob | undefined {
  const job = seen(world, jobId, null);
  return job?.status === JobStatus.PROCESSING && job.lease === lease ? job : undefined;
}

/** A sign of life, with or without progress; a lease that ran out and was not taken yet is good again. */
export function beat(world: World, jobId: string, lease: string, progress?: ModelProgress): World | null {
  const job = held(world, jobId, lease);
  return job ? withJob(world, { ...job, lost: false, ...(progress ? { progress } : {}) }) : null;
}

export function complete(world: World, jobId: string, lease: string, answer: unknown): World | null {
  const job = held(world, jobId, lease);
  if (!job) return null;
  return step(world, job, 'COMPLETED', { status: JobStatus.COMPLETED, answer, progress: { percent: 100 }, ...LET_GO });
}

export function fail(
  world: World,
  jobId: string,
  lease: string,
  failure: { code: Exclude<FailureCode, 'CANCELLED'>; message: string },
): World | null {
  const job = held(world, jobId, lease);
  if (!job) return null;
  return endUnpaid(world, job, failure.code === FailureCode.STUCK ? 'STUCK' : 'FAILED', { failure, ...LET_GO });
}

export function release(
  world: World,
  jobId: string,
  lease: string,
  { countsAttempt, errorMessage }: { countsAttempt: boolean; errorMessage: string },
): World | null {
  const job = held(world, jobId, lease);
  if (!job || (countsAttempt && job.attempt >= job.maxAttempts)) return null;
  const attempt = job.attempt - (countsAttempt ? 0 : 1);
  return step(world, job, 'RELEASED', { ...BACK_IN_QUEUE, attempt }, { message: errorMessage });
}

/** The lease stays with the worker until its thread is gone. */
export function cancel(world: World, jobId: string, owner: Owner, message: string): World | null {
  const job = seen(world, jobId, owner);
  if (!job || isFinished(job.status)) return null;
  const failure = { code: FailureCode.CANCELLED, message };
  return endUnpaid(world, job, 'CANCELLED', { failure, progress: NOTHING_DONE, free: job.lease === null });
}

export function free(world: World, jobId: string, lease: string): World | null {
  const job = seen(world, jobId, null, 'tombstones');
  if (job?.lease !== lease || job.status === JobStatus.PROCESSING) return null;
  return withJob(world, { ...job, ...LET_GO });
}

export const isRetryable = (job: ModelJob | undefined): job is ModelJob =>
  job?.status === JobStatus.FAILED || job?.status === JobStatus.CANCELLED;

export function retry(world: World, jobId: string, owner: Owner, price: number): World | null {
  const job = seen(world, jobId, owner);
  if (!isRetryable(job) || balanceOf(world, job.userId) < price) return null;
  const round = job.round + 1;
  const { world: paid, balance } = pay(world, { ...job, price }, 'CHARGE', round);
  const anew = { round, attempt: 0, price, refunded: false, failure: null };
  return step(paid, job, 'RETRIED', { ...BACK_IN_QUEUE, ...anew }, { balance });
}

/** The tombstone: what the job was about is out of its row and out of its log. */
export function bury(world: World, jobId: string, owner: Owner): World | null {
  const job = seen(world, jobId, owner);
  if (!job || !isFinished(job.status)) return null;
  const events = job.events.map((event) => ({
    ...event,
    message: null,
    progress: { percent: event.progress.percent },
  }));
  return step(world, { ...job, events }, 'DELETED', {
    status: JobStatus.CANCELLED,
    presence: 'tombstone',
    failure: job.failure && { ...job.failure, message: 'Deleted' },
    progress: { percent: job.progress.percent },
  });
}

/** Nothing stays but one event; an open round is paid back first. */
export function erase(world: World, jobId: string, owner: Owner): World | null {
  const job = seen(world, jobId, owner, 'tombstones');
  if (!job) return null;
  const { world: paid, balance } = isFinished(job.status)
    ? { world, balance: null }
    : pay(world, job, 'REFUND', job.round);
  const event: ModelEvent = {
    seq: job.seq + 1,
    type: 'DELETED',
    status: JobStatus.CANCELLED,
    round: job.round,
    attempt: job.attempt,
    progress: NOTHING_DONE,
    message: null,
    balance,
    resultId: job.presence === 'live' ? job.resultId : null,
  };
  const keys = Object.fromEntries(Object.entries(paid.keys).filter(([, key]) => key.jobId !== jobId));
  return withJob({ ...paid, keys }, { ...job, seq: event.seq, presence: 'gone', events: [event] });
}

/** What happens to a job from outside of the machine. */
export function damage(world: World, jobId: string, change: Pick<ModelJob, 'task'> | Pick<ModelJob, 'lost'>): World {
  const job = world.jobs[jobId];
  return job ? withJob(world, { ...job, ...change }) : world;
}
