import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { JOB_COLUMNS, Job } from '../entities/job.ts';
import { type EventType, JobStatus } from '../entities/job-status.ts';
import { DOCTOR_MOVES, MOVES, type MoveName } from './machine.ts';

export interface MoveStatement {
  /** Which jobs, and on what condition: a predicate over `j`. The status is guarded by the move itself. */
  where: RawBuilder<unknown>;
  /** Further columns, as assignments over `j`. */
  set: RawBuilder<unknown>;
  /** A table whose rows `w` the other parts may name: then the move is of the jobs `j` that they join. */
  among?: RawBuilder<unknown>;
  /** The result's content, for `complete` only. */
  testResult?: RawBuilder<unknown>;
  /** One of the moves that only the doctor makes. */
  byDoctor?: boolean;
  /** The event in place of the move's own, where a move has two faces (FAILED or STUCK). */
  event?: EventType;
  /** What went wrong with the attempt that a release ends; other moves take it from the job's failure. */
  errorMessage?: string;
  /** When the next task may run, for moves that lead back to the queue. */
  delayMs?: number;
  /** The event's progress, where the move resets the row's. */
  eventProgress?: RawBuilder<unknown>;
  /** Whether the move takes up what a silent worker left; its event tells for how long he had been silent. */
  rescues?: boolean;
  /** Further acts in the same transaction, as an expression over the moved row `j`. */
  also?: RawBuilder<unknown>;
  /** Whether each job goes this way: then the statement stays prepared. */
  isUsual?: boolean;
  /** What is to be read along, likewise. */
  read?: RawBuilder<unknown>;
}

/** A job after its move, and its owner's balance where the move paid something back. */
export interface Moved {
  job: Job;
  tokenBalance: number | null;
  /** What the statement was to read along. */
  read?: unknown;
}

type MovedRow = Record<string, unknown> & {
  token_balance: number | null;
  task_id: string | null;
  also: unknown;
  read: unknown;
};

/** The time of a move: the transaction's, but never before the job's last one, so that a log never runs backwards. */
export const moveTime = sql`greatest(now(), j.updated_at)`;

/** `milliseconds` as an interval. */
export const interval = (milliseconds: number): RawBuilder<unknown> =>
  sql`make_interval(secs => ${milliseconds / 1000}::float8)`;

/**
 * The columns that a job is made from, by name: what a prepared statement returns may not change, and `*` does with each column
 * that a later migration adds.
 */
export const jobColumns: RawBuilder<unknown> = sql.raw(JOB_COLUMNS.map((column) => `j.${column}`).join(', '));

/** A job from its columns. No unit of work knows it: nothing would be written if it were changed. */
export const jobOf = (em: EntityManager, columns: Record<string, unknown>): Job =>
  em.getDriver().mapResult<Job>(columns, em.getMetadata(Job)) as Job;

/** The task that runs a job's next attempt. Several rows in, several tasks out; one key a job, so there is only one each. */
export const addTask = (delayMs = 0): RawBuilder<unknown> => taskWith(sql`run_at := now() + ${interval(delayMs)}`);

/**
 * The task of a new job. Nobody can have its key, so the queue need not look for a task that it would replace. Where the queue
 * takes none the statement fails, because its commit may be on its way behind it: a cast that cannot be done is SQL's way
 * to raise an error.
 */
export const addFirstTask: RawBuilder<unknown> = sql`coalesce(${taskWith(sql`job_key_mode := 'unsafe_dedupe'`)},
  ('the queue took no task for job ' || j.id)::bigint)`;

