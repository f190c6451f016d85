import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, vi } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import type { CancelOutcome } from '../../src/lifecycle/cancel.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createLog, type Log } from '../../src/log.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from '../../src/worker.ts';
import type { TestDatabase } from './database.ts';
import { createPatientOrm } from './orm.ts';
import { ALL_GO, goOf, type ProbeInput } from './probe-kinds.ts';

/** Handlers that misbehave, all of them under the kind PROBE. */
export const PROBE_KINDS = new URL('./probe-kinds.ts', import.meta.url).href;

/** The kinds that a real worker knows. */
export const OWN_KINDS = new URL('../../src/kinds/index.ts', import.meta.url).href;

/** Why what settles is not judged after each test (`settlesLater`) where workers are stopped, killed and cut off. */
export const HEALED = 'a worker may leave a task that it has just fetched, and the next one puts that right';

/**
 * A lease that no test has to wait for long, and that outlasts what a busy machine does to a worker which is well: one of
 * its threads, its processes or its sessions may stand still for some seconds while whoever judges it goes on.
 */
export const LEASE_MS = 5_000;

/** Short times, so that a test of an outage does not last ten seconds. */
export const FAST = {
  ASSAY_WORKER_CONCURRENCY: '2',
  ASSAY_LEASE_MS: `${LEASE_MS}`,
  ASSAY_HEARTBEAT_MS: '300',
  ASSAY_RESCUE_MS: '300',
  ASSAY_PROGRESS_MS: '100',
};

/** Where no lease is to end: a machine that stands still for seconds takes no job from a worker that lives. */
export const LASTING = { ASSAY_LEASE_MS: '20000' };

/** A wait ends as soon as what it waits for is there; threads and processes take their time on a busy machine. */
export const PATIENCE_MS = 40_000;

/**
 * Within which a cancelled job's thread is gone, in milliseconds. The aim is one second, which the benchmark of cancels
 * measures; here the machine has other things to do, and what is wrong takes the 20 seconds of a beat, or has no end.
 */
export const FREE_WITHIN_MS = 10_000;

