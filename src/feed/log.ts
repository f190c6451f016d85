import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { JobEvent } from '../entities/job-event.ts';
import { FOLLOWED, type FollowedJob } from './frame.ts';
import { readRow, selectList } from './rows.ts';

/** What somebody wants to know of a job. */
export interface LogRequest {
  jobId: string;
  /** The seq after which to read; null reads the job alone. */
  after: number | null;
}

/** A job and the events after a position, both of the same moment. */
export interface LogPage {
  /** The position that was asked for. */
  after: number | null;
  /** Null once the row is gone. */
  job: FollowedJob | null;
  /** In the order of `seq`. Of a job that is gone, what its log still has is told whether it was asked for or not. */
  events: JobEvent[];
  /** When it was read, by the database's clock. */
  readAt: Date;
}

interface Row {
  job: Record<string, unknown> | null;
  events: Record<string, unknown>[] | null;
  read_at: string;
}

/**
 * Answers all requests in one statement, so that a job and its events are of one snapshot: an event that is not here has
 * not happened yet, was pruned, or went with its job.
 * @param limit events a request; a longer history takes several reads
 * @returns a page for each request, in their order
 */
export async function readLog(em: EntityManager, requests: readonly LogRequest[], limit: number): Promise<LogPage[]> {
  const { rows } = await sql<Row>`
    select case when j.id is not null then (
      select row_to_json(r) from (select ${sql.raw(selectList(em, Job, 'j', FOLLOWED))}) r
    ) end as job, (
      select json_agg(e order by e.seq) from (
        select ${sql.raw(selectList(em, JobEvent, 'e'))} from job_events e
        where e.job_id = asked.job_id and e.seq > coalesce(asked.after, case when j.id is null then 0 end)
        order by e.seq limit ${limit}
      ) e
    ) as events, clock_timestamp() as read_at
    from unnest(${requests.map(({ jobId }) => jobId)}::uuid[], ${requests.map(({ after }) => after)}::int[])
      with ordinality as asked (job_id, after, place)
    left join analysis_jobs j on j.id = asked.job_id
    order by asked.place`.execute(em.getKysely());

  return rows.map(({ job, events, read_at }, place) => ({
    after: requests[place]?.after ?? null,
    job: job && readRow(em, Job, job),
    events: (events ?? []).map((event) => readRow(em, JobEvent, event)),
    readAt: new Date(read_at),
  }));
}

/** An event that was read for those who follow. */
export interface ReadEvent {
  event: JobEvent;
  /** Its job, where that was read along. */
  job: FollowedJob | null;
  /** By the database's clock. */
  readAt: Date;
}

/** Never less than 0: an event's time is that of its job's last move at least, which another statement may have seen. */
export const secondsBetween = (earlier: Date, later: Date): number =>
  Math.max(0, later.getTime() - earlier.getTime()) / 1_000;

/** Of the followed jobs, those that are further than their followers know, or gone. */
export async function findBehind(em: EntityManager, positions: ReadonlyMap<string, number>): Promise<string[]> {
  const { rows } = await sql<{ job_id: string }>`
    select mine.job_id from unnest(${[...positions.keys()]}::uuid[], ${[...positions.values()]}::int[]) as mine (job_id, at)
    left join analysis_jobs j on j.id = mine.job_id
    where j.id is null or j.seq > mine.at`.execute(em.getKysely());
  return rows.map((row) => row.job_id);
}
