import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { createLifecycle } from '../src/lifecycle/lifecycle.ts';
import { createOrm } from '../src/orm.ts';
import { createInstallation } from '../test/support/installation.ts';
import { startProcess } from '../test/support/process.ts';
import { freePort, SHARED_UPSTREAM } from '../test/support/upstream-process.ts';
import { startDatabase } from './database.ts';
import { megabytes } from './figures.ts';
import { residentBytes } from './process-state.ts';

const FAULTS = [undefined, 'flaky', 'rate', 'repeat'];
const SAMPLE_MS = 100;
/** Two of its 80,534 rows have the id of another. */
const RECORDS = 80_532;

/** How fast a source of 80,534 rows is copied, and in how much memory: as it is, and with the faults that pass. */
export async function benchSync(count: number): Promise<string[]> {
  if (!existsSync(SHARED_UPSTREAM))
    throw new Error(`This needs the stand-in for sources at ${fileURLToPath(SHARED_UPSTREAM)}`);
  const lines: string[] = [];
  for (const fault of FAULTS) lines.push(...(await syncsWith(fault, count)));
  return lines;
}

async function syncsWith(fault: string | undefined, count: number): Promise<string[]> {
  const port = await freePort();
  const options = ['--port', String(port), ...(fault === undefined ? [] : ['--fault', fault])];
  await using database = await startDatabase();
  const env = { ASSAY_SYNC_URL_PANGKAT: `http://127.0.0.1:${port}/pangkat` };
  await using installation = await createInstallation(database.url, env);
  const worker = await installation.startWorker();
  const orm = await createOrm({ url: database.url, name: 'assay-bench-submit' });
  try {
    const lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: 0 });
    const request = { source: 'PANGKAT', force: true, requestedBy: 'service:bench', maxAttempts: 1 } as const;
    const lines: string[] = [];
    for (let time = 0; time < count; time += 1) {
      // A new one each time: it has each of its faults once.
      await using upstream = startProcess(process.execPath, [fileURLToPath(SHARED_UPSTREAM), ...options]);
      await upstream.waitForOutput(/upstream on/);
      const { job } = await lifecycle.requestSync(request);
      lines.push(`${(fault ?? 'no fault').padEnd(9)} ${await untilCopied(database.pool, job.id, worker.pid)}`);
    }
    return lines;
  } finally {
    await orm.close();
  }
}

/** Waits for the end of a sync, with an eye on the memory of its worker. @throws when it is not copied whole */
async function untilCopied(pool: pg.Pool, jobId: string, pid: number): Promise<string> {
  const before = await residentBytes(pid);
  for (let peak = before; ; peak = Math.max(peak, await residentBytes(pid))) {
    await delay(SAMPLE_MS);
    const { rows } = await pool.query(
      `select j.status, extract(epoch from j.finished_at - j.started_at)::float8 as seconds, r.test_result as output
       from analysis_jobs j join analysis_results r on r.job_id = j.id where j.id = $1`,
      [jobId],
    );
    const { status, seconds, output } = rows[0];
    if (status === 'QUEUED' || status === 'PROCESSING') continue;
    if (output?.records !== RECORDS) throw new Error(`The sync is ${status} with ${output?.records ?? 'no'} records`);
    return (
      `${output.records} records of ${output.rows} rows in ${seconds.toFixed(1)} s: ${Math.round(output.rows / seconds)} rows/s; ` +
      `the worker grew from ${megabytes(before)} to ${megabytes(peak)} at most`
    );
  }
}
