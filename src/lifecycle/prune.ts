import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { EventType, FINISHED, JobStatus } from '../entities/job-status.ts';
import { countWaitingUploads, pruneUploads, UPLOAD_WAITS_MS } from './files.ts';
import { interval } from './move.ts';
import { eraseAll } from './remove.ts';
import { transact } from './transact.ts';

/** Jobs that one transaction takes up, and events that one reads: first a few, because most of the time nothing is so old. */
const JOBS = 100;
const FIRST_EVENTS = 100;
const EVENTS = 5_000;

export interface Pruned {
  /** Uploads that no job took within a day. */
  uploads: number;
  /** Finished jobs, with all that belonged to them. */
  jobs: number;
  /** Events that told of jobs long gone. */
  events: number;
}

/**
 * A finished job that ended so long ago. The newest completed sync of each source stays: it says how old the records are.
 * An id begins with the time at which its job was created, so the search is one of ids, which are indexed.
 * @param bound from {@link readBound}: a value that the planner does not know might be a third of the table to it
 */
const isOver = (olderThanMs: number, bound: string) => sql`j.status = any(${[...FINISHED]})
  and j.id < ${bound} and j.finished_at < now() - ${interval(olderThanMs)}
  and j.id <> all(array(
    select distinct on (s.sync_source) s.id from analysis_jobs s
    where s.sync_source is not null and s.status = ${JobStatus.COMPLETED}
    order by s.sync_source, s.finished_at desc
  ))`;

/** The id that a job would have that was created so long ago. */
async function readBound(em: EntityManager, olderThanMs: number): Promise<string> {
  const { rows } = await sql<{ bound: string }>`
    select assay_uuid(now() - ${interval(olderThanMs)}) as bound`.execute(em.getKysely());
  return rows[0]?.bound ?? '';
}

/** What {@link prune} would remove now. */
export async function countPrunable(em: EntityManager, olderThanMs: number | null): Promise<Pruned> {
  const uploads = await countWaitingUploads(em, UPLOAD_WAITS_MS);
  if (olderThanMs === null) return { uploads, jobs: 0, events: 0 };
  const bound = await readBound(em, olderThanMs);
  const { rows } = await sql<{ jobs: number; events: number }>`
    select (select count(*)::int from analysis_jobs j where ${isOver(olderThanMs, bound)}) as jobs,
      (select count(*)::int from job_events e where ${isOrphan(olderThanMs)}) as events`.execute(em.getKysely());
  return { uploads, jobs: 0, events: 0, ...rows[0] };
}

/**
 * Removes what nobody waits for any more: uploads that no job took within a day; finished jobs for good, with all that
 * belongs to them, as a forced deletion does it; and what is left in the log of jobs that were removed as long ago.
 * @param olderThanMs null keeps all jobs
 */
export async function prune(
  em: EntityManager,
  olderThanMs: number | null,
): Promise<Pruned & { /** Of the jobs. */ ids: string[] }> {
  const uploads = await pruneUploads(em.fork(), UPLOAD_WAITS_MS);
  if (olderThanMs === null) return { uploads, jobs: 0, events: 0, ids: [] };
  const bound = await readBound(em.fork(), olderThanMs);
  const ids: string[] = [];
  for (;;) {
    const { rows } = await sql<{ id: string }>`
      select j.id from analysis_jobs j where ${isOver(olderThanMs, bound)} order by j.id limit ${JOBS}`.execute(
      em.fork().getKysely(),
    );
    if (rows.length === 0) break;
    const which = sql`j.id = any(${rows.map(({ id }) => id)}::uuid[]) and ${isOver(olderThanMs, bound)}`;
    ids.push(...(await eraseAll(em.fork(), which)).map(({ id }) => id));
  }
  return { uploads, jobs: ids.length, events: await pruneLog(em, olderThanMs), ids };
}

const isOrphan = (olderThanMs: number) => sql`e.at < now() - ${interval(olderThanMs)}
  and e.type = ${EventType.DELETED} and not exists (select from analysis_jobs j where j.id = e.job_id)`;

/** Page by page from its oldest end to the first page in which nothing is so old. */
async function pruneLog(em: EntityManager, olderThanMs: number): Promise<number> {
  let removed = 0;
  let after = '0';
  for (let limit = FIRST_EVENTS; ; limit = EVENTS) {
    const page = await transact(em.fork(), async (transaction) => {
      const db = transaction.getKysely();
      await sql`select set_config('assay.mover', 'prune', true)`.execute(db);
      const { rows } = await sql<{ last: string | null; is_old: boolean; removed: number }>`
        with page as (
          select id, at from job_events where id > ${after}::bigint order by id limit ${limit}
        ), gone as (
          -- By its bounds and not by its ids: nothing else is between them, and a join would read the whole log.
          delete from job_events e
          where e.id > ${after}::bigint and e.id <= (select max(id) from page) and ${isOrphan(olderThanMs)}
          returning e.id
        )
        select max(id)::text as last, coalesce(min(at) < now() - ${interval(olderThanMs)}, false) as is_old,
          (select count(*)::int from gone) as removed
        from page`.execute(db);
      return rows[0];
    });
    removed += page?.removed ?? 0;
    if (!page?.last || !page.is_old) return removed;
    after = page.last;
  }
}
