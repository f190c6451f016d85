import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunningWorker } from '../../../src/worker.ts';
import { useDatabase } from '../../support/database.ts';
import { useFileJobs } from '../../support/file-jobs.ts';
import { readRemovals, rowsOfText, testStorage, useStorage } from '../../support/files.ts';
import { startS3Server } from '../../support/s3-server.ts';
import { FREE_WITHIN_MS, HEALED, OWN_KINDS, useWorkers } from '../../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const storage = useStorage();
const workers = useWorkers(database);
const jobs = useFileJobs(database, storage, workers);
const { start, filesOf, unowned, keepsOnly, sweep } = jobs;

const SMALL = rowsOfText(40_000);
/** At the highest level brotli reads about half a megabyte a second. */
const LONG = rowsOfText(3_000_000);
const MIDDLE = LONG.subarray(0, 2_000_000);
const SLOWLY = { algorithm: 'BROTLI', level: 11 };

const submit = (bytes: Uint8Array = SMALL, testData: object = { algorithm: 'GZIP', level: 6 }, kept = storage()) =>
  jobs.submit('COMPRESS', testData, bytes, kept);
const underWay = (jobId: string) => jobs.reachStage(jobId, 'compressing');

// What is compressed here at the highest level keeps a processor busy, and the machine may have little to give.
vi.setConfig({ testTimeout: 120_000 });

describe('a COMPRESS job of a worker', () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await start();
  });
  // Nobody else may take the jobs of the tests below.
  afterAll(() => worker.stop());

  it('hands back a file that holds the same bytes, with its sizes in the result', async () => {
    const { jobId, storedAs } = await submit();
    const { testResult, progress } = await workers.reach(jobId, 'COMPLETED', 60_000);
    const [input, output] = await filesOf(jobId);
    expect(input).toMatchObject({ role: 'INPUT', stored_as: storedAs });
    expect(output).toMatchObject({ role: 'OUTPUT', name: 'demand.csv.gz' });
    const compressed = await storage().get(output!.stored_as);
    expect(zlib.gunzipSync(compressed).equals(SMALL)).toBe(true);
    expect(testResult).toEqual({
      ...{ algorithm: 'GZIP', level: 6, originalSize: 40_000, compressedSize: compressed.length },
      ratio: Math.round((compressed.length / 40_000) * 10_000) / 10_000,
    });
    expect(output!.size).toBe(compressed.length);
    expect(progress).toEqual({ percent: 100 });
    await keepsOnly(storedAs, output!.stored_as);
  });

  it('that is cancelled in the middle keeps its input, leaves no output, and frees its thread within a second', async () => {
    const { jobId, storedAs } = await submit(LONG, SLOWLY);
    await underWay(jobId);
    expect(await workers.cancel(jobId)).toMatchObject({ outcome: 'CANCELLED' });
    expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    expect(await filesOf(jobId)).toMatchObject([{ role: 'INPUT', stored_as: storedAs }]);
    expect((await workers.state(jobId)).balance).toBe(10);
    await keepsOnly(storedAs);
  });

  it.each(['bury', 'forceDelete'] as const)('takes its files with it when it is deleted: %s', async (verb) => {
    const { jobId, storedAs } = await submit();
    await workers.reach(jobId, 'COMPLETED', 60_000);
    const names = (await filesOf(jobId)).map(({ stored_as }) => stored_as);
    expect(names).toHaveLength(2);
    expect(await workers.lifecycle()[verb](jobId, 'any owner')).toMatchObject({ outcome: 'DELETED' });
    expect(await filesOf(jobId)).toEqual([]);
    expect((await readRemovals(database().pool)).map(({ is_due }) => is_due)).toEqual([true, true]);
    await sweep();
    await keepsOnly();
    expect(await storage().names()).not.toContain(storedAs);
  });

  it('that is force-deleted while it runs leaves nothing, also of what was being written', async () => {
    const { jobId } = await submit(LONG, SLOWLY);
    await underWay(jobId);
    await workers.lifecycle().forceDelete(jobId, 'any owner');
    await sweep();
    await keepsOnly();
  });
});

