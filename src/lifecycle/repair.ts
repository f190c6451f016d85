import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Job } from '../entities/job.ts';
import { JobStatus } from '../entities/job-status.ts';
import { addTask, jobOf } from './move.ts';
import { forceDelete } from './remove.ts';
import { hasNoTask } from './rescue.ts';

/**
 * Mends one job that something from outside has bent: a restore, or a change by hand around the guards. The job's own
 * status is taken for true. A healthy job needs nothing, and nothing is what happens to it.
 * @returns what was done, in the words that older clients know; null where there is no such job
 */
export async function syncStatus(em: EntityManager, jobId: string): Promise<string[] | null> {
  return await em.transactional(async (transaction) => {
    const db = transaction.getKysely();
    await sql`select set_config('assay.mover', 'repair', true)`.execute(db);
    const { rows } =
      await sql`select id from analysis_jobs where id = ${jobId} and deleted_at is null for update`.execute(db);
    if (rows.length === 0) return null;
    return [
      ...(await pointToOwnResult(transaction, jobId)),
      ...(await syncResultStatus(transaction, jobId)),
      ...(await requeueLostTask(transaction, jobId)),
      ...(await issueMissingRefund(transaction, jobId)),
    ];
  });
}

/** A completed job whose result has no content cannot be mended: nobody knows the answer any more. */
export async function lacksAnswer(em: EntityManager, jobId: string): Promise<boolean> {
  const { rows } = await sql`
    select from analysis_jobs j where j.id = ${jobId} and j.status = 'COMPLETED' and not exists (
      select from analysis_results s where s.job_id = j.id and s.test_result is not null
    )`.execute(em.getKysely());
  return rows.length > 0;
}

async function act(em: EntityManager, statement: RawBuilder<{ action: string }>): Promise<string[]> {
  return (await statement.execute(em.getKysely())).rows.map(({ action }) => action);
}

/** The job names a result that is not its own, and its own exists. */
const pointToOwnResult = (em: EntityManager, jobId: string) =>
  act(
    em,
    sql`update analysis_jobs j set result_id = s.id from analysis_results s
      where j.id = ${jobId} and s.job_id = j.id and j.result_id is distinct from s.id
      returning 'cleared_orphaned_result_id' as action`,
  );

const syncResultStatus = (em: EntityManager, jobId: string) =>
  act(
    em,
    sql`with drifted as (
        select s.id, s.status as was, j.status from analysis_results s join analysis_jobs j on j.id = s.job_id
        where j.id = ${jobId} and s.status <> j.status and (j.status <> 'COMPLETED' or s.test_result is not null)
      )
      update analysis_results s
      set status = d.status, updated_at = now(), test_result = case when d.status = 'COMPLETED' then s.test_result end,
        is_public = false, share_id = null
      from drifted d where s.id = d.id
      returning 'synced_result_status_' || lower(d.was) || '_to_' || lower(d.status) as action`,
  );

const requeueLostTask = (em: EntityManager, jobId: string) =>
  act(
    em,
    sql`select concat(${addTask()}, 'requeued_lost_task') as action from analysis_jobs j
      where j.id = ${jobId} and j.status = ${JobStatus.QUEUED} and ${hasNoTask}`,
  ).then((actions) => actions.map(() => 'requeued_lost_task'));

/**
 * Only where the round was charged: what was never paid is not paid back. A round before the present one ended FAILED or
 * CANCELLED, or there had been no retry.
 */
const issueMissingRefund = (em: EntityManager, jobId: string) =>
  act(
    em,
    sql`with owed as (
        select j.id, j.user_id, c.round, -c.amount as price, sum(-c.amount) over (order by c.round desc) + c.amount as later
        from analysis_jobs j join ledger_entries c on c.job_id = j.id and c.entry = 'CHARGE'
        where j.id = ${jobId} and (c.round < j.round or j.status in ('FAILED', 'CANCELLED')) and not exists (
          select from ledger_entries r where r.job_id = j.id and r.round = c.round and r.entry = 'REFUND'
        )
      ), paid as (
        update accounts a set balance = a.balance + o.total
        from (select user_id, sum(price) as total from owed group by user_id) o where a.user_id = o.user_id
        returning a.user_id, a.balance
      )
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select o.user_id, 'REFUND', o.price, p.balance - o.later, o.id, o.round from owed o join paid p using (user_id)
      order by o.round
      returning 'issued_missing_refund' as action`,
  );

export interface Orphans {
  /** Live jobs whose result is gone. */
  jobIds: string[];
  /** Results whose job is gone. */
  resultIds: string[];
  /** Files whose job is gone, or a tombstone. */
  fileIds: string[];
}

/** Orphans of a kind that are taken up at once; of more, another call finds the rest. */
const MOST_ORPHANS = 1_000;

/** Jobs, results and files that lost what they belong to, which the foreign keys allow to nobody who does not switch them off. */
export async function findOrphans(em: EntityManager): Promise<Orphans> {
  const ids = async (statement: RawBuilder<{ id: string }>) =>
    (await statement.execute(em.getKysely())).rows.map(({ id }) => id);
  return {
    jobIds: await ids(
      sql`select j.id from analysis_jobs j where j.deleted_at is null
        and not exists (select from analysis_results s where s.job_id = j.id) order by j.id limit ${MOST_ORPHANS}`,
    ),
    resultIds: await ids(
      sql`select s.id from analysis_results s
        where not exists (select from analysis_jobs j where j.id = s.job_id) order by s.id limit ${MOST_ORPHANS}`,
    ),
    fileIds: await ids(sql`select f.id from files f where ${isOrphanedFile} order by f.id limit ${MOST_ORPHANS}`),
  };
}

/** Removes orphans: a job as a forced deletion does it, so that an active one is paid back first. */
export async function removeOrphans(em: EntityManager): Promise<Orphans> {
  const found = await findOrphans(em);
  const jobIds: string[] = [];
  for (const id of found.jobIds) {
    if ((await forceDelete(em.fork(), id, 'any owner')).outcome === 'DELETED') jobIds.push(id);
  }
  const { rows } = await sql<{ id: string }>`
    delete from analysis_results s where s.id = any(${found.resultIds})
      and not exists (select from analysis_jobs j where j.id = s.job_id)
    returning s.id`.execute(em.fork().getKysely());
  const { rows: files } = await sql<{ id: string }>`
    delete from files f where f.id = any(${found.fileIds}) and ${isOrphanedFile} returning f.id`.execute(
    em.fork().getKysely(),
  );
  return { jobIds, resultIds: rows.map(({ id }) => id), fileIds: files.map(({ id }) => id) };
}

const isOrphanedFile = sql`f.job_id is not null
  and not exists (select from analysis_jobs j where j.id = f.job_id and j.deleted_at is null)`;

/** Running jobs without a sign of life for at least so long, the most silent first. */
export async function findStuck(em: EntityManager, olderThanSeconds: number): Promise<Job[]> {
  const { rows } = await sql<Record<string, unknown>>`
    select * from analysis_jobs
    where status = ${JobStatus.PROCESSING}
      and heartbeat_at < now() - make_interval(secs => ${olderThanSeconds}::float8)
    order by heartbeat_at limit 100`.execute(em.getKysely());
  return rows.map((row) => jobOf(em, row));
}
