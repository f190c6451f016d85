import { setTimeout as delay } from 'node:timers/promises';
import { clockMs, describeMs } from './figures.ts';
import { type BenchInstallation, startInstallation } from './installation.ts';

const FLEET = 6;
/** Jobs of one salvo; whoever runs one of them is killed. The rest of the fleet has room for them all. */
const SALVO = 4;
const APART_MS = 400;

/** How long it takes from the SIGKILL of a worker until its job runs again elsewhere, with the settings as they are by default. */
export async function benchRescue(count: number): Promise<string[]> {
  await using installation = await startInstallation({ workers: FLEET, env: { ASSAY_WORKER_CONCURRENCY: '2' } });
  const measured: number[] = [];
  while (measured.length < count) measured.push(...(await salvo(installation, count - measured.length)));
  return [describeMs('kill → STARTED elsewhere', measured)];
}

async function salvo(installation: BenchInstallation, most: number): Promise<number[]> {
  const jobIds = await Promise.all(
    Array.from({ length: Math.min(SALVO, most) }, () => installation.submit('SLEEP', { milliseconds: 600_000 })),
  );
  const jobsOf = new Map<number, string[]>();
  for (const jobId of jobIds) {
    const { pid } = await installation.started(jobId);
    jobsOf.set(pid, [...(jobsOf.get(pid) ?? []), jobId]);
  }
  const measuring: Promise<number>[] = [];
  for (const [pid, victims] of jobsOf) {
    installation.workers.get(pid)?.kill('SIGKILL');
    installation.workers.delete(pid);
    const killedAt = clockMs();
    // A worker that ran two of the jobs counts once, by the later of them.
    const restarts = victims.map(async (jobId) => (await installation.started(jobId, 2)).atMs - killedAt);
    measuring.push(Promise.all(restarts).then((times) => Math.max(...times)));
    await delay(APART_MS);
  }
  const measured = await Promise.all(measuring);
  for (const jobId of jobIds) await installation.cancel(jobId);
  while (installation.workers.size < FLEET) await installation.startWorker();
  return measured;
}
