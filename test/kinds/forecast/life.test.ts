import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningWorker } from '../../../src/worker.ts';
import { useDatabase } from '../../support/database.ts';
import { useFileJobs } from '../../support/file-jobs.ts';
import { readRemovals, useStorage } from '../../support/files.ts';
import { burntIn } from '../../support/processor-time.ts';
import { FREE_WITHIN_MS, HEALED, useWorkers } from '../../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const storage = useStorage();
const workers = useWorkers(database);
const { start, startProcess, submit, filesOf, reachStage, unowned, keepsOnly, sweep, holdOutputs } = useFileJobs(
  database,
  storage,
  workers,
);

const DAYS = 420;
const FIRST_DAY = Date.UTC(2025, 0, 1);
const CONFIG = {
  ...{ horizon: 30, siteCodes: null, startDate: null, zeroThreshold: 0, rounding: 'NEAREST' },
  dateFormat: 'YYYY-MM-DD',
};

/** A table of so many parts. One keeps a processor busy for some 20 ms. */
function demandOf(parts: number): Buffer {
  const days = Array.from({ length: DAYS }, (_, day) =>
    new Date(FIRST_DAY + day * 86_400_000).toISOString().slice(0, 10),
  );
  const rows = Array.from({ length: parts }, (_, part) =>
    days.map((date, day) => `${date},P${part},X,${(day * (part + 7_919)) % 101}`).join('\n'),
  );
  return Buffer.from(['date,partnumber,site_code,demand_qty', ...rows].join('\n'));
}

const SMALL = demandOf(3);
const MIDDLE = demandOf(60);
const LONG = demandOf(400);

vi.setConfig({ testTimeout: 120_000 });

describe('a FORECAST job of a worker', () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await start();
  });
  // Nobody else may take the job of the test below.
  afterAll(() => worker.stop());

  it('hands back a table for each part, and says how good it is', async () => {
    const { jobId, storedAs } = await submit('FORECAST', CONFIG, SMALL);
    const { testResult, progress } = await workers.reach(jobId, 'COMPLETED', 40_000);
    const [input, output] = await filesOf(jobId);
    expect(input).toMatchObject({ role: 'INPUT', stored_as: storedAs });
    expect(output).toMatchObject({ role: 'OUTPUT', name: 'demand-forecast.csv' });
    const rows = parse(await storage().get(output!.stored_as), { columns: true });
    expect(rows).toHaveLength(3 * 30);
    expect(testResult).toMatchObject({
      ...{ rows: 3 * DAYS, series: 3, horizon: 30, firstDay: '2026-02-25', lastDay: '2026-03-26' },
      accuracy: { model: { mae: expect.any(Number) }, seasonalNaive: { mae: expect.any(Number) } },
    });
    expect(progress).toEqual({ percent: 100 });
    await keepsOnly(storedAs, output!.stored_as);
  });

  it('that is cancelled in the middle keeps its input, leaves no output, and frees its processor within a second', async () => {
    const { jobId, storedAs } = await submit('FORECAST', CONFIG, LONG);
    await reachStage(jobId, 'forecasting');
    expect(await workers.cancel(jobId)).toMatchObject({ outcome: 'CANCELLED' });
    expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    await expect.poll(() => burntIn(400), { timeout: 15_000 }).toBeLessThan(100);
    expect(await filesOf(jobId)).toMatchObject([{ role: 'INPUT', stored_as: storedAs }]);
    expect(await workers.state(jobId)).toMatchObject({ balance: 10, testResult: null });
    await keepsOnly(storedAs);
  });

  it.each(['bury', 'forceDelete'] as const)('takes both its files with it when it is deleted: %s', async (verb) => {
    const { jobId } = await submit('FORECAST', CONFIG, SMALL);
    await workers.reach(jobId, 'COMPLETED', 40_000);
    const names = (await filesOf(jobId)).map(({ stored_as }) => stored_as);
    expect(names).toHaveLength(2);
    expect(await workers.lifecycle()[verb](jobId, 'any owner')).toMatchObject({ outcome: 'DELETED' });
    expect(await filesOf(jobId)).toEqual([]);
    await sweep();
    await keepsOnly();
    for (const name of names) expect(await storage().names()).not.toContain(name);
  });

  it('of a table that cannot be read fails at once, says where, and is paid back', async () => {
    const bytes = Buffer.concat([SMALL, Buffer.from('\n2026-02-30,P0,X,1')]);
    const { jobId, storedAs } = await submit('FORECAST', CONFIG, bytes);
    expect(await workers.reach(jobId, ['FAILED', 'COMPLETED'])).toMatchObject({
      ...{ status: 'FAILED', attempt: 1, failureCode: 'INVALID_INPUT', balance: 10 },
      failureMessage: `Row ${3 * DAYS + 2}, column date: must be a day in the form YYYY-MM-DD`,
    });
    await keepsOnly(storedAs);
  });
});

describe('a FORECAST job', () => {
  it('whose worker is killed in the middle is done by another, once', async () => {
    const { jobId, storedAs } = await submit('FORECAST', CONFIG, MIDDLE);
    await using killed = await startProcess();
    let partial: string[] = [];
    {
      await using _ = await holdOutputs();
      await reachStage(jobId, 'forecasting');
      // It says what it is about to do, and then begins to write.
      partial = await vi.waitUntil(async () => (await unowned()).length > 0 && unowned(), { timeout: 20_000 });
      killed.kill('SIGKILL');
      await killed.waitForEnd();
    }
    await start();
    await workers.reach(jobId, 'COMPLETED', 90_000);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    const [, output, ...more] = await filesOf(jobId);
    expect(more).toEqual([]);
    expect(parse(await storage().get(output!.stored_as), { columns: true })).toHaveLength(60 * 30);
    expect(partial).toHaveLength(1);
    expect(await readRemovals(database().pool)).toEqual([{ stored_as: partial[0], is_due: false, tries: 0 }]);
    await database().pool.query('update file_removals set due_at = now()');
    await sweep();
    await keepsOnly(storedAs, output!.stored_as);
  });
});
