import { setTimeout as delay } from 'node:timers/promises';
import { effectsOf } from './effects.ts';
import { type BenchInstallation, startInstallation } from './installation.ts';
import { scaledTo } from './scaled.ts';

const LEASE_MS = 2_000;
const PAUSE_MS = 5_000;
const BETWEEN_MS = 3_000;

/**
 * Whether jobs that run for ten leases, on workers that live, are ever taken for lost: while in turn a worker's event loop
 * stands still for 2 seconds and the database for 5.
 */
export async function benchSteady(count: number): Promise<string[]> {
  const stall = new URL('./stall.ts', import.meta.url).href;
  const env = { ...scaledTo(LEASE_MS), ASSAY_WORKER_CONCURRENCY: '10', NODE_OPTIONS: `--import=${stall}` };
  await using installation = await startInstallation({ workers: 4, env });
  const { pool } = installation;
  const jobIds: string[] = [];
  for (let job = 0; job < count; job += 1) {
    jobIds.push(await installation.submit('SLEEP', { milliseconds: 10 * LEASE_MS }));
  }
  const faults = await disturb(installation);
  const { completed, released, double } = await effectsOf(pool, jobIds);
  return [
    `${count} jobs of ${10 * LEASE_MS} ms with a lease of ${LEASE_MS} ms`,
    `stalls of an event loop: ${faults.stalls}, pauses of the database: ${faults.pauses}`,
    `completed ${completed}, wrongly rescued ${released}, double effects ${double}`,
  ];
}

/** Goes on until all jobs have ended. */
async function disturb({ pool, workers, freezeDatabase }: BenchInstallation) {
  const faults = { stalls: 0, pauses: 0 };
  const pids = [...workers.keys()];
  for (;;) {
    await delay(BETWEEN_MS);
    const { rowCount } = await pool.query("select from audit_v1.jobs where status in ('QUEUED', 'PROCESSING') limit 1");
    if (rowCount === 0) return faults;
    workers.get(pids[faults.stalls % pids.length] ?? 0)?.kill('SIGUSR2');
    faults.stalls += 1;
    await delay(BETWEEN_MS);
    await freezeDatabase(PAUSE_MS);
    faults.pauses += 1;
  }
}
