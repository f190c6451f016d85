import type pg from 'pg';

/** Changes rows as a restore or a hand with all rights would: no trigger and no foreign key stands in the way. */
export async function bend(pool: pg.Pool, statement: string, values: unknown[] = []): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin; set local session_replication_role = replica');
    await client.query(statement, values);
    await client.query('commit');
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** Takes out all jobs, accounts and tasks, so that a whole database is quickly compared. */
export async function clear(pool: pg.Pool): Promise<void> {
  await bend(
    pool,
    `truncate analysis_jobs, analysis_results, files, file_removals, job_events, accounts, ledger_entries,
       idempotency_keys, workers, graphile_worker._private_jobs`,
  );
}
