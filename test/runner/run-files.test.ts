import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { KindError } from '../../src/kinds/kind.ts';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createAttempts } from '../../src/runner/attempts.ts';
import { openRunFiles, type TaskFiles } from '../../src/runner/run-files.ts';
import { startThreads, type Threads } from '../../src/runner/threads.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { chunked, makeFile, readRemovals, rowsOfText, sha256Of, useStorage } from '../support/files.ts';
import { OWN_KINDS, readableLog, testConfig, useWorkers } from '../support/workers.ts';

const database = useDatabase({
  bent: { 'runnable-task-has-waiting-job': 'attempts run here without the queue, which would take their tasks' },
});
const storage = useStorage();
const workers = useWorkers(database);
let threads: Threads;
beforeAll(() => {
  const { log } = readableLog();
  threads = startThreads({ concurrency: 2, memoryMb: 64, kindsModule: OWN_KINDS, storageUrl: storage().url, log });
});
afterAll(() => threads.stop());
beforeEach(() => database().pool.query('delete from file_removals'));

const open = (task: Partial<TaskFiles>, signal = new AbortController().signal) =>
  openRunFiles(async () => storage().storage, { input: null, reserved: [], ...task }, signal);

describe('what a handler sees of files', () => {
  const file = { name: 'a.bin', contentType: 'application/octet-stream' };

  it('is its input, without the name under which it is stored', async () => {
    const bytes = rowsOfText(100_000);
    const input = { name: 'a.csv', contentType: 'text/csv', size: bytes.length, storedAs: await storage().put(bytes) };
    const { files } = open({ input });
    expect({ ...files.input, read: null }).toEqual({
      name: 'a.csv',
      contentType: 'text/csv',
      size: 100_000,
      read: null,
    });
    for (let time = 0; time < 2; time += 1) {
      const read = await Array.fromAsync((await files.input?.read()) ?? []);
      expect(Buffer.concat(read).equals(bytes)).toBe(true);
    }
    expect(open({}).files.input).toBeNull();
  });

  it('says of bytes that are gone that no other attempt will find them', async () => {
    const { files } = open({ input: { ...file, size: 1, storedAs: randomUUID() } });
    const error: unknown = await files.input?.read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KindError);
    expect(error).toMatchObject({ retryable: false, message: 'The uploaded file is not there any more' });
  });

  it('takes what it writes under the names that were announced, with size and checksum', async () => {
    const reserved = [randomUUID(), randomUUID()];
    const { files, written } = open({ reserved });
    const bytes = rowsOfText(200_000);
    expect(await files.write(file, chunked(bytes, 777))).toEqual({ size: 200_000 });
    expect(written).toEqual([{ ...file, size: 200_000, sha256: sha256Of(bytes), storedAs: reserved[0] }]);
    expect((await storage().get(reserved[0]!)).equals(bytes)).toBe(true);
  });

  it('takes no more files than the kind said', async () => {
    const { files } = open({ reserved: [randomUUID()] });
    await files.write(file, chunked(Buffer.from('x')));
    await expect(files.write(file, chunked(Buffer.from('x')))).rejects.toThrow('more files than its kind allows');
  });

  it('counts nothing as written that broke off', async () => {
    const { files, written } = open({ reserved: [randomUUID()] });
    async function* broken() {
      yield Buffer.from('x');
      throw new Error('the handler broke');
    }
    await expect(files.write(file, broken())).rejects.toThrow('the handler broke');
    expect(written).toEqual([]);
  });
});

describe('an attempt that writes a file', () => {
  function attemptsWith(faults: Partial<Lifecycle> = {}) {
    return createAttempts({
      workerId: randomUUID(),
      lifecycle: { ...workers.lifecycle(), ...faults },
      threads,
      heartbeat: { add: () => undefined, remove: () => undefined },
      kinds,
      config: testConfig(database().url, { ASSAY_LEASE_MS: '60000' }),
      backoff: { firstMs: 10, capMs: 10 },
      metrics: createMetrics(),
      log: readableLog().log,
    });
  }

  async function submit() {
    const userId = await makeAccount(database().pool);
    const bytes = rowsOfText(30_000);
    const uploadId = await makeFile(database().pool, { userId, bytes, storedAs: await storage().put(bytes) });
    const { outcomes } = await workers.lifecycle().submit(userId, [
      {
        ...{ kind: 'COMPRESS', name: 'A file', testData: { algorithm: 'GZIP', level: 1 }, price: 1, maxAttempts: 3 },
        ...{ tierPriority: 0, uploadId },
      },
    ]);
    const [outcome] = outcomes;
    if (outcome?.outcome !== 'SUBMITTED') throw new Error(outcome?.outcome);
    return { jobId: outcome.job.id, round: 1, attempt: 1 };
  }

  const outputs = async (jobId: string) =>
    (await database().pool.query(`select from files where job_id = $1 and role = 'OUTPUT'`, [jobId])).rowCount;

  it('announces its bytes before it begins, for longer than it may take', async () => {
    const task = await submit();
    const reserveBytes = vi.fn(workers.lifecycle().reserveBytes);
    await attemptsWith({ reserveBytes }).run(task);
    expect(reserveBytes).toHaveBeenCalledExactlyOnceWith([expect.any(String)], 300_000 + 3_600_000);
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'COMPLETED' });
    expect(await outputs(task.jobId)).toBe(1);
    expect(await readRemovals(database().pool)).toEqual([]);
  });

  it('is given back, and costs nothing, where they cannot be announced', async () => {
    const task = await submit();
    await attemptsWith({ reserveBytes: () => Promise.reject(new Error('the database is away')) }).run(task);
    expect(await workers.state(task.jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
  });

  it('fails its job where the bytes are given up before it can complete', async () => {
    const task = await submit();
    const complete: Lifecycle['complete'] = async (...given) => {
      await database().pool.query('update file_removals set tries = 1');
      return await workers.lifecycle().complete(...given);
    };
    await attemptsWith({ complete }).run(task);
    const failed = { status: 'FAILED', failureMessage: 'The result could not be stored', balance: 10 };
    expect(await workers.state(task.jobId)).toMatchObject(failed);
    expect(await outputs(task.jobId)).toBe(0);
    expect(await readRemovals(database().pool)).toMatchObject([{ is_due: true }]);
  });

  it('leaves no output where its job is cancelled at the last moment, and where it has lost its lease', async () => {
    const ends: Lifecycle['complete'][] = [
      (lease) => Promise.reject(new MoveRefused('complete', lease.jobId, 'QUEUED')),
      async (lease, ...rest) => {
        await workers.cancel(lease.jobId);
        return await workers.lifecycle().complete(lease, ...rest);
      },
    ];
    for (const complete of ends) {
      await database().pool.query('delete from file_removals');
      const task = await submit();
      const stop = attemptsWith({ complete });
      const running = stop.run(task).catch(() => undefined);
      await vi.waitFor(async () => expect(await readRemovals(database().pool)).toHaveLength(1), { timeout: 20_000 });
      await vi.waitFor(
        async () => expect(await readRemovals(database().pool)).toMatchObject([{ is_due: true }]),
        20_000,
      );
      await stop.stop(0);
      await running;
      expect(await outputs(task.jobId)).toBe(0);
    }
  });
});
