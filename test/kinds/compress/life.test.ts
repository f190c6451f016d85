import * as zlib from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { makeAccount } from '../../support/factory.ts';
import { makeFile, readRemovals, rowsOfText, testStorage, useStorage } from '../../support/files.ts';
import { startProcess } from '../../support/process.ts';
import { startS3Server } from '../../support/s3-server.ts';
import { FAST, OWN_KINDS, useWorkers } from '../../support/workers.ts';

const database = useDatabase();
const storage = useStorage();
const workers = useWorkers(database);

const start = (env: Record<string, string> = {}) =>
  workers.start({ ASSAY_STORAGE_URL: storage().url, ...env }, { kindsModule: OWN_KINDS });

/** A COMPRESS job with its upload. At the highest level brotli reads about a megabyte a second. */
async function submit({ bytes = rowsOfText(40_000), algorithm = 'GZIP', level = 6, price = 2, kept = storage() } = {}) {
  const userId = await makeAccount(database().pool);
  const storedAs = await kept.put(bytes);
  const uploadId = await makeFile(database().pool, { userId, bytes, storedAs });
  const { outcomes } = await workers.lifecycle().submit(userId, [
    {
      kind: 'COMPRESS',
      name: 'Compress',
      testData: { algorithm, level },
      price,
      maxAttempts: 3,
      tierPriority: 0,
      uploadId,
    },
  ]);
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'SUBMITTED') throw new Error(`The job was not taken: ${outcome?.outcome}`);
  return { jobId: outcome.job.id, userId, storedAs, bytes };
}

const slow = () => submit({ bytes: rowsOfText(6_000_000), algorithm: 'BROTLI', level: 11 });

async function filesOf(jobId: string) {
  const { rows } = await database().pool.query<{ role: string; name: string; size: number; stored_as: string }>(
    'select role, name, size, stored_as from files where job_id = $1 order by role',
    [jobId],
  );
  return rows;
}

const underWay = (jobId: string) =>
  vi.waitFor(async () => expect((await workers.state(jobId)).progress.current).toBeGreaterThan(0), {
    timeout: 40_000,
    interval: 20,
  });

/** Bytes that no file has. */
async function unowned(): Promise<string[]> {
  const { rows } = await database().pool.query('select stored_as from files where stored_as is not null');
  const owned = rows.map((row) => row.stored_as);
  return (await storage().names()).filter((name) => !owned.includes(name));
}

/** Waits until nothing is kept but what files have, these among them, and nothing is left to be removed. */
const keepsOnly = (...names: string[]) =>
  vi.waitFor(
    async () => {
      expect(await storage().names()).toEqual(expect.arrayContaining(names));
      expect(await unowned()).toEqual([]);
      expect(await readRemovals(database().pool)).toEqual([]);
    },
    { timeout: 40_000, interval: 50 },
  );

// What is compressed here at the highest level keeps a processor busy, and the machine may have little to give.
vi.setConfig({ testTimeout: 180_000 });

beforeEach(async () => {
  await database().pool.query('delete from file_removals');
  for (const name of await unowned()) await storage().storage.remove(name);
});

describe('a COMPRESS job whose files are in a bucket', () => {
  it('reads from it and writes to it, and takes its files out of it when it is deleted', async () => {
    const server = await startS3Server();
    onTestFinished(() => server.stop());
    const bucket = await testStorage(server.url);
    const bytes = rowsOfText(7_000_000);
    const { jobId } = await submit({ bytes, algorithm: 'GZIP', level: 1, kept: bucket });
    await workers.start({ ASSAY_STORAGE_URL: server.url }, { kindsModule: OWN_KINDS });
    await workers.reach(jobId, 'COMPLETED', 60_000);
    const [, output] = await filesOf(jobId);
    expect(zlib.gunzipSync(await bucket.get(output!.stored_as)).equals(bytes)).toBe(true);
    await workers.lifecycle().forceDelete(jobId, 'any owner');
    await database().pool.query("select graphile_worker.add_job('remove_files')");
    await vi.waitFor(() => expect(server.objects.size).toBe(0), { timeout: 40_000 });
  });
});

