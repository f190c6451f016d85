import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Start } from '../../src/lifecycle/attempt.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import type { Submission } from '../../src/lifecycle/submit.ts';
import { createOrm } from '../../src/orm.ts';
import type { MadeJob } from '../support/factory.ts';

/** What a user owns when a test's lifecycle first sees him. */
export const STARTING_TOKENS = 3;

/** A lifecycle on a pool of its own, as each API process and each worker has one. */
export interface Process {
  orm: MikroORM;
  lifecycle: Lifecycle;
  /** The jobs it sent a wake-up for, in order. */
  woken: string[];
}

/** A process under the given name (see pg_stat_activity) for the tests of a file. */
export function useProcess(database: () => { url: string }, name: string): () => Process {
  let process: Process | undefined;
  beforeAll(async () => {
    const orm = await createOrm({ url: database().url, name });
    const woken: string[] = [];
    const wake = (wakeUps: { jobId: string }[]) => void woken.push(...wakeUps.map(({ jobId }) => jobId));
    process = { orm, woken, lifecycle: createLifecycle({ orm, startingTokens: STARTING_TOKENS, wake }) };
  });
  afterAll(async () => {
    await process?.orm.close();
  });
  return () => process!;
}

/** One piece of work to submit. */
export function work(options: Partial<Omit<Submission, 'userId'>> = {}): Omit<Submission, 'userId'> {
  return {
    kind: 'ASSESSMENT',
    name: 'My assessment',
    testData: { answers: [5, 4, 3] },
    price: 1,
    maxAttempts: 3,
    tierPriority: 0,
    ...options,
  };
}

/** The start of a job's next attempt by a worker of its own. */
export function nextAttempt({ jobId, round, attempt }: Pick<MadeJob, 'jobId' | 'round' | 'attempt'>): Start {
  return { jobId, round, attempt: attempt + 1, workerId: randomUUID(), leaseToken: randomUUID(), leaseMs: 60_000 };
}

/**
 * A lease, in milliseconds, that a worker of an hour ago has lost. A lease counts from the start of the server at the
 * earliest, and the server of the tests is young.
 */
export async function readShortLease(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ age: number }>(
    'select extract(epoch from now() - pg_postmaster_start_time())::float8 * 1000 as age',
  );
  return Math.min(10_000, rows[0]!.age / 2);
}
