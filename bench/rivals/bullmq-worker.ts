// Runs the jobs of BullMQ: the work is nothing, the rows and the events are real.
import { Worker } from 'bullmq';
import pg from 'pg';
import { connect, QUEUE } from './bullmq-queue.ts';
import { createMover, EVENTS } from './jobs.ts';

const { DATABASE_URL: connectionString = '', CONCURRENCY } = process.env;
const concurrency = Number(CONCURRENCY);
const pool = new pg.Pool({ connectionString, max: concurrency });
const mover = createMover(pool);
const publisher = connect();

const worker = new Worker<{ jobId: string }>(
  QUEUE,
  async ({ data: { jobId } }) => {
    await publisher.publish(EVENTS, await mover.start(jobId));
    await publisher.publish(EVENTS, await mover.complete(jobId, {}));
  },
  { connection: connect(), concurrency },
);
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
