import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { Job } from '../entities/job.ts';
import type { Scope } from '../entities/scope.ts';

/** Why a verb did nothing, with the job as it really is where there is one. */
export type Refused<Code extends string> = Code extends 'NOT_FOUND'
  ? { outcome: Code }
  : Code extends 'INSUFFICIENT_TOKENS'
    ? { outcome: Code; required: number; available: number }
    : { outcome: Code; job: Job };

/** The predicate of ownership, over `j`. */
export const owned = (scope: Scope): RawBuilder<unknown> =>
  scope === 'any owner' ? sql`true` : sql`j.user_id = ${scope.owner}`;

/** A job that is not deleted, if it is in scope: asked in a second statement, after a refusal. */
export async function readLive(em: EntityManager, jobId: string, scope: Scope): Promise<Job | null> {
  const job = await readAny(em, jobId, scope);
  return job?.deletedAt ? null : job;
}

/** Likewise, tombstones included. */
export async function readAny(em: EntityManager, jobId: string, scope: Scope): Promise<Job | null> {
  return await em.fork().findOne(Job, { id: jobId, ...(scope === 'any owner' ? {} : { userId: scope.owner }) });
}
