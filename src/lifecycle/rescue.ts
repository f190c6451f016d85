import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { EventType, FailureCode, type JobKind, JobStatus } from '../entities/job-status.ts';
import { backInQueue, leaseGivenBack } from './attempt.ts';
import { taskRemoved, threadGone, workerTold } from './cancel.ts';
import { addTask, interval, type Moved, move, moveTime } from './move.ts';
import { STAGED_BATCH, sweepStaging } from './stage.ts';

/** Jobs that one statement takes up. */
const BATCH = 100;
const MOST_BATCHES = 100;

export interface Rescue {
  /** How long a silent worker counts as alive, in milliseconds. */
  leaseMs: number;
  /** How long one attempt of a kind may run, in milliseconds; a kind that is not named may run for ever. */
  runLimitsMs: Readonly<Partial<Record<JobKind, number>>>;
  /**
   * The database's time, as text, at which this process last proved its connection; null where it has not had one for
   * long enough to judge whose worker is dead (see `createConnectionWatch`).
   */
  seenAt: string | null;
}

/** What a rescue did, as the ids of the jobs. */
export interface Rescued {
  released: string[];
  failed: string[];
  /** Their threads are known to be gone, because their workers are. */
  freed: string[];
  requeued: string[];
  /** Lost, and not rescued: this process may not judge yet, or somebody else holds their rows. */
  notFixed: string[];
}

/**
 * Takes up what nobody looks after any more. Safe to run any number of times at once: each row is worked on by whoever
 * locks it, the others skip it.
 *
 * - A job that runs over its limit fails, whoever runs it; its worker is told.
 * - A job whose lease ran out goes back to the queue, or fails on its last attempt.
 * - A job that was ended from outside, and whose worker died before it could say that the thread is gone, is freed.
 * - Queue tasks that a dead worker has locked are freed; used-up ones are deleted.
 * - A waiting job whose task is gone gets a new one.
 * - Rows that an attempt has gathered, and that is over, are deleted.
 */
export async function rescue(em: EntityManager, options: Rescue): Promise<Rescued> {
  const stuck = await batchAfterBatch(() => failStuck(em.fork(), options));
  const released = await batchAfterBatch(() =>
    em.fork().transactional((transaction) =>
      move(transaction, 'release', {
        where: isLost(options, sql`attempt < max_attempts`),
        set: backInQueue,
        errorMessage: 'The worker was lost',
        rescues: true,
      }),
    ),
  );
  const lost = await batchAfterBatch(() =>
    move(em.fork(), 'fail', {
      where: isLost(options, sql`attempt >= max_attempts`),
      set: sql`finished_at = ${moveTime}, failure_code = ${FailureCode.WORKER_LOST},
        failure_message = 'The worker was lost on the last attempt', refunded = j.price > 0, ${leaseGivenBack}`,
      rescues: true,
    }),
  );
  const freed = await batchAfterBatch(() => freeDead(em.fork(), options));
  await forgetDeadWorkers(em.fork(), options);
  const requeued = await batchAfterBatch(() => requeueLost(em.fork(), options));
  await batchAfterBatch(() => sweepStaging(em.fork()), STAGED_BATCH);
  const notFixed = await findNotFixed(em.fork(), options);
  const ids = (moved: Moved[]) => moved.map(({ job }) => job.id);
  return { released: ids(released), failed: [...ids(stuck), ...ids(lost)], freed, requeued, notFixed };
}

/**
 * Batch after batch, so that no statement holds many rows for long. One that is not full is the last. What is left, after
 * so many or because somebody else held it, is the next tick's.
 */
async function batchAfterBatch<T>(takeUp: () => Promise<T[]>, size = BATCH): Promise<T[]> {
  const all: T[] = [];
  for (let batches = 0; batches < MOST_BATCHES; batches += 1) {
    const some = await takeUp();
    all.push(...some);
    if (some.length < size) break;
  }
  return all;
}

/**
 * The database's time, as `seenAt` takes it.
 * @throws when there is no connection, or it may only read: then nobody can prove that he lives
 */
export async function readTime(em: EntityManager): Promise<string> {
  const { rows } = await sql<{ at: string }>`
    select now()::text as at where current_setting('transaction_read_only') = 'off'`.execute(em.getKysely());
  if (!rows[0]) throw new Error('the database takes no writes');
  return rows[0].at;
}

/**
 * A lease is counted from the later of its last beat and the database's own start: an outage costs no attempt. A statement
 * that the database reads late, because one of the two stood still, finds every lease run out, and judges nobody.
 */
const ranOut = ({ leaseMs, seenAt }: Pick<Rescue, 'leaseMs' | 'seenAt'>) => sql`(
  greatest(lease_expires_at, pg_postmaster_start_time() + ${interval(leaseMs)}) < now() and ${timely({ leaseMs, seenAt })})`;

