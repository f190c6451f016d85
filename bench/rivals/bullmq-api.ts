// Apollo Server and BullMQ: the task is added after the rows are committed. What dies in between leaves a job without one.
import { Queue } from 'bullmq';
import pg from 'pg';
import { serve } from './api.ts';
import { connect, QUEUE } from './bullmq-queue.ts';
import { EVENTS, insertJob } from './jobs.ts';
import { createTables } from './tables.ts';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? '' });
await createTables(pool);
const queue = new Queue(QUEUE, {
  connection: connect(),
  defaultJobOptions: { removeOnComplete: 1_000, removeOnFail: 5_000 },
});

await serve({
  async submit(newJob) {
    const job = await insertJob(pool, newJob);
    if (job) await queue.add(QUEUE, { jobId: job.id });
    return job;
  },
  async follow(onEvent) {
    const subscriber = connect();
    subscriber.on('message', (_channel, message) => onEvent(message));
    await subscriber.subscribe(EVENTS);
  },
});