describe('a COMPRESS job whose files are in a bucket', () => {
  it('reads from it and writes to it, and takes its files out of it when it is deleted', async () => {
    const server = await startS3Server();
    onTestFinished(() => server.stop());
    const bucket = await testStorage(server.url);
    const { jobId } = await submit(LONG, { algorithm: 'GZIP', level: 1 }, bucket);
    await workers.start({ ASSAY_STORAGE_URL: server.url }, { kindsModule: OWN_KINDS });
    await workers.reach(jobId, 'COMPLETED', 60_000);
    const [, output] = await filesOf(jobId);
    expect(zlib.gunzipSync(await bucket.get(output!.stored_as)).equals(LONG)).toBe(true);
    await workers.lifecycle().forceDelete(jobId, 'any owner');
    await sweep();
    await vi.waitFor(() => expect(server.objects.size).toBe(0), { timeout: 40_000 });
  });
});

describe('a COMPRESS job', () => {
  it('that is cancelled can be run again, from the same input', async () => {
    const { jobId } = await submit();
    await workers.cancel(jobId);
    await start();
    const retried = await workers.lifecycle().retry({ jobId, scope: 'any owner', priceOf: () => 2, tierPriority: 0 });
    expect(retried.outcome).toBe('RETRIED');
    await workers.reach(jobId, 'COMPLETED', 60_000);
    expect((await filesOf(jobId)).map(({ role }) => role)).toEqual(['INPUT', 'OUTPUT']);
  });

  it('whose worker is killed in the middle is done by another, once', async () => {
    const { jobId, storedAs } = await submit(MIDDLE, SLOWLY);
    await using killed = await jobs.startProcess();
    let partial: string[];
    {
      await using _ = await jobs.holdOutputs();
      await underWay(jobId);
      // It says what it is about to do, and then begins to write.
      partial = await vi.waitUntil(async () => (await unowned()).length > 0 && unowned(), { timeout: 20_000 });
      killed.kill('SIGKILL');
      await killed.waitForEnd();
    }
    await start();
    await workers.reach(jobId, 'COMPLETED', 90_000);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    const [, output] = await filesOf(jobId);
    expect(zlib.brotliDecompressSync(await storage().get(output!.stored_as)).equals(MIDDLE)).toBe(true);
    // What the killed one had begun to write is in the books, for the time when nobody can settle it any more.
    expect(partial).toHaveLength(1);
    expect(await readRemovals(database().pool)).toEqual([{ stored_as: partial[0], is_due: false, tries: 0 }]);
    await database().pool.query('update file_removals set due_at = now()');
    await sweep();
    await keepsOnly(storedAs, output!.stored_as);
  });

  it('whose worker is frozen and taken for dead is done by another, and the zombie leaves nothing', async () => {
    const { jobId, storedAs } = await submit(MIDDLE, SLOWLY);
    await using frozen = await jobs.startProcess();
    await underWay(jobId);
    frozen.kill('SIGSTOP');
    const [zombie] = await unowned();
    await start();
    await workers.reach(jobId, 'COMPLETED', 90_000);
    const [, output] = await filesOf(jobId);
    expect(output?.stored_as).not.toBe(zombie);
    frozen.kill('SIGCONT');
    await keepsOnly(storedAs, output!.stored_as);
    expect(await filesOf(jobId)).toHaveLength(2);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    frozen.kill('SIGTERM');
    await frozen.waitForEnd();
  });

  it('that runs over its limit leaves no output', async () => {
    await start({ ASSAY_RUN_LIMIT_COMPRESS_MS: '600' });
    const { jobId, storedAs } = await submit(LONG, SLOWLY);
    expect(await workers.reach(jobId, 'FAILED', 60_000)).toMatchObject({ failureCode: 'STUCK', balance: 10 });
    expect(await filesOf(jobId)).toHaveLength(1);
    await workers.free(jobId);
    await keepsOnly(storedAs);
  });

  it('goes on in another worker when its own is stopped, without the loss of an attempt', async () => {
    const first = await start();
    const { jobId, storedAs } = await submit(LONG, SLOWLY);
    await underWay(jobId);
    await first.stop();
    expect(await workers.state(jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
    expect(await filesOf(jobId)).toHaveLength(1);
    await workers.cancel(jobId);
    await start();
    await sweep();
    await keepsOnly(storedAs);
  });

  it('whose upload has lost its bytes fails at once, and says so', async () => {
    const { jobId, storedAs } = await submit();
    await storage().storage.remove(storedAs);
    await start();
    const failed = { attempt: 1, failureMessage: 'The uploaded file is not there any more', balance: 10 };
    expect(await workers.reach(jobId, ['FAILED', 'COMPLETED'])).toMatchObject(failed);
  });
});
