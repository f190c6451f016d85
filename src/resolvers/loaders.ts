import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { Result } from '../entities/result.ts';

/** Where a waiting job stands, and when its turn may come. */
export interface QueuePlace {
  position: number;
  estimatedStartAt: Date | null;
}

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Reads by id for one operation: what a page of jobs asks of its results, or of the queue, is one statement and not one
 * a row. They see whatever a visible row points to, so whoever starts from a visible row needs no further predicate.
 */
export function createLoaders(em: EntityManager) {
  return {
    job: new DataLoader<string, Job | null>(async (ids) => {
      const found = new Map((await em.find(Job, { id: { $in: [...ids] } })).map((job) => [job.id, job]));
      return ids.map((id) => found.get(id) ?? null);
    }),
    result: new DataLoader<string, Result | null>(async (ids) => {
      const found = new Map((await em.find(Result, { id: { $in: [...ids] } })).map((result) => [result.id, result]));
      return ids.map((id) => found.get(id) ?? null);
    }),
    queuePlace: new DataLoader<string, QueuePlace>(async (ids) => {
      const places = await queuePlaces(em);
      return ids.map((id) => places.get(id) ?? { position: QUEUE_COUNTED, estimatedStartAt: null });
    }),
  };
}

/** Positions are counted up to here; whoever stands further back is told this number. */
const QUEUE_COUNTED = 1_000;

/**
 * The head of the queue in the order in which it is served. The time is an estimate from the pace of the last minute:
 * none is given while no worker is alive or nothing was finished.
 */
async function queuePlaces(em: EntityManager): Promise<Map<string, QueuePlace>> {
  const { rows } = await sql<{ id: string; position: number; start_at: string | null }>`
    with pace as (
      select count(*)::float8 / 60 as per_second from analysis_jobs
      where id > assay_uuid(now() - interval '1 hour') and finished_at > now() - interval '1 minute'
    ), waiting as (
      select id, row_number() over (order by priority, id)::int as position
      from (select id, priority from analysis_jobs where status = 'QUEUED' order by priority, id limit ${QUEUE_COUNTED}) head
    )
    select id, position,
      case when exists (select from workers where heartbeat_at > now() - interval '10 seconds')
        then now() + make_interval(secs => position / nullif(per_second, 0)) end as start_at
    from waiting, pace`.execute(em.getKysely());
  return new Map(
    rows.map((row) => [row.id, { position: row.position, estimatedStartAt: row.start_at ? new Date(row.start_at) : null }]),
  );
}
