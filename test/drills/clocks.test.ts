import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { FAST, HEALED, LEASE_MS, letGo, scratchFile, untilHandled, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

const HOUR_MS = 3_600_000;
const PRELOAD = new URL('../../drills/shifted-clock.ts', import.meta.url).href;

async function startShiftedWorker(shiftMs: number): Promise<RunningProcess> {
  const script = new URL('../support/worker-process.ts', import.meta.url).pathname;
  const clock = { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_SHIFT_MS: `${shiftMs}` };
  const worker = startProcess(process.execPath, [script], { env: { ...FAST, ...clock, DATABASE_URL: database().url } });
  const [, time = ''] = await worker.waitForOutput(/"time":"([^"]+)".*worker started/);
  expect(Math.abs(Date.parse(time) - Date.now() - shiftMs)).toBeLessThan(60_000);
  return worker;
}

it.each([
  ['two hours behind', -2 * HOUR_MS],
  ['two hours ahead', 2 * HOUR_MS],
])('a worker whose clock is %s judges, is judged and writes by the clock of the database', async (_what, shiftMs) => {
  await using shifted = await startShiftedWorker(shiftMs);
  const file = scratchFile();
  const own = await workers.submit({ does: 'HELD', file });
  await untilHandled(file);
  const [lost, held] = await Promise.all([
    makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: -60 }),
    makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: 600 }),
  ]);
  // Another one looks for the lost too, with the right time.
  const other = await workers.start({ ASSAY_WORKER_CONCURRENCY: '1' });
  await expect.poll(() => workers.events(lost.jobId), { timeout: 30_000 }).toContain('RELEASED');
  // After one lease both of them judge.
  await delay(LEASE_MS + 1_000);
  letGo(file);
  expect(await workers.reach(own, 'COMPLETED')).toMatchObject({ attempt: 1 });
  expect(await workers.events(own)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  expect(await workers.events(held.jobId)).not.toContain('RELEASED');
  const { rows } = await database().pool.query(
    `select extract(epoch from finished_at - started_at)::float8 as seconds,
       created_at <= started_at and finished_at between now() - interval '1 minute' and now() as sound
     from analysis_jobs where id = $1`,
    [own],
  );
  expect(rows[0]).toMatchObject({ sound: true });
  expect(rows[0].seconds).toBeGreaterThan(LEASE_MS / 1_000);
  expect(rows[0].seconds).toBeLessThan(60);

  await other.stop();
  shifted.kill('SIGTERM');
  expect(await shifted.waitForEnd()).toEqual({ code: 0, signal: null });
});
