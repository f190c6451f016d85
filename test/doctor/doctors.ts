import type pg from 'pg';
import { expect } from 'vitest';

/** Holds an examination at its first question, until the block ends. */
export async function holdUp(pool: pg.Pool): Promise<AsyncDisposable> {
  const client = await pool.connect();
  await client.query('begin; lock table accounts in access exclusive mode');
  return {
    async [Symbol.asyncDispose]() {
      await client.query('rollback');
      client.release();
    },
  };
}

/** Waits until no examination is connected any more. */
export async function untilGone(pool: pg.Pool): Promise<void> {
  const count = `select count(*)::int as open from pg_stat_activity
    where datname = current_database() and application_name = 'assay-doctor'`;
  await expect.poll(async () => (await pool.query(count)).rows, { timeout: 15_000 }).toEqual([{ open: 0 }]);
}
