import type { EntityManager, EntityName } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { type QueryExecutorProvider, sql } from 'kysely';
import { File } from '../entities/file.ts';
import { Job } from '../entities/job.ts';
import { JobEvent } from '../entities/job-event.ts';
import { Result } from '../entities/result.ts';
import { readRows } from './rows.ts';

/** Where a waiting job stands, and when its turn may come. */
export interface QueuePlace {
  position: number;
  estimatedStartAt: Date | null;
}

/** A run of a job's log. */
interface LogRange {
  jobId: string;
  /** The `seq` behind which it begins. */
  after: number;
  limit: number;
}

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Reads by id for one operation: what a page of jobs asks of its results, or of the queue, is one statement and not one
 * a row. They see whatever a visible row points to, so whoever starts from a visible row needs no further predicate.
 *
 * Nothing is remembered between two reads: a mutation that comes second in its operation sees what the first one did.
 *
 * @param ofAll reads what everybody's jobs add up to, whoever asks
 */
export function createLoaders(em: EntityManager, ofAll: QueryExecutorProvider) {
  return {
    job: batched<string, Job | null>((ids) => byId(em, Job, ids)),
    result: batched<string, Result | null>((ids) => byId(em, Result, ids)),
    /** A job's files, the given ones first. */
    files: batched<string, File[]>(async (ids) => {
      const found = await readRows(em, File, { where: { jobId: { $in: ids } }, orderBy: { role: 'ASC', id: 'ASC' } });
      const ofJob = Map.groupBy(found, ({ jobId }) => jobId);
      return ids.map((id) => ofJob.get(id) ?? []);
    }),
    queuePlace: batched<string, QueuePlace | null>(async (ids) => {
      const places = await readQueuePlaces(ofAll, ids);
      return ids.map((id) => places.get(id) ?? null);
    }),
    events: batched<LogRange, JobEvent[]>((ranges) => readEvents(em, ranges)),
  };
}

const batched = <Key, Value>(read: (keys: Key[]) => Promise<Value[]>) =>
  new DataLoader<Key, Value>((keys) => read([...keys]), { cache: false });

async function byId<Row extends { id: string }>(
  em: EntityManager,
  of: EntityName<Row>,
  ids: string[],
): Promise<(Row | null)[]> {
  const rows = await readRows(em, of, { where: { id: { $in: ids } } });
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Positions are counted up to here; whoever stands further back is told this number. */
const QUEUE_COUNTED = 1_000;

/** Of the newest completed jobs, how many are looked at for the pace of the last minute. */
const PACE_SAMPLE = 10_000;

/**
 * Places in the order in which the queue is served; a job that does not wait any more has none. The time is an estimate
 * from the pace of the last minute: none is given while no worker is alive or nothing was completed, and none to those
 * who stand beyond the count. However long the queue and the history are, the same number of rows is read.
 */
async function readQueuePlaces(ofAll: QueryExecutorProvider, ids: string[]): Promise<Map<string, QueuePlace>> {
  const { rows } = await sql<{ id: string; position: number | null; start_at: string | null }>`
    with pace as (
      select count(*)::float8 / 60 as per_second
      from (
        select finished_at from analysis_jobs where status = 'COMPLETED' order by id desc limit ${PACE_SAMPLE}
      ) recent
      where finished_at > now() - interval '1 minute'
        and exists (select from workers where heartbeat_at > now() - interval '10 seconds')
    ), head as (
      select id, row_number() over (order by priority, id)::int as position
      from (
        select id, priority from analysis_jobs where status = 'QUEUED' order by priority, id limit ${QUEUE_COUNTED}
      ) first
    )
    select id, position, now() + make_interval(secs => position / nullif(per_second, 0)) as start_at
    from analysis_jobs left join head using (id), pace
    where id = any(${ids}::uuid[]) and status = 'QUEUED'`.execute(ofAll);
  return new Map(
    rows.map(({ id, position, start_at }) => [
      id,
      { position: position ?? QUEUE_COUNTED, estimatedStartAt: start_at === null ? null : new Date(start_at) },
    ]),
  );
}

/** One stretch of log per range, each in the order of `seq`. */
async function readEvents(em: EntityManager, ranges: LogRange[]): Promise<JobEvent[][]> {
  const { rows } = await sql<Record<string, unknown> & { range: number }>`
    select e.*, r.range::int from unnest(
      ${ranges.map(({ jobId }) => jobId)}::uuid[], ${ranges.map(({ after }) => after)}::int[],
      ${ranges.map(({ limit }) => limit)}::int[]
    ) with ordinality as r (job_id, after, "limit", range)
    cross join lateral (
      select * from job_events e where e.job_id = r.job_id and e.seq > r.after order by e.seq limit r."limit"
    ) e
    order by r.range, e.seq`.execute(em.getKysely());
  const read = ranges.map((): JobEvent[] => []);
  for (const { range, ...event } of rows) read[range - 1]?.push(em.map(JobEvent, event));
  return read;
}
