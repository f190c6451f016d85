import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { createLifecycle } from '../src/lifecycle/lifecycle.ts';
import { createOrm } from '../src/orm.ts';
import { forEach } from './patience.ts';

export interface BenchJob {
  id: string;
  userId: string;
}

const LANES = 8;

/** The ids of users whom nobody knows yet. */
export const newUsers = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

/** Submits a job for each of the owners, who may be named several times. Nobody runs it. */
export async function submitJobs(
  databaseUrl: string,
  owners: readonly string[],
  name = 'A job of the bench',
): Promise<BenchJob[]> {
  const orm = await createOrm({ url: databaseUrl, name: 'assay-bench-submit' });
  try {
    const lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: 0 });
    const terms = { kind: 'PROBE', testData: {}, price: 0, maxAttempts: 3, tierPriority: 0 } as const;
    return await forEach(owners, LANES, async (userId) => {
      const { outcomes } = await lifecycle.submit(userId, [{ ...terms, name }]);
      const [outcome] = outcomes;
      if (outcome?.outcome !== 'SUBMITTED') throw new Error(`The job was not taken: ${outcome?.outcome}`);
      return { id: outcome.job.id, userId };
    });
  } finally {
    await orm.close();
  }
}

/** One event among all: the job's id and its number there. */
export const eventKey = (jobId: string, seq: number | string): string => `${jobId} ${seq}`;

/** When each event was committed, by the database's clock: milliseconds since 1970. */
export async function commitTimes(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ jobId: string; seq: number; ms: number }>(
    `select job_id as "jobId", seq, extract(epoch from pg_xact_commit_timestamp(xact::xid))::float8 * 1000 as ms
     from job_events`,
  );
  return new Map(rows.map(({ jobId, seq, ms }) => [eventKey(jobId, seq), ms]));
}
