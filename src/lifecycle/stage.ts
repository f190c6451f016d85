import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { JobStatus } from '../entities/job-status.ts';
import { held, type Lease, refusal } from './attempt.ts';

/**
 * Adds rows to those that a running attempt has gathered; of rows with the same id the last one stays. The job's row is
 * held meanwhile, so that none is added to an attempt that has just ended.
 * @param rows a JSON list of `{ id, data, words }`
 * @returns how many of them have an id that was not there yet
 * @throws MoveRefused when the lease is no longer this attempt's
 */
export async function stage(em: EntityManager, lease: Lease, rows: string): Promise<number> {
  const { rows: answers } = await sql<{ is_held: boolean; added: number }>`
    with lease as materialized (
      select from analysis_jobs j where ${held(lease)} and j.status = ${JobStatus.PROCESSING} for share
    ), given as (
      select distinct on (r.id) r.id, r.data, r.words
      from lease, rows from (jsonb_to_recordset(${rows}::jsonb) as (id text, data jsonb, words text)) with ordinality
        as r (id, data, words, place)
      order by r.id, r.place desc
    ), staged as (
      insert into sync_staging (job_id, lease_token, id, data, words)
      select ${lease.jobId}, ${lease.leaseToken}, id, data, words from given
      on conflict (job_id, lease_token, id) do update set data = excluded.data, words = excluded.words
      returning xmax = 0 as is_new
    )
    select exists (select from lease) as is_held, count(*) filter (where is_new)::int as added from staged`.execute(
    em.getKysely(),
  );
  const [answer] = answers;
  if (!answer?.is_held) throw await refusal(em, 'stage', lease.jobId);
  return answer.added;
}

/** How many different rows an attempt has gathered. */
export async function countStaged(em: EntityManager, { jobId, leaseToken }: Lease): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from sync_staging where job_id = ${jobId} and lease_token = ${leaseToken}`.execute(
    em.getKysely(),
  );
  return rows[0]?.count ?? 0;
}

/** Deletes what an attempt has gathered. */
export async function unstage(em: EntityManager, { jobId, leaseToken }: Lease): Promise<void> {
  await sql`delete from sync_staging where job_id = ${jobId} and lease_token = ${leaseToken}`.execute(em.getKysely());
}

/** Rows that one statement of a sweep deletes. */
export const STAGED_BATCH = 10_000;

/**
 * Deletes rows of attempts that are over: what a crash has left behind, or a worker that could not reach the database.
 * Each attempt is found by one step in the index, however many rows it has.
 * @returns the jobs of the deleted rows, one entry each; fewer than a batch when there is nothing left to sweep
 */
export async function sweepStaging(em: EntityManager): Promise<string[]> {
  const { rows } = await sql<{ job_id: string }>`
    with recursive attempt as (
      (select job_id, lease_token from sync_staging order by job_id, lease_token limit 1)
      union all
      select next.job_id, next.lease_token from attempt a cross join lateral (
        select s.job_id, s.lease_token from sync_staging s
        where (s.job_id, s.lease_token) > (a.job_id, a.lease_token) order by s.job_id, s.lease_token limit 1
      ) next
    ), ended as (
      select * from attempt a where not exists (
        select from analysis_jobs j
        where j.id = a.job_id and j.lease_token = a.lease_token and j.status = ${JobStatus.PROCESSING}
      )
    )
    delete from sync_staging where ctid = any(array(
      select s.ctid from ended join sync_staging s using (job_id, lease_token) limit ${STAGED_BATCH}
    ))
    returning job_id`.execute(em.getKysely());
  return rows.map(({ job_id }) => job_id);
}
