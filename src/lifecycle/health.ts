import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { EventType, FailureCode, JobStatus } from '../entities/job-status.ts';
import { interval } from './move.ts';
import { isSilent, lostAt } from './rescue.ts';

/** Waiting jobs are counted up to here. */
const MOST_WAITING = 100_000;
const MOST_WORKERS = 1_000;
/** How far the log is read back for the last hour, in events: the first of these that reaches far enough. */
const REACHES = [1_000, 10_000, 100_000] as const;

async function readNumber(em: EntityManager, statement: RawBuilder<{ value: number }>): Promise<number> {
  return (await statement.execute(em.getKysely())).rows[0]?.value ?? 0;
}

/** Waiting jobs, those too that wait for a backoff. The order is that of the index which has them and no others. */
export const countWaiting = (em: EntityManager) =>
  readNumber(
    em,
    sql`select count(*)::int as value from (
      select from analysis_jobs where status = ${JobStatus.QUEUED} order by priority, id limit ${MOST_WAITING}
    ) waiting`,
  );

/**
 * For how many seconds the one that waits longest could have begun; 0 where none could. A task may run from `run_at` on:
 * since its job was submitted, retried or released, or since a backoff ended.
 *
 * The queue's index begins with the priority, so the earliest is looked up priority by priority; of those there are not
 * more than tiers and active jobs of one user. Its view hides that index, so this reads the table behind it.
 */
export const readLongestWait = (em: EntityManager) =>
  readNumber(
    em,
    sql`with recursive earliest as (
      (${earliestTask(sql`true`)})
      union all
      select next.* from earliest e, lateral (${earliestTask(sql`t.priority > e.priority`)}) next
    )
    select greatest(0, extract(epoch from now() - min(run_at)))::float8 as value from earliest`,
  );

const earliestTask = (where: RawBuilder<unknown>) => sql`
  select t.priority, t.run_at from graphile_worker._private_jobs t
  where t.is_available = true and ${where}
    and t.task_id = (select id from graphile_worker._private_tasks where identifier = 'run_job')
  order by t.priority, t.run_at limit 1`;

export const countRunning = (em: EntityManager) =>
  readNumber(em, sql`select count(*)::int as value from analysis_jobs where status = ${JobStatus.PROCESSING}`);

/**
 * Running jobs that a rescue has had the time to take up: their leases ran out a lease ago, which is what a worker waits
 * that has just come. While one lives there are none, but those whose rows somebody holds.
 */
export const countNotFixed = (em: EntityManager, leaseMs: number) =>
  readNumber(
    em,
    sql`select count(*)::int as value from analysis_jobs
      where ${lostAt(leaseMs, sql`now() - ${interval(leaseMs)}`)}`,
  );

/** How full the server's queue of notifications is, 0 to 1. It is one for all databases of the server. */
export const readNotifyQueueUsage = (em: EntityManager) =>
  readNumber(em, sql`select pg_notification_queue_usage() as value`);

