// graphile-worker alone: tasks that do nothing. Tells its parent the id of each that is done.
import { EventEmitter } from 'node:events';
import { Logger, run, type WorkerEvents } from 'graphile-worker';

const { DATABASE_URL: connectionString = '', CONCURRENCY, LOCAL_QUEUE } = process.env;
const concurrency = Number(CONCURRENCY);
/** Tasks that it takes ahead; none where it is 0. */
const localQueue = Number(LOCAL_QUEUE);
const events: WorkerEvents = new EventEmitter();
events.on('job:complete', ({ job, error }) => {
  if (error) throw error;
  process.send?.(job.id);
});
await run({
  connectionString,
  concurrency,
  maxPoolSize: concurrency + 2,
  noHandleSignals: true,
  taskList: { nothing: () => undefined },
  events,
  // Each success is a line otherwise.
  logger: new Logger(() => (level, message) => {
    if (level === 'error') console.error(message);
  }),
  preset: { worker: { completeJobBatchDelay: 0, ...(localQueue > 0 && { localQueue: { size: localQueue } }) } },
});
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