describe('a COMPRESS job', () => {
  it('hands back a file that holds the same bytes, with its sizes in the result', async () => {
    await start();
    const { jobId, bytes, storedAs } = await submit();
    const { testResult, progress } = await workers.reach(jobId, 'COMPLETED', 60_000);
    const [input, output] = await filesOf(jobId);
    expect(input).toMatchObject({ role: 'INPUT', stored_as: storedAs });
    expect(output).toMatchObject({ role: 'OUTPUT', name: 'demand.csv.gz' });
    const compressed = await storage().get(output!.stored_as);
    expect(zlib.gunzipSync(compressed).equals(bytes)).toBe(true);
    expect(testResult).toEqual({
      ...{ algorithm: 'GZIP', level: 6, originalSize: 40_000, compressedSize: compressed.length },
      ratio: Math.round((compressed.length / 40_000) * 10_000) / 10_000,
    });
    expect(output!.size).toBe(compressed.length);
    expect(progress).toEqual({ percent: 100 });
    await keepsOnly(storedAs, output!.stored_as);
  });

  it('that is cancelled in the middle keeps its input, leaves no output, and frees its thread within a second', async () => {
    await start();
    const { jobId, storedAs } = await slow();
    await underWay(jobId);
    expect(await workers.cancel(jobId)).toMatchObject({ outcome: 'CANCELLED' });
    expect(await workers.free(jobId)).toBeLessThan(1_000);
    expect(await filesOf(jobId)).toMatchObject([{ role: 'INPUT', stored_as: storedAs }]);
    expect((await workers.state(jobId)).balance).toBe(10);
    await keepsOnly(storedAs);
  });

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
    const { jobId, storedAs } = await submit({ bytes: rowsOfText(1_500_000), algorithm: 'BROTLI', level: 11 });
    const script = new URL('../../support/own-worker-process.ts', import.meta.url).pathname;
    await using killed = startProcess(process.execPath, [script], {
      env: { ...process.env, ...FAST, DATABASE_URL: database().url, ASSAY_STORAGE_URL: storage().url },
    });
    await underWay(jobId);
    const partial = await unowned();
    killed.kill('SIGKILL');
    await killed.waitForEnd();
    await start();
    await workers.reach(jobId, 'COMPLETED', 90_000);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    const [, output] = await filesOf(jobId);
    expect(zlib.brotliDecompressSync(await storage().get(output!.stored_as)).length).toBe(1_500_000);
    // What the killed one had begun to write is in the books, for the time when nobody can settle it any more.
    expect(partial).toHaveLength(1);
    expect(await readRemovals(database().pool)).toEqual([{ stored_as: partial[0], is_due: false, tries: 0 }]);
    await database().pool.query('update file_removals set due_at = now()');
    await database().pool.query("select graphile_worker.add_job('remove_files')");
    await keepsOnly(storedAs, output!.stored_as);
  });

  it('whose worker is frozen and taken for dead is done by another, and the zombie leaves nothing', async () => {
    const { jobId, storedAs } = await submit({ bytes: rowsOfText(1_500_000), algorithm: 'BROTLI', level: 11 });
    const script = new URL('../../support/own-worker-process.ts', import.meta.url).pathname;
    await using frozen = startProcess(process.execPath, [script], {
      env: { ...process.env, ...FAST, DATABASE_URL: database().url, ASSAY_STORAGE_URL: storage().url },
    });
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
    const { jobId, storedAs } = await slow();
    expect(await workers.reach(jobId, 'FAILED', 60_000)).toMatchObject({ failureCode: 'STUCK', balance: 10 });
    expect(await filesOf(jobId)).toHaveLength(1);
    await workers.free(jobId);
    await keepsOnly(storedAs);
  });

  it('goes on in another worker when its own is stopped, without the loss of an attempt', async () => {
    const first = await start({ ASSAY_WORKER_CONCURRENCY: '1' });
    const { jobId, storedAs } = await submit({ bytes: rowsOfText(1_500_000), algorithm: 'BROTLI', level: 11 });
    await underWay(jobId);
    await first.stop();
    expect(await workers.state(jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
    expect(await filesOf(jobId)).toHaveLength(1);
    await workers.cancel(jobId);
    await start();
    await database().pool.query("select graphile_worker.add_job('remove_files')");
    await keepsOnly(storedAs);
  });

  it.each(['bury', 'forceDelete'] as const)('takes its files with it when it is deleted: %s', async (verb) => {
    await start();
    const { jobId, storedAs } = await submit();
    await workers.reach(jobId, 'COMPLETED', 60_000);
    const names = (await filesOf(jobId)).map(({ stored_as }) => stored_as);
    expect(names).toHaveLength(2);
    expect(await workers.lifecycle()[verb](jobId, 'any owner')).toMatchObject({ outcome: 'DELETED' });
    expect(await filesOf(jobId)).toEqual([]);
    expect((await readRemovals(database().pool)).map(({ is_due }) => is_due)).toEqual([true, true]);
    await database().pool.query("select graphile_worker.add_job('remove_files')");
    await keepsOnly();
    expect(await storage().names()).not.toContain(storedAs);
  });

  it('that is force-deleted while it runs leaves nothing, also of what was being written', async () => {
    await start();
    const { jobId } = await slow();
    await underWay(jobId);
    await workers.lifecycle().forceDelete(jobId, 'any owner');
    await database().pool.query("select graphile_worker.add_job('remove_files')");
    await keepsOnly();
  });

  it('whose upload has lost its bytes fails at once, and says so', async () => {
    const { jobId, storedAs } = await submit();
    await storage().storage.remove(storedAs);
    await start();
    const failed = { attempt: 1, failureMessage: 'The uploaded file is not there any more', balance: 10 };
    expect(await workers.reach(jobId, ['FAILED', 'COMPLETED'])).toMatchObject(failed);
  });
});
