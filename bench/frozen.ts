import { setTimeout as delay } from 'node:timers/promises';
import { effectsOf } from './effects.ts';
import { clockMs, describeMs } from './figures.ts';
import { type BenchInstallation, startInstallation, until } from './installation.ts';
import { scaledTo } from './scaled.ts';

const LEASE_MS = 1_000;
/** Over when the frozen worker wakes up, so that it tries to write at once. */
const SLEEP_MS = 1_500;
const SETTLE_MS = 300;

/** What a worker does that is frozen in the middle of a job, and wakes up when another runs it. */
export async function benchFrozen(count: number): Promise<string[]> {
  await using installation = await startInstallation({
    workers: 3,
    env: { ...scaledTo(LEASE_MS), ASSAY_WORKER_CONCURRENCY: '2' },
  });
  const jobIds: string[] = [];
  const takeovers: number[] = [];
  let rowsLost = 0;
  for (let time = 0; time < count; time += 1) {
    const { jobId, takeoverMs, isRowLost } = await freezeAndWake(installation);
    jobIds.push(jobId);
    takeovers.push(takeoverMs);
    if (isRowLost) rowsLost += 1;
  }
  const { completed, released, double } = await effectsOf(installation.pool, jobIds);
  return [
    describeMs(`freeze → takeover (lease ${LEASE_MS} ms)`, takeovers),
    `completed ${completed}, taken over ${released}, double effects ${double}, queue rows lost ${rowsLost}`,
  ];
}

async function freezeAndWake({ pool, workers, submit, started }: BenchInstallation) {
  const jobId = await submit('SLEEP', { milliseconds: SLEEP_MS });
  const { pid } = await started(jobId);
  const frozen = workers.get(pid);
  if (!frozen) throw new Error(`Nobody knows the worker ${pid}`);
  await delay(SETTLE_MS);
  frozen.kill('SIGSTOP');
  const frozenAt = clockMs();
  const { atMs } = await started(jobId, 2);
  frozen.kill('SIGCONT');
  await frozen.waitForOutput(new RegExp(`"jobId":"${jobId}".*"attempt lost"`));
  // The zombie is through with it. While the second attempt runs, its task must still be there.
  const { rows } = await pool.query(
    `select j.status, exists (select from audit_v1.queue q where q.job_id = j.id and q.attempt = 2) as "hasRow"
     from audit_v1.jobs j where j.id = $1`,
    [jobId],
  );
  await until(async () => {
    const { rowCount } = await pool.query("select from audit_v1.jobs where id = $1 and status = 'COMPLETED'", [jobId]);
    return rowCount === 1 ? true : undefined;
  });
  return { jobId, takeoverMs: atMs - frozenAt, isRowLost: rows[0].status === 'PROCESSING' && !rows[0].hasRow };
}
