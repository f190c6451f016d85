import type pg from 'pg';
import { EventType, JobStatus } from '../../src/entities/job-status.ts';
import { CHANNEL } from '../../src/feed/publisher.ts';

const statusAfter = {
  QUEUED: JobStatus.QUEUED,
  STARTED: JobStatus.PROCESSING,
  RELEASED: JobStatus.QUEUED,
  COMPLETED: JobStatus.COMPLETED,
  FAILED: JobStatus.FAILED,
  STUCK: JobStatus.FAILED,
  CANCELLED: JobStatus.CANCELLED,
  RETRIED: JobStatus.QUEUED,
  DELETED: JobStatus.CANCELLED,
} as const satisfies Record<EventType, JobStatus>;

/** Attempts of a job that were begun and given back: two events each, and the job waits again. */
export const attempts = (count: number): EventType[] =>
  Array.from({ length: count }, () => [EventType.STARTED, EventType.RELEASED]).flat();

/**
 * Lengthens a job's log without the moves that would take. The last event should fit the status that the job has. Nobody
 * is woken.
 */
export async function addEvents(pool: pg.Pool, jobId: string, types: readonly EventType[]): Promise<void> {
  await unguarded(pool, async (client) => {
    const { rowCount } = await client.query(
      `with job as (
         update analysis_jobs set seq = seq + cardinality($2::text[]) where id = $1 returning *
       )
       insert into job_events (job_id, seq, type, user_id, result_id, kind, status, round, attempt, progress,
         assessment_name, at)
       select j.id, j.seq - cardinality($2::text[]) + e.place, e.type, j.user_id, j.result_id, j.kind, e.status, j.round,
         j.attempt, '{"percent": 0}', j.name, j.updated_at
       from job j, unnest($2::text[], $3::text[]) with ordinality as e (type, status, place)`,
      [jobId, types, types.map((type) => statusAfter[type])],
    );
    if (rowCount !== types.length) throw new Error(`there is no job ${jobId}`);
  });
}

/** Removes a job's events up to a seq. */
export async function prune(pool: pg.Pool, jobId: string, upTo: number): Promise<void> {
  await unguarded(pool, (client) =>
    client.query('delete from job_events where job_id = $1 and seq <= $2', [jobId, upTo]),
  );
}

/** Leaves of a job nothing but the event that says so. */
export async function forceDelete(pool: pg.Pool, jobId: string): Promise<void> {
  await unguarded(pool, async (client) => {
    await client.query(
      `with job as (
         delete from analysis_jobs where id = $1 returning *
       ), result as (
         delete from analysis_results where job_id = $1
       ), log as (
         delete from job_events where job_id = $1
       )
       insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at)
       select id, seq + 1, 'DELETED', user_id, kind, 'CANCELLED', round, attempt, '{"percent": 0}', name, updated_at
       from job`,
      [jobId],
    );
  });
}

/** Tells all processes that something about these jobs changed. */
export async function wake(pool: pg.Pool, ...jobIds: string[]): Promise<void> {
  await pool.query('select pg_notify($1, $2)', [CHANNEL, jobIds.join(',')]);
}

/** Cuts the listening connections. @returns how many there were */
export async function cutListeners(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'assay-listen'`,
  );
  return rowCount ?? 0;
}

/** One transaction in which no trigger fires: what it leaves is of interest, not whether a life can lead there. */
async function unguarded(pool: pg.Pool, act: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin; set local session_replication_role = replica');
    await act(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
