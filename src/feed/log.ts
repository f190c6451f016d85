import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { JobEvent } from '../entities/job-event.ts';

/** A job and the events after a position, as one subscriber or several need them. */
export interface LogPage {
  /** Null once the row is gone. */
  job: Job | null;
  /** In the order of `seq`. */
  events: JobEvent[];
}

/** How many events one read brings at most; a longer history takes several reads. */
export const PAGE = 500;

/**
 * Reads what happened to some jobs since the given positions, in two statements whatever their number. The jobs are read
 * first: so the events are never older than the row they are judged by.
 */
export async function readLog(em: EntityManager, positions: ReadonlyMap<string, number>): Promise<Map<string, LogPage>> {
  const ids = [...positions.keys()];
  const jobs = await em.find(Job, { id: { $in: ids } });
  const { rows } = await sql<Record<string, unknown>>`
    select e.* from unnest(${ids}::uuid[], ${[...positions.values()]}::int[]) as mine (job_id, after)
    cross join lateral (
      select * from job_events e where e.job_id = mine.job_id and e.seq > mine.after order by e.seq limit ${PAGE}
    ) e
    order by e.job_id, e.seq`.execute(em.getKysely());

  const pages = new Map<string, LogPage>(ids.map((id) => [id, { job: null, events: [] }]));
  for (const job of jobs) pages.set(job.id, { job, events: [] });
  for (const row of rows) {
    const event = em.map(JobEvent, row);
    pages.get(event.jobId)?.events.push(event);
  }
  return pages;
}

/** Of the followed jobs, those that are further than their followers know, or gone. */
export async function findBehind(em: EntityManager, positions: ReadonlyMap<string, number>): Promise<string[]> {
  const { rows } = await sql<{ job_id: string }>`
    select mine.job_id from unnest(${[...positions.keys()]}::uuid[], ${[...positions.values()]}::int[]) as mine (job_id, at)
    left join analysis_jobs j on j.id = mine.job_id
    where j.id is null or j.seq > mine.at`.execute(em.getKysely());
  return rows.map((row) => row.job_id);
}