const timely = ({ leaseMs, seenAt }: Pick<Rescue, 'leaseMs' | 'seenAt'>) =>
  sql`now() < ${seenAt}::timestamptz + ${interval(leaseMs / 2)}`;

/** Locked by whoever looks first. */
const isLost = (options: Rescue, which: RawBuilder<unknown>) => sql`j.id = any(array(
  select id from analysis_jobs where status = ${JobStatus.PROCESSING} and ${which} and ${ranOut(options)}
  order by id limit ${BATCH} for update skip locked
))`;

/** The lease stays with the worker until it has ended the thread, as after a cancel. */
async function failStuck(em: EntityManager, { runLimitsMs }: Rescue): Promise<Moved[]> {
  const seconds = sql`((${JSON.stringify(runLimitsMs)}::jsonb ->> kind)::float8 / 1000)`;
  return await move(em, 'fail', {
    where: sql`j.id = any(array(
      select id from analysis_jobs where status = ${JobStatus.PROCESSING} and started_at + make_interval(secs => ${seconds}) < now()
      order by id limit ${BATCH} for update skip locked
    ))`,
    set: sql`finished_at = ${moveTime}, failure_code = ${FailureCode.STUCK},
      failure_message = concat('The work took longer than the ', ${seconds}, ' seconds that it may take'), refunded = j.price > 0, worker_free_at = null`,
    event: EventType.STUCK,
    also: sql`concat(${taskRemoved}, ${workerTold})`,
  });
}

async function freeDead(em: EntityManager, options: Rescue): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update analysis_jobs j set ${threadGone}
    where j.id = any(array(
      select id from analysis_jobs
      where status in ('FAILED', 'CANCELLED') and lease_token is not null and ${ranOut(options)}
      order by id limit ${BATCH} for update skip locked
    ))
    returning j.id`.execute(em.getKysely());
  return rows.map(({ id }) => id);
}

/** Whether a worker counts as dead: one lease without a beat, of which the database was there for the whole. */
export const isSilent = (leaseMs: number) =>
  sql`greatest(heartbeat_at, pg_postmaster_start_time()) < now() - ${interval(leaseMs)}`;

/** The queue keeps the locks of a killed worker for hours; ours is known dead after one lease without a beat. */
async function forgetDeadWorkers(em: EntityManager, { leaseMs, seenAt }: Rescue): Promise<void> {
  const silent = isSilent(leaseMs);
  const isTimely = timely({ leaseMs, seenAt });
  await sql`
    with unlocked as (
      select graphile_worker.force_unlock_workers(array_agg(distinct t.locked_by))
      from graphile_worker.jobs t
      where ${isTimely} and t.locked_by is not null and t.locked_at < now() - ${interval(leaseMs)}
        and not exists (select from workers w where w.pool_id = t.locked_by and not (${silent}))
      having count(*) > 0
    )
    select count(*) from unlocked`.execute(em.getKysely());
  await sql`
    select graphile_worker.complete_jobs(array_agg(id)) from graphile_worker.jobs
    where task_identifier = 'run_job' and locked_at is null and attempts >= max_attempts
    having count(*) > 0`.execute(em.getKysely());
  await sql`delete from workers where ${isTimely} and ${silent}`.execute(em.getKysely());
}

/** A grace of one lease keeps this from racing with a start that is just under way. */
async function requeueLost(em: EntityManager, { leaseMs }: Rescue): Promise<string[]> {
  const { rows } = await sql<{ id: string; task_id: string | null }>`
    with lost as materialized (
      select j.* from analysis_jobs j
      where j.status = ${JobStatus.QUEUED} and j.updated_at < now() - ${interval(leaseMs)} and ${hasNoTask}
      order by j.priority, j.id limit ${BATCH} for update skip locked
    )
    select j.id, ${addTask()} as task_id from lost j`.execute(em.getKysely());
  return rows.filter(({ task_id }) => task_id !== null).map(({ id }) => id);
}

/** A job whose task is gone, whatever took it; one that is used up and in nobody's hands is as good as gone. */
export const hasNoTask = sql`not exists (
  select from graphile_worker.jobs t
  where t.key = 'job:' || j.id and (t.locked_at is not null or t.attempts < t.max_attempts))`;

/** The running jobs whose leases had run out at a moment. */
export const lostAt = (leaseMs: number, moment: RawBuilder<unknown>) => sql`status = ${JobStatus.PROCESSING}
  and greatest(lease_expires_at, pg_postmaster_start_time() + ${interval(leaseMs)}) < ${moment}`;

/** Those that were lost before this began. Somebody holds their rows, who may be another rescue; nobody waits for him. */
async function findNotFixed(em: EntityManager, { leaseMs, seenAt }: Rescue): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from analysis_jobs where ${lostAt(leaseMs, sql`least(${seenAt}::timestamptz, now())`)}
    order by id limit ${BATCH}`.execute(em.getKysely());
  return rows.map(({ id }) => id);
}
