import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { EventType, FailureCode, JobStatus } from '../entities/job-status.ts';

/** Seconds from CANCELLED to the thread being free; null where the job ended otherwise, or is further on. */
export async function readCancelSeconds(em: EntityManager, jobId: string): Promise<number | null> {
  const { rows } = await sql<{ seconds: number | null }>`
    select extract(epoch from worker_free_at - finished_at)::float8 as seconds from analysis_jobs
    where id = ${jobId} and status = ${JobStatus.CANCELLED} and failure_code = ${FailureCode.CANCELLED}`.execute(
    em.getKysely(),
  );
  return rows[0]?.seconds ?? null;
}

/** What a rescue did for a job, as its log tells it. */
export interface RescueInLog {
  /** How long its worker had been silent; null where it was not, and ran over its limit. */
  silentSeconds: number | null;
  /** Tokens that were paid back. */
  refund: number;
}

/** The latest rescue of each of these jobs. */
export async function readRescues(em: EntityManager, jobIds: readonly string[]): Promise<RescueInLog[]> {
  if (jobIds.length === 0) return [];
  const { rows } = await sql<RescueInLog>`
    select distinct on (e.job_id) e.rescued_after as "silentSeconds",
      case when e.token_balance is null then 0 else j.price end as refund
    from job_events e join analysis_jobs j on j.id = e.job_id
    where e.job_id = any(${[...jobIds]}::uuid[])
      and e.type in (${EventType.RELEASED}, ${EventType.FAILED}, ${EventType.STUCK})
    order by e.job_id, e.seq desc`.execute(em.getKysely());
  return rows;
}

/** Tokens that the deletion of a job paid back: its event names a balance only then. */
export async function readRefundOfDeletion(em: EntityManager, jobId: string): Promise<number> {
  const { rows } = await sql<{ amount: number }>`
    select r.amount from ledger_entries r join job_events e using (job_id)
    where r.job_id = ${jobId} and r.entry = 'REFUND' and r.round = e.round
      and e.type = ${EventType.DELETED} and e.token_balance is not null`.execute(em.getKysely());
  return rows[0]?.amount ?? 0;
}
