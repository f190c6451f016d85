// Runs the jobs of pg-boss: the work is nothing, the rows and the events are real.
import pg from 'pg';
import { createMover, EVENTS } from './jobs.ts';
import { openQueue, QUEUE } from './pg-boss-queue.ts';

const { DATABASE_URL: connectionString = '', WAKE, CONCURRENCY } = process.env;
const batchSize = Number(CONCURRENCY);
const pool = new pg.Pool({ connectionString, max: batchSize });
const mover = createMover(pool);
const boss = await openQueue(WAKE === 'on', { connectionString, supervise: true });

/** On its own: in the transaction of a move it would make all moves wait for each other until they are on the disk. */
const tell = (message: string) =>
  pool.query({ name: 'tell', text: `select pg_notify('${EVENTS}', $1)`, values: [message] });

async function run(jobId: string): Promise<void> {
  await tell(await mover.start(jobId));
  await tell(await mover.complete(jobId, {}));
}

const options = { batchSize, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
await boss.work<{ jobId: string }>(QUEUE, options, async (jobs) => {
  await Promise.all(jobs.map(({ data }) => run(data.jobId)));
});
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
