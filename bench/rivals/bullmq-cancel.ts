// BullMQ with a sandboxed processor in a worker thread, so that the process still hears while a job spins. Its parent sends a
// behaviour to submit, or `cancel`; it answers `started`, `cancelled` or `refused`, and `free` when the handler is over.
// `cancelJob` belongs to the worker that runs the job: whoever is elsewhere would have to find that worker first.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Misbehaviour } from './misbehaviour.ts';

const QUEUE = 'cancel';
const connect = () => new Redis({ path: process.env.REDIS_SOCKET ?? '', maxRetriesPerRequest: null });
const say = (what: string) => process.send?.(what);
let running: string | undefined;

const worker = new Worker(QUEUE, new URL('./bullmq-sandbox.ts', import.meta.url), {
  connection: connect(),
  useWorkerThreads: true,
});
worker.on('progress', ({ id }) => {
  running = id;
  say('started');
});
worker.on('failed', () => say('free'));
worker.on('error', () => undefined);
await worker.waitUntilReady();
const queue = new Queue<{ behaviour: Misbehaviour }>(QUEUE, { connection: connect() });
// Of the run before, which was killed.
await queue.obliterate({ force: true });

process.on('message', (order: Misbehaviour | 'cancel') => {
  if (order === 'cancel') say(worker.cancelJob(running ?? '', 'cancelled by user') ? 'cancelled' : 'refused');
  else void queue.add(QUEUE, { behaviour: order });
});
process.on('disconnect', () => process.exit(0));
say('ready');
