// Apollo Server and pg-boss: the task is added in the transaction of the rows.
import pg from 'pg';
import { serve } from './api.ts';
import { EVENTS, insertJob } from './jobs.ts';
import { openQueue, QUEUE } from './pg-boss-queue.ts';
import { createTables } from './tables.ts';

const { DATABASE_URL: connectionString = '', WAKE } = process.env;
const pool = new pg.Pool({ connectionString });
await createTables(pool);
const boss = await openQueue(WAKE === 'on', { connectionString, supervise: false });

await serve({
  async submit(newJob) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const job = await insertJob(client, newJob);
      const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
      if (job) await boss.send(QUEUE, { jobId: job.id }, { db });
      await client.query('commit');
      return job;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  },
  async follow(onEvent) {
    const listener = new pg.Client({ connectionString });
    await listener.connect();
    listener.on('notification', ({ payload }) => onEvent(payload ?? ''));
    await listener.query(`listen ${EVENTS}`);
  },
});
