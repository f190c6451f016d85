import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { isFinished, JobStatus } from '../entities/job-status.ts';
import { Result } from '../entities/result.ts';
import type { Scope } from '../entities/scope.ts';
import { owned, type Refused, readLive } from './refusal.ts';

export type ShareOutcome = { outcome: 'SHARED'; result: Result } | Refused<'NOT_FOUND' | 'JOB_ACTIVE' | 'JOB_FINISHED'>;

export type UnshareOutcome = { outcome: 'UNSHARED'; result: Result } | Refused<'NOT_FOUND'>;

/** What everyone may read of a shared result who has its link. */
export interface SharedView {
  assessmentName: string;
  testResult: unknown;
  /** The same content, where it is the report of an ASSESSMENT. */
  assessment: unknown;
  /** When the job was submitted. */
  createdAt: Date;
}

/**
 * Opens a COMPLETED result under a new random id; one that is open stays as it is. No move: job, log and times are left alone.
 * A job without an answer refuses: JOB_ACTIVE while it may still come, else JOB_FINISHED.
 */
export async function share(em: EntityManager, resultId: string, scope: Scope): Promise<ShareOutcome> {
  for (;;) {
    await sql`
      update analysis_results j set is_public = true, share_id = gen_random_uuid()
      where j.id = ${resultId} and ${owned(scope)} and j.status = ${JobStatus.COMPLETED} and j.share_id is null`.execute(
      em.getKysely(),
    );
    const result = await readResult(em, resultId, scope);
    if (result?.isPublic) return { outcome: 'SHARED', result };
    const job = result && (await readLive(em, result.jobId, scope));
    if (!job) return { outcome: 'NOT_FOUND' };
    if (job.status !== JobStatus.COMPLETED) {
      return { outcome: isFinished(job.status) ? 'JOB_FINISHED' : 'JOB_ACTIVE', job };
    }
    // It was completed, or closed again, before it was read: now it can be shared.
  }
}

/** Closes a result: its link is dead from here on, and sharing it again makes another. One that is closed stays as it is. */
export async function unshare(em: EntityManager, resultId: string, scope: Scope): Promise<UnshareOutcome> {
  await sql`
    update analysis_results j set is_public = false, share_id = null
    where j.id = ${resultId} and ${owned(scope)} and j.share_id is not null`.execute(em.getKysely());
  const result = await readResult(em, resultId, scope);
  return result ? { outcome: 'UNSHARED', result } : { outcome: 'NOT_FOUND' };
}

/** What is open under an id, or null. Nothing is read but what may be shown. */
export async function findShared(em: EntityManager, shareId: string): Promise<SharedView | null> {
  const fields = ['jobId', 'assessmentName', 'testResult', 'createdAt'] as const;
  const result = await em.findOne(Result, { shareId }, { fields }); // the database keeps an id on a completed one only
  const job = result && (await em.findOne(Job, { id: result.jobId, deletedAt: null }, { fields: ['kind'] }));
  if (!job) return null;
  const { assessmentName, testResult, createdAt } = result;
  return { assessmentName, testResult, assessment: job.kind === 'ASSESSMENT' ? testResult : null, createdAt };
}

async function readResult(em: EntityManager, resultId: string, scope: Scope): Promise<Result | null> {
  return await em.fork().findOne(Result, { id: resultId, ...(scope === 'any owner' ? {} : { userId: scope.owner }) });
}
