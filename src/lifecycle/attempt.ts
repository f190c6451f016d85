import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery, type RawBuilder, sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { EventType, FailureCode, type JobKind, JobStatus } from '../entities/job-status.ts';
import type { Progress } from '../entities/progress.ts';
import { MoveRefused } from './errors.ts';
import { keepOutputs, type OutputFile } from './files.ts';
import type { MoveName } from './machine.ts';
import { interval, type Moved, type MoveStatement, move, moveTime } from './move.ts';
import { transact } from './transact.ts';
import { isTurn, lockTurn, putOff } from './turns.ts';

/** What every write of a worker carries. A job whose lease is another's, or nobody's, refuses it. */
export interface Lease {
  jobId: string;
  leaseToken: string;
}

export interface Start {
  jobId: string;
  round: number;
  /** The attempt that the task was made for; it starts only the attempt that is really next. */
  attempt: number;
  workerId: string;
  leaseToken: string;
  leaseMs: number;
  /** How many jobs of one user may run at once; 0 for any number. */
  runningPerUser?: number;
}

/** An attempt that has begun, with all that its handler needs. */
export interface StartedAttempt {
  job: Job;
  input: { kind: JobKind; testData: unknown; rawResponses: unknown };
  /** What was uploaded for it. */
  inputFile: InputFile | null;
}

/** A file that a job works on, and the name of its bytes in the storage. */
export type InputFile = Pick<OutputFile, 'name' | 'contentType' | 'size' | 'storedAs'>;

/** A value, or the expression of one in each of several rows. */
type Term<T> = T | RawBuilder<T>;
type Terms<T> = { readonly [Name in keyof T]: Term<T[Name]> };

/**
 * Begins an attempt, or answers null where the task is out of date: the job is gone, finished, running or further on. Null
 * as well where as many jobs of its user run as may: then the job has a new task, which comes later.
 */
export async function start(em: EntityManager, options: Start): Promise<StartedAttempt | null> {
  const [moved] = options.runningPerUser
    ? await startAmong(em, options, options.runningPerUser)
    : await move(em, 'start', starting(options));
  return moved ? startedOf(moved) : null;
}

/** The move of a start. */
export const starting = (asked: Terms<Omit<Start, 'runningPerUser'>>): MoveStatement => ({
  where: isDue(asked),
  set: sql`attempt = j.attempt + 1, lease_token = ${asked.leaseToken}, worker_id = ${asked.workerId},
    lease_expires_at = now() + make_interval(secs => ${asked.leaseMs}::float8 / 1000), worker_free_at = null,
    started_at = ${moveTime}, heartbeat_at = ${moveTime}`,
  read: givenTo,
  isUsual: true,
});

const isDue = ({ jobId, round, attempt }: Terms<Pick<Start, 'jobId' | 'round' | 'attempt'>>) =>
  sql`j.id = ${jobId} and j.round = ${round} and j.attempt + 1 = ${attempt}`;

/** What the handler of a job `j` needs. */
const givenTo = sql`(
  select jsonb_build_object('testData', r.test_data, 'rawResponses', r.raw_responses, 'inputFile', (
    select jsonb_build_object('name', f.name, 'contentType', f.content_type, 'size', f.size, 'storedAs', f.stored_as)
    from files f where f.job_id = j.id and f.role = 'INPUT'
  ))
  from analysis_results r where r.job_id = j.id)`;

interface Given {
  testData: unknown;
  rawResponses: unknown;
  inputFile: InputFile | null;
}

/** @returns null where the job lost its result and has no input to run on: it is left to the rescue, and to who cleans up */
export function startedOf({ job, read }: Moved): StartedAttempt | null {
  const given = read as Given | null;
  if (!given) return null;
  const { testData, rawResponses, inputFile } = given;
  return { job, input: { kind: job.kind, testData, rawResponses }, inputFile };
}

/** Starts of one user come one after the other. One that may not be yet is put off in the same transaction. */
async function startAmong(em: EntityManager, options: Start, runningPerUser: number): Promise<Moved[]> {
  return await transact(em, async (transaction) => {
    await lockTurn(transaction, options.jobId);
    const inTurn = sql`${isDue(options)} and ${isTurn(runningPerUser)}`;
    const moved = await move(transaction, 'start', { ...starting(options), where: inTurn });
    if (moved.length === 0) await putOff(transaction, isDue(options), runningPerUser);
    return moved;
  });
}

/**
 * Stores the answer with the files that came of it, and ends the round.
 * @throws MoveRefused when the lease is no longer this attempt's, FilesLost when the bytes of a file are gone
 */
export async function complete(
  em: EntityManager,
  lease: Lease,
  testResult: unknown,
  outputs: readonly OutputFile[] = [],
): Promise<Moved> {
  const answer = sql`${JSON.stringify(testResult)}::jsonb`;
  const end = (within: EntityManager) => move(within, 'complete', completing({ ...lease, answer }));
  return await underLease(em, 'complete', lease, () =>
    outputs.length === 0
      ? end(em)
      : em.transactional(async (transaction) => {
          const moved = await end(transaction);
          if (moved.length > 0) await keepOutputs(transaction, lease.jobId, outputs);
          return moved;
        }),
  );
}