/** Sessions of this database that wait for a lock of another. */
const countLockWaits = (em: EntityManager) =>
  readNumber(
    em,
    sql`select count(*)::int as value from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  );

/** What is read again and again to watch an installation: one cheap read each, over one connection. */
export async function readFigures(em: EntityManager, leaseMs: number) {
  const workers = await findWorkers(em, leaseMs);
  return {
    queueDepth: await countWaiting(em),
    oldestQueuedSeconds: await readLongestWait(em),
    processing: await countRunning(em),
    workersAlive: workers.filter(({ lost }) => !lost).length,
    stuckNotFixed: await countNotFixed(em, leaseMs),
    notifyQueueUsage: await readNotifyQueueUsage(em),
    lockWaits: await countLockWaits(em),
  };
}

/** A worker process that has not retired, and what it works on. */
export interface WorkerInBooks {
  id: string;
  host: string;
  startedAt: Date;
  heartbeatAt: Date;
  /** Since its last heartbeat. */
  silentSeconds: number;
  /** Whether it is dead to a rescue. */
  lost: boolean;
  concurrency: number;
  running: string[];
}

/** The workers that were last heard of, the oldest first. */
export async function findWorkers(em: EntityManager, leaseMs: number): Promise<WorkerInBooks[]> {
  const { rows } = await sql<WorkerInBooks>`
    select w.id, w.host, w.started_at as "startedAt", w.heartbeat_at as "heartbeatAt", w.concurrency,
      greatest(0, extract(epoch from now() - w.heartbeat_at))::float8 as "silentSeconds", ${isSilent(leaseMs)} as lost,
      coalesce(r.running, '{}') as running
    from (select * from workers order by heartbeat_at desc limit ${MOST_WORKERS}) w
    left join (
      select worker_id, array_agg(id order by id) as running from analysis_jobs
      where status = ${JobStatus.PROCESSING} group by worker_id
    ) r on r.worker_id = w.id
    order by w.started_at, w.id`.execute(em.getKysely());
  return rows.map((row) => ({
    ...row,
    startedAt: new Date(row.startedAt),
    heartbeatAt: new Date(row.heartbeatAt),
  }));
}

/** Rounds that ended within a minute of the database's clock. */
export interface FinishedInMinute {
  minute: Date;
  completed: number;
  failed: number;
  cancelled: number;
}

/**
 * The events since a moment, as `hour (since)`, `reach (events, known_from)` and `recent`. The log has no index by time, but
 * its ids grow with it: so it is read back from its end, as far as that needs and `REACHES` goes. An event gets its time at
 * the start of a transaction and its id later in it, hence a minute's allowance.
 */
const recentSince = (since: RawBuilder<unknown>) => sql`
    hour as (
      select ${since} as since
    ), reach as (
      select events, known_from
      from unnest(${[...REACHES]}::bigint[]) events left join lateral (
        select e.at + interval '1 minute' as known_from from job_events e
        where e.id <= (select max(id) from job_events) - events order by e.id desc limit 1
      ) before on true, hour, lateral (select coalesce(known_from <= since, true) as is_enough) judged
      order by is_enough desc, case when is_enough then events else -events end limit 1
    ), recent as (
      select job_id, type, at, rescued_after from job_events
      where id > (select max(id) from job_events) - (select events from reach)
      order by id desc limit (select events from reach)
    )`;

/**
 * The last sixty minutes by the log, the present one last. Where it cannot be read back for an hour, the minutes that are
 * not known whole are left out.
 */
export async function countFinished(em: EntityManager): Promise<FinishedInMinute[]> {
  const { rows } = await sql<FinishedInMinute>`
    with ${recentSince(sql`date_trunc('minute', now()) - interval '59 minutes'`)}, finished as (
      select date_trunc('minute', e.at) as minute,
        count(*) filter (where e.type = ${EventType.COMPLETED})::int as completed,
        count(*) filter (where e.type in (${EventType.FAILED}, ${EventType.STUCK}))::int as failed,
        count(*) filter (where e.type = ${EventType.CANCELLED})::int as cancelled
      from recent e group by 1
    )
    select m.minute, coalesce(f.completed, 0) as completed, coalesce(f.failed, 0) as failed,
      coalesce(f.cancelled, 0) as cancelled
    from reach, hour, generate_series(since, now(), interval '1 minute') m (minute) left join finished f using (minute)
    where m.minute >= coalesce(known_from, since)
    order by m.minute`.execute(em.getKysely());
  return rows.map((row) => ({ ...row, minute: new Date(row.minute) }));
}

/** In how many seconds something was done; the percentiles are null where it never was. */
export interface Latency {
  count: number;
  p50: number | null;
  p95: number | null;
}

const latencyOf = (seconds: RawBuilder<unknown>) => sql`count(*)::int as count,
  percentile_disc(0.5) within group (order by ${seconds}) as p50,
  percentile_disc(0.95) within group (order by ${seconds}) as p95`;

/**
 * From CANCELLED to the thread being free: of jobs that were cancelled within the last hour while a thread worked on them, as
 * far as the log is read back for it. Where none did, the worker was free at the moment of the cancel; a tombstone that ended
 * otherwise before keeps its own failure.
 *
 * No index leads to jobs by the time of their end, and the newest jobs are not those that were ended last: so the log names
 * them. As an array they are looked up one by one, whatever the planner takes their number for.
 */
export async function readCancelLatency(em: EntityManager): Promise<Latency> {
  const { rows } = await sql<Latency>`
    with ${recentSince(sql`now() - interval '1 hour'`)}
    select ${latencyOf(sql`extract(epoch from j.worker_free_at - j.finished_at)::float8`)}
    from hour, analysis_jobs j
    where j.id = any(array(select job_id from recent where type = ${EventType.CANCELLED} and at > (select since from hour)))
      and j.status = ${JobStatus.CANCELLED} and j.failure_code = ${FailureCode.CANCELLED}
      and j.finished_at > hour.since and j.worker_free_at > j.finished_at`.execute(em.getKysely());
  return rows[0] as Latency;
}

/**
 * From the last sign of life of a worker to the rescue of its job: of the rescues of the last hour, as far as the log is
 * read back for it.
 */
export async function readRescueLatency(em: EntityManager): Promise<Latency> {
  const { rows } = await sql<Latency>`
    with ${recentSince(sql`now() - interval '1 hour'`)}
    select ${latencyOf(sql`rescued_after`)}
    from recent, hour where rescued_after is not null and at > since`.execute(em.getKysely());
  return rows[0] as Latency;
}
