import { setTimeout as delay } from 'node:timers/promises';
import { startInstallation } from './installation.ts';
import { peakResidentBytes, residentBytes } from './process-state.ts';
import { alignRows, spread } from './table.ts';

const JOBS = [1, 10, 50];
const ROUNDS = 3;
const SLEEP_MS = 3_600_000;
const SETTLING_MS = 3_000;

/** Of one worker, in bytes. */
interface Held {
  idle: number;
  running: number;
  peak: number;
}

/** What a worker holds for each job that it runs, where the jobs only sleep: a thread with the code of all kinds. */
export async function measureWorkers(): Promise<string[]> {
  const rows = [['jobs at once', 'worker idle, MB', 'all running, MB', 'a running job, MB', 'peak, MB']];
  for (const jobs of JOBS) {
    const rounds: Held[] = [];
    while (rounds.length < ROUNDS) rounds.push(await holdOf(jobs));
    const megabytes = (value: (held: Held) => number) =>
      spread(
        rounds.map((held) => value(held) / 1e6),
        1,
      );
    rows.push([
      String(jobs),
      megabytes(({ idle }) => idle),
      megabytes(({ running }) => running),
      megabytes(({ idle, running }) => (running - idle) / jobs),
      megabytes(({ peak }) => peak),
    ]);
  }
  return [
    `worker process, resident: ${ROUNDS} workers for each row, with jobs that sleep: medians (least-most)`,
    ...alignRows(rows),
  ];
}

async function holdOf(jobs: number): Promise<Held> {
  const env = { ASSAY_WORKER_CONCURRENCY: String(jobs) };
  await using installation = await startInstallation({ workers: 1, env });
  const [worker] = installation.workers.values();
  if (!worker) throw new Error('There is no worker.');
  const { pid } = worker;
  await delay(SETTLING_MS);
  const idle = await residentBytes(pid);
  const jobIds: string[] = [];
  while (jobIds.length < jobs) jobIds.push(await installation.submit('SLEEP', { milliseconds: SLEEP_MS }));
  for (const jobId of jobIds) await installation.started(jobId);
  await delay(SETTLING_MS);
  const held = { idle, running: await residentBytes(pid), peak: await peakResidentBytes(pid) };
  // It would wait for its jobs.
  worker.kill('SIGKILL');
  return held;
}