/** The move of a completion. */
export const completing = ({ answer, ...lease }: Terms<Lease> & { answer: RawBuilder<unknown> }): MoveStatement => ({
  where: held(lease),
  set: sql`finished_at = ${moveTime}, progress = '{"percent": 100}', ${leaseGivenBack}`,
  testResult: answer,
  isUsual: true,
});

/** Runs one SQL statement, and answers with its rows. */
export type Execute = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/**
 * Completes in one transaction with something else, which is done first: the job's row is locked only at the end, so that
 * its heartbeat need not wait. What was done is gone again where the lease is no longer this attempt's.
 * @throws MoveRefused, FilesLost, or what `before` throws
 */
export async function completeAfter(
  em: EntityManager,
  lease: Lease,
  testResult: unknown,
  outputs: readonly OutputFile[],
  before: (execute: Execute) => Promise<void>,
): Promise<Moved> {
  return await transact(em, async (transaction) => {
    const db = transaction.getKysely();
    await before(async <Row>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
      return rows;
    });
    return await complete(transaction, lease, testResult, outputs);
  });
}

/** Ends the round without an answer and pays its price back. @throws MoveRefused when the lease is no longer this attempt's */
export async function fail(
  em: EntityManager,
  lease: Lease,
  failure: { code: Exclude<FailureCode, 'CANCELLED'>; message: string },
): Promise<Moved> {
  return await underLease(em, 'fail', lease, () =>
    move(em, 'fail', {
      where: held(lease),
      set: sql`finished_at = ${moveTime}, failure_code = ${failure.code}, failure_message = ${failure.message},
        refunded = j.price > 0, ${leaseGivenBack}`,
      event: failure.code === FailureCode.STUCK ? EventType.STUCK : EventType.FAILED,
    }),
  );
}

/**
 * Gives the job back to the queue within its round.
 * @param options.delayMs how long the next attempt waits at least
 * @param options.countsAttempt false for a shutdown: the attempt was not the job's fault and is given back
 * @throws MoveRefused when the lease is no longer this attempt's
 */
export async function release(
  em: EntityManager,
  lease: Lease,
  options: { delayMs: number; countsAttempt: boolean; errorMessage?: string },
): Promise<Moved> {
  return await underLease(em, 'release', lease, () =>
    em.transactional((transaction) =>
      move(transaction, 'release', {
        // The last attempt has nothing to go back for: a job that waits for an attempt it may not have would wait for ever.
        where: options.countsAttempt ? sql`${held(lease)} and j.attempt < j.max_attempts` : held(lease),
        set: sql`attempt = j.attempt - ${options.countsAttempt ? 0 : 1}::int, ${backInQueue}`,
        ...(options.errorMessage === undefined ? {} : { errorMessage: options.errorMessage }),
        delayMs: options.delayMs,
      }),
    ),
  );
}

/**
 * Writes the latest progress of a running attempt; no move, no event. It doubles as a heartbeat. Who says the same again
 * has made no progress since he first said it.
 * @throws MoveRefused when the lease is no longer this attempt's: the attempt must end
 */
export async function report(em: EntityManager, lease: Lease, progress: Progress, leaseMs: number): Promise<void> {
  const word = sql`${JSON.stringify(progress)}::jsonb`;
  const reportedAt = sql`case when j.progress - 'reportedAt' = ${word} then j.progress -> 'reportedAt' else ${present} end`;
  const { numAffectedRows } = await sql`
    update analysis_jobs j
    set progress = ${word} || jsonb_build_object('reportedAt', ${reportedAt}), heartbeat_at = now(), lease_expires_at = now() + ${interval(leaseMs)}
    where j.status = ${JobStatus.PROCESSING} and ${held(lease)}`.execute(em.getKysely());
  if (numAffectedRows === 0n) throw await refusal(em, 'report', lease.jobId);
}

/** As fine as the API tells times. */
const present = sql`to_jsonb(date_trunc('milliseconds', now()))`;

/** Assignments of a move back to the queue: the lease is free, and what was done of the work is done anew. */
export const backInQueue = sql`lease_token = null, lease_expires_at = null, worker_id = null, worker_free_at = null,
  progress = '{"percent": 0}'`;

/** Assignments of a move after which no thread works on the job. */
export const leaseGivenBack = sql`lease_token = null, lease_expires_at = null, worker_id = null, worker_free_at = ${moveTime}`;

/** The jobs that a lease is on, as a predicate over `j`. */
export const held = ({ jobId, leaseToken }: Terms<Lease>) => sql`j.id = ${jobId} and j.lease_token = ${leaseToken}`;

async function underLease(
  em: EntityManager,
  name: MoveName,
  lease: Lease,
  act: () => Promise<Moved[]>,
): Promise<Moved> {
  const [moved] = await act();
  if (!moved) throw await refusal(em, name, lease.jobId);
  return moved;
}

/** Asked in a second statement: the refused one saw the job as it was before the winner's move. */
export async function refusal(
  em: EntityManager,
  name: MoveName | 'report' | 'stage',
  jobId: string,
): Promise<MoveRefused> {
  const job = await em.fork().findOne(Job, { id: jobId }, { fields: ['status'] });
  return new MoveRefused(name, jobId, job?.status ?? null);
}