/** A log whose lines a test can read. */
export function readableLog(): { log: Log; lines: Record<string, unknown>[]; messages(): unknown[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { log, lines, messages: () => lines.map(({ msg }) => msg) };
}

/** The path of a file that a handler may write; it goes with the test. */
export function scratchFile(): string {
  const file = path.join(tmpdir(), `assay-probe-${randomUUID()}`);
  onTestFinished(() => {
    for (const path of [file, goOf(file)]) rmSync(path, { force: true });
  });
  return file;
}

/** Waits until a handler has written to its file, so many times: a job is PROCESSING a little before its handler runs. */
export async function untilHandled(file: string, times = 1): Promise<void> {
  await vi.waitFor(() => expect(existsSync(file) ? readFileSync(file).length : 0).toBeGreaterThanOrEqual(times), {
    ...{ timeout: PATIENCE_MS, interval: 10 },
  });
}

/** Lets the handlers end that wait for it by this file, or only the first one that began, the second … */
export function letGo(file: string, run?: number): void {
  writeFileSync(goOf(file), `${run ?? ALL_GO}`);
}

export interface JobState {
  status: string;
  attempt: number;
  failureCode: string | null;
  failureMessage: string | null;
  testResult: unknown;
  balance: number;
  progress: { percent: number; current?: number };
  finishedAt: Date | null;
  workerFreeAt: Date | null;
}

export interface Workers {
  lifecycle(): Lifecycle;
  /** Starts a worker in this process; it is stopped after the test, or after the file where `beforeAll` starts it. */
  start(
    env?: Record<string, string>,
    options?: Partial<WorkerOptions>,
  ): Promise<RunningWorker & { log: ReturnType<typeof readableLog> }>;
  /** Submits a PROBE job of a new user who owns 10 tokens, for 2 of them. */
  submit(input: ProbeInput | Record<string, unknown>, maxAttempts?: number): Promise<string>;
  state(jobId: string): Promise<JobState>;
  /** Waits until the job has one of the statuses. */
  reach(jobId: string, statuses: string | string[], limitMs?: number): Promise<JobState>;
  /** Cancels as the job's owner does. */
  cancel(jobId: string): Promise<CancelOutcome>;
  /** Waits until the thread of the job is known to be gone, and answers how long after the job's end that was. */
  free(jobId: string, limitMs?: number): Promise<number>;
  /** The types of the job's events, in order. */
  events(jobId: string): Promise<string[]>;
}

export function testConfig(url: string, env: Record<string, string> = {}): Config {
  return loadConfig({ DATABASE_URL: url, ...FAST, ...env });
}

/** Gives a test file workers on its database, and a submitter. */
export function useWorkers(database: () => TestDatabase): Workers {
  const started: RunningWorker[] = [];
  let shared: number | undefined;
  let lifecycle: Lifecycle | undefined;
  let close: () => Promise<void> = async () => undefined;
  beforeAll(async () => {
    const orm = await createPatientOrm({ url: database().url, name: 'assay-test-submitter' });
    close = () => orm.close();
    lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: 10 });
  });
  beforeEach(() => {
    shared ??= started.length;
  });
  afterEach(async () => {
    await Promise.all(started.splice(shared ?? 0).map((worker) => worker.stop()));
  });
  afterAll(async () => {
    await Promise.all(started.map((worker) => worker.stop()));
    await close();
  });

  const theLifecycle = () => {
    if (!lifecycle) throw new Error('The lifecycle exists only inside tests and hooks.');
    return lifecycle;
  };
  const state = (jobId: string) => readState(database().pool, jobId);
  return {
    lifecycle: theLifecycle,
    async start(env, options) {
      const log = readableLog();
      const config = testConfig(database().url, env);
      const backoff = { firstMs: 50, capMs: 100 };
      const settings = { config, log: log.log, kindsModule: PROBE_KINDS, graceMs: 300, backoff, threadMemoryMb: 64 };
      const worker = await startWorker({ ...settings, ...options });
      started.push(worker);
      return { ...worker, log };
    },
    async submit(input, maxAttempts = 3) {
      const submission = {
        kind: 'PROBE',
        name: 'Probe',
        testData: input,
        price: 2,
        maxAttempts,
        tierPriority: 0,
      } as const;
      const { outcomes } = await theLifecycle().submit(randomUUID(), [submission]);
      const [outcome] = outcomes;
      if (outcome?.outcome !== 'SUBMITTED') throw new Error(`The job was not taken: ${outcome?.outcome}`);
      return outcome.job.id;
    },
    state,
    reach: (jobId, statuses, limitMs = PATIENCE_MS) =>
      vi.waitFor(
        async () => {
          const found = await state(jobId);
          expect([statuses].flat()).toContain(found.status);
          return found;
        },
        { timeout: limitMs, interval: 20 },
      ),
    cancel: (jobId) => theLifecycle().cancel({ jobId, scope: 'any owner', message: 'Cancelled by user' }),
    free: (jobId, limitMs = PATIENCE_MS) =>
      vi.waitFor(
        async () => {
          const { finishedAt, workerFreeAt } = await state(jobId);
          if (!finishedAt || !workerFreeAt) throw new Error(`The thread of job ${jobId} is not known to be gone.`);
          return workerFreeAt.getTime() - finishedAt.getTime();
        },
        { timeout: limitMs, interval: 20 },
      ),
    async events(jobId) {
      const { rows } = await database().pool.query('select type from job_events where job_id = $1 order by seq', [
        jobId,
      ]);
      return rows.map(({ type }) => type);
    },
  };
}

async function readState(pool: pg.Pool, jobId: string): Promise<JobState> {
  const { rows } = await pool.query<JobState>(
    `select j.status, j.attempt, j.failure_code as "failureCode", j.failure_message as "failureMessage", j.progress,
       r.test_result as "testResult", a.balance, j.finished_at as "finishedAt", j.worker_free_at as "workerFreeAt"
     from analysis_jobs j join analysis_results r on r.job_id = j.id join accounts a on a.user_id = j.user_id
     where j.id = $1`,
    [jobId],
  );
  const [row] = rows;
  if (!row) throw new Error(`There is no job ${jobId}.`);
  return row;
}