function taskWith(terms: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(graphile_worker.add_job(
  'run_job', json_build_object('jobId', j.id, 'round', j.round, 'attempt', j.attempt + 1), job_key := 'job:' || j.id,
  max_attempts := 1, priority := j.priority, ${terms})).id`;
}

const logColumns = sql`job_id, seq, type, user_id, result_id, kind, status, round, attempt, progress, token_balance,
  assessment_name, error_message, processing_time, at`;

/** Seconds since the last sign of life of the worker, which leaving PROCESSING does not take from the row. */
const silence = sql`extract(epoch from j.updated_at - j.heartbeat_at)`;

/** The columns of a job's event, read from `j`; what the event says beyond the row is passed in. */
export function eventOf(
  type: EventType,
  tokenBalance: RawBuilder<unknown>,
  {
    errorMessage,
    eventProgress = sql`j.progress`,
    resultId = sql`j.result_id`,
    rescues = false,
  }: Pick<MoveStatement, 'errorMessage' | 'eventProgress' | 'rescues'> & { resultId?: RawBuilder<unknown> } = {},
): { columns: RawBuilder<unknown>; values: RawBuilder<unknown> } {
  return {
    columns: rescues ? sql`${logColumns}, rescued_after` : logColumns,
    values: sql`j.id, j.seq, ${type}, j.user_id, ${resultId}, j.kind, j.status, j.round, j.attempt, ${eventProgress},
      ${tokenBalance}, j.name, coalesce(j.failure_message, ${errorMessage ?? null}),
      extract(epoch from j.finished_at - j.started_at), j.updated_at${rescues ? sql`, ${silence}` : sql``}`,
  };
}

/**
 * The parts of a statement that pay rounds back: `refund (job_id, balance)`, from the jobs that are named by `owing`, as a
 * table and its condition.
 *
 * Refunds of one account in one statement are added up, because a statement can update a row only once; accounts are
 * locked in the order of their ids, so that two such statements cannot wait for each other.
 */
export const refundOf = (owing: RawBuilder<unknown>): RawBuilder<unknown> => sql`owed as (
      select id, user_id, round, price, sum(price) over (partition by user_id order by id desc) - price as later
      from ${owing}
    ), held as (
      select user_id from accounts where user_id in (select user_id from owed) order by user_id for update
    ), paid as (
      update accounts a set balance = a.balance + o.total
      from (select user_id, sum(price) as total from owed join held using (user_id) group by user_id) o
      where a.user_id = o.user_id
      returning a.user_id, a.balance
    ), refund as (
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select o.user_id, 'REFUND', o.price, p.balance - o.later, o.id, o.round from owed o join paid p using (user_id)
      order by o.id
      returning job_id, balance
    )`;

/** The same where nothing is paid back. */
const noRefund = sql`refund as not materialized (
      select null::uuid as job_id, null::integer as balance where false
    )`;

/** Where a round can end without its answer. */
const UNPAID: readonly JobStatus[] = [JobStatus.FAILED, JobStatus.CANCELLED];

/**
 * The one statement that changes a job's status: row, result, refund, event and next task, or none of them. It works on
 * sets, so that one job and a hundred take the same way.
 * @returns the jobs that moved; a job that is not among them was refused by the guard
 */
export async function move(em: EntityManager, name: MoveName, statement: MoveStatement): Promise<Moved[]> {
  const {
    from,
    to,
    event: ownEvent,
  } = (statement.byDoctor && DOCTOR_MOVES[name as keyof typeof DOCTOR_MOVES]) || MOVES[name];
  const event = eventOf(statement.event ?? ownEvent, sql`r.balance`, statement);
  const requeues = to === JobStatus.QUEUED;
  const { among, testResult = sql`null::jsonb` } = statement;

  const { rows } = await sql<MovedRow>`${sql.raw(statement.isUsual ? `/* ${name} */` : '')}
    with ${among ? sql`w as (${among}),` : sql``} moved as (
      update analysis_jobs j
      set status = ${to}, seq = j.seq + 1, updated_at = ${moveTime}, ${statement.set} ${among ? sql`from w` : sql``}
      where j.status = any(${[...from]}) and j.deleted_at is null and ${statement.where}
      returning j.*, ${testResult} as answer
    ), carried as (
      update analysis_results s set status = j.status, updated_at = j.updated_at, test_result = j.answer
      from moved j where s.job_id = j.id
    ), ${UNPAID.includes(to) ? refundOf(sql`moved where refunded`) : noRefund}, logged as (
      insert into job_events (${event.columns})
      select ${event.values} from moved j left join refund r on r.job_id = j.id
    )
    select ${jobColumns}, r.balance as token_balance, ${requeues ? addTask(statement.delayMs) : sql`null`} as task_id,
      ${statement.also ?? sql`null`} as also, ${statement.read ?? sql`null::jsonb`} as read
    from moved j left join refund r on r.job_id = j.id`.execute(em.getKysely());

  return rows.map(({ token_balance, task_id, also, read, ...row }) => {
    // The queue can answer an add under contention with nothing; the exception takes the whole move back.
    if (requeues && task_id === null) throw new Error(`the queue took no task for job ${String(row.id)}`);
    return { job: jobOf(em, row), tokenBalance: token_balance, ...(statement.read && { read }) };
  });
}
