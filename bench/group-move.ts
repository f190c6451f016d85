import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { backInQueue } from '../src/lifecycle/attempt.ts';
import { interval, move, moveTime } from '../src/lifecycle/move.ts';

const LEASE_MS = 3_600_000;
const workerId = randomUUID();

/**
 * Starts jobs that wait, or gives back jobs that run, all in one statement, as a rescue moves them.
 * @returns the token of each attempt that runs now, by job
 * @throws where one of them was not moved
 */
export async function moveGroup(
  orm: MikroORM,
  jobIds: readonly string[],
  verb: 'start' | 'release',
): Promise<Map<string, string | undefined>> {
  const started = sql`attempt = j.attempt + 1, lease_token = gen_random_uuid(), worker_id = ${workerId},
    lease_expires_at = now() + ${interval(LEASE_MS)}, started_at = ${moveTime}, heartbeat_at = ${moveTime}`;
  const moved = await move(orm.em.fork(), verb, {
    where: sql`j.id = any(${jobIds}::uuid[])`,
    // Each attempt is given back uncounted, so that the next one is again the first.
    set: verb === 'start' ? started : sql`attempt = j.attempt - 1, ${backInQueue}`,
  });
  if (moved.length < jobIds.length) throw new Error('Some of the jobs were not moved.');
  return new Map(moved.map(({ job }) => [job.id, job.leaseToken ?? undefined]));
}
