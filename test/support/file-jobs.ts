import { beforeEach, expect, vi } from 'vitest';
import type { JobKind } from '../../src/entities/job-status.ts';
import type { RunningWorker } from '../../src/worker.ts';
import type { TestDatabase } from './database.ts';
import { makeAccount } from './factory.ts';
import { makeFile, readRemovals, type TestStorage } from './files.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { FAST, OWN_KINDS, PATIENCE_MS, type Workers } from './workers.ts';

interface FileOfJob {
  role: string;
  name: string;
  size: number;
  stored_as: string;
}

export interface FileJobs {
  /** Starts a worker that knows the real kinds, as `Workers.start` does. */
  start(env?: Record<string, string>): Promise<RunningWorker>;
  /** Starts one in a process of its own, which can be killed. */
  startProcess(): Promise<RunningProcess>;
  /** Submits a job of a new user who owns 10 tokens, for 2 of them, with its upload. */
  submit(
    kind: JobKind,
    testData: object,
    bytes: Uint8Array,
    kept?: TestStorage,
    maxAttempts?: number,
  ): Promise<Submitted>;
  /** The input first. */
  filesOf(jobId: string): Promise<FileOfJob[]>;
  /** Waits until the job's handler has said that it is in this stage. */
  reachStage(jobId: string, stage: string): Promise<void>;
  /** The names of bytes that no file has. */
  unowned(): Promise<string[]>;
  /** Waits until nothing is kept but what files have, these among them, and nothing is left to be removed. */
  keepsOnly(...names: string[]): Promise<void>;
  /** Has what is due removed now. */
  sweep(): Promise<void>;
  /** Lets no job with an output be completed until the block ends: it can be met in the middle, however fast it is. */
  holdOutputs(): Promise<AsyncDisposable>;
}

export interface Submitted {
  jobId: string;
  userId: string;
  storedAs: string;
}

/** Each thread reads all the kinds when it starts, and one job needs no second one. */
const ONE_THREAD = { ASSAY_WORKER_CONCURRENCY: '1' };

/** Gives a test file jobs that work on files, and a storage that is tidy before each test. */
export function useFileJobs(
  database: () => TestDatabase,
  storage: () => TestStorage,
  workers: Pick<Workers, 'start' | 'lifecycle'>,
): FileJobs {
  const query = async <Row extends object>(text: string, values: unknown[] = []) =>
    (await database().pool.query<Row>(text, values)).rows;

  async function unowned(): Promise<string[]> {
    const rows = await query<{ stored_as: string }>('select stored_as from files where stored_as is not null');
    const owned = rows.map((row) => row.stored_as);
    return (await storage().names()).filter((name) => !owned.includes(name));
  }

  beforeEach(async () => {
    await query('delete from file_removals');
    for (const name of await unowned()) await storage().storage.remove(name);
  });

  return {
    unowned,
    start: (env = {}) =>
      workers.start({ ...ONE_THREAD, ASSAY_STORAGE_URL: storage().url, ...env }, { kindsModule: OWN_KINDS }),
    async startProcess() {
      const script = new URL('./own-worker-process.ts', import.meta.url).pathname;
      const env = {
        ...process.env,
        ...FAST,
        ...ONE_THREAD,
        DATABASE_URL: database().url,
        ASSAY_STORAGE_URL: storage().url,
      };
      return startProcess(process.execPath, [script], { env });
    },
    async submit(kind, testData, bytes, kept = storage(), maxAttempts = 3) {
      const userId = await makeAccount(database().pool);
      const storedAs = await kept.put(bytes);
      const uploadId = await makeFile(database().pool, { userId, bytes, storedAs });
      const work = { kind, name: kind, testData, price: 2, maxAttempts, tierPriority: 0, uploadId };
      const { outcomes } = await workers.lifecycle().submit(userId, [work]);
      const [outcome] = outcomes;
      if (outcome?.outcome !== 'SUBMITTED') throw new Error(`The job was not taken: ${outcome?.outcome}`);
      return { jobId: outcome.job.id, userId, storedAs };
    },
    filesOf: (jobId) => query('select role, name, size, stored_as from files where job_id = $1 order by role', [jobId]),
    async reachStage(jobId, stage) {
      const read = () => query(`select progress from analysis_jobs where id = $1 and status = 'PROCESSING'`, [jobId]);
      await vi.waitFor(async () => expect(await read()).toMatchObject([{ progress: { stage } }]), {
        timeout: PATIENCE_MS,
        interval: 20,
      });
    },
    keepsOnly: (...names) =>
      vi.waitFor(
        async () => {
          expect(await storage().names()).toEqual(expect.arrayContaining(names));
          expect(await unowned()).toEqual([]);
          expect(await readRemovals(database().pool)).toEqual([]);
        },
        { timeout: PATIENCE_MS, interval: 50 },
      ),
    async sweep() {
      await query("select graphile_worker.add_job('remove_files')");
    },
    async holdOutputs() {
      const client = await database().pool.connect();
      await client.query('begin');
      // Whoever reads is let through, and whoever writes a row waits.
      await client.query('lock table files in share mode');
      return {
        async [Symbol.asyncDispose]() {
          await client.query('commit');
          client.release();
        },
      };
    },
  };
}
