import { measureSockets } from './memory-sockets.ts';
import { measureWorkers } from './memory-workers.ts';

/** What one more idle socket costs an API process, and one more running job a worker. */
export async function benchMemory(count: number): Promise<string[]> {
  const sockets = await measureSockets(count);
  const workers = await measureWorkers();
  return [...sockets, '', ...workers, '', ...NOTES];
}

const NOTES = [
  'Resident is what the system counts for the process, with the code that all share; heap is what is left after a collection.',
  'The first row is an API process with one socket: what each further one costs is counted from there.',
  "A job runs in a thread of its own, so that a cancel can end it whatever it does; the thread is the job's cost.",
  'An idle worker keeps one thread warm, so that the first job costs next to nothing.',
];
