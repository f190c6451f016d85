import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Viewer } from '../../src/gate/viewer.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { service, user } from '../support/api.ts';
import { type JobOptions, makeAccount, makeJob } from '../support/factory.ts';

/** What a priced job of these tests costs, and what its owner was given in all. */
export const PRICE = 2;
export const GRANTED = 10;

const JOBS = {
  QUEUED: { status: 'QUEUED' },
  'QUEUED after an attempt': { status: 'QUEUED', attempt: 1 },
  PROCESSING: { status: 'PROCESSING' },
  COMPLETED: { status: 'COMPLETED' },
  FAILED: { status: 'FAILED' },
  'FAILED with its thread running': { status: 'FAILED', failure: 'STUCK', threadRuns: true },
  CANCELLED: { status: 'CANCELLED' },
  'CANCELLED with its thread running': { status: 'CANCELLED', attempt: 1, threadRuns: true },
  'a tombstone': { status: 'COMPLETED' },
} as const satisfies Record<string, JobOptions>;

/** Every way in which an id that somebody asks about can stand. */
export type Standing = keyof typeof JOBS | 'absent' | 'malformed';
export const STANDINGS = [...Object.keys(JOBS), 'absent', 'malformed'] as Standing[];

export interface Standee {
  jobId: string;
  resultId: string;
  userId: string;
  leaseToken: string;
}

/** A job that stands so, beside another of the same owner; `name` is the job's alone. */
export async function stand(
  { pool }: { pool: pg.Pool },
  lifecycle: Lifecycle,
  standing: Standing,
  name = 'Test of a job',
): Promise<Standee> {
  const userId = await makeAccount(pool, { balance: GRANTED });
  const nothing = { userId, leaseToken: randomUUID() };
  if (standing === 'absent') return { ...nothing, jobId: randomUUID(), resultId: randomUUID() };
  if (standing === 'malformed') return { ...nothing, jobId: 'job:1', resultId: 'result:1' };
  await makeJob(pool, { status: 'QUEUED', userId, price: 0 });
  const made = await makeJob(pool, { ...JOBS[standing], userId, price: PRICE, name });
  if (standing === 'a tombstone') await lifecycle.bury(made.jobId, 'any owner');
  return { ...made, resultId: made.resultId ?? '' };
}

/** Everyone who can ask, as far as the matrix tells them apart. */
export const viewersOf = ({ userId }: { userId: string }): Record<Who, Viewer | null> => ({
  owner: user(userId),
  'a service that manages': service('jobs:manage'),
  'another user': user(),
  'a service that does not': service('jobs:read', 'jobs:repair', 'tokens:grant', 'sync:run'),
  'an anonymous caller': null,
});
export type Who =
  | 'owner'
  | 'a service that manages'
  | 'another user'
  | 'a service that does not'
  | 'an anonymous caller';

/** Those who may. */
export const MAY = ['owner', 'a service that manages'] as const;

/** Those who are turned away before anything is looked at, each with the code. */
export const TURNED_AWAY = [
  ['a service that does not', 'FORBIDDEN'],
  ['an anonymous caller', 'UNAUTHENTICATED'],
] as const;
