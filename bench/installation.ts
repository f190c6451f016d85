import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { createInstallation, post } from '../test/support/installation.ts';
import type { RunningProcess } from '../test/support/process.ts';
import { postmasterOf, startDatabase } from './database.ts';

/** An API process and workers on a PostgreSQL of their own, all on this machine, all of it gone at the end. */
export interface BenchInstallation extends AsyncDisposable {
  databaseUrl: string;
  pool: pg.Pool;
  /** The workers that were started here, by the id of their process. */
  workers: Map<number, RunningProcess>;
  startWorker(): Promise<RunningProcess>;
  /** Hands in a PROBE through the API. @returns the job's id */
  submit(behaviour: string, input?: { milliseconds?: number }): Promise<string>;
  /** Cancels through the API. @throws when it does not answer CANCELLED */
  cancel(jobId: string): Promise<void>;
  /** Waits until the job's attempt of this number runs. @returns when it began, and the process that runs it */
  started(jobId: string, attempt?: number): Promise<{ atMs: number; pid: number }>;
  /** Stops PostgreSQL with all its backends for a time, as on a machine that is being moved. Linux only. */
  freezeDatabase(ms: number): Promise<void>;
}

const POLL_MS = 10;
const PATIENCE_MS = 120_000;

/** @param options.env variables for each of its processes, besides the defaults */
export async function startInstallation(options: {
  workers: number;
  env?: NodeJS.ProcessEnv;
}): Promise<BenchInstallation> {
  await using started = new AsyncDisposableStack();
  const { url: databaseUrl, dataDir, pool } = started.use(await startDatabase());
  const env = {
    ASSAY_PROBES: 'on',
    ASSAY_PRICE_PROBE: '1',
    ASSAY_STARTING_TOKENS: '1000000',
    ASSAY_LIMIT_SUBMITS_PER_MINUTE: '100000',
    ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: '100000',
    ...options.env,
  };
  const installation = started.use(await createInstallation(databaseUrl, env));
  const { url } = await installation.startApi();
  const token = await installation.userToken();

  const workers = new Map<number, RunningProcess>();
  const startWorker = async () => {
    const worker = await installation.startWorker();
    workers.set(worker.pid, worker);
    return worker;
  };
  await Promise.all(Array.from({ length: options.workers }, startWorker));

  const ask = async (mutation: string, input: object) => {
    const { data, errors } = await post(url, token, mutation, { input });
    const { job } = (data?.payload ?? {}) as { job?: { id: string; status: string } };
    if (!job) throw new Error(`The API refused: ${JSON.stringify(errors ?? data)}`);
    return job;
  };
  const running = started.move();
  return {
    databaseUrl,
    pool,
    workers,
    startWorker,
    async submit(behaviour, input) {
      return (await ask(SUBMIT, { behaviour, ...input })).id;
    },
    async cancel(id) {
      const { status } = await ask(CANCEL, { id });
      if (status !== 'CANCELLED') throw new Error(`The job is ${status}`);
    },
    started: (jobId, attempt = 1) =>
      until(async () => {
        const { rows } = await pool.query(
          `select extract(epoch from j.started_at)::float8 * 1000 as "atMs", w.pid
           from analysis_jobs j join workers w on w.id = j.worker_id
           where j.id = $1 and j.attempt = $2 and j.status = 'PROCESSING'`,
          [jobId, attempt],
        );
        return rows[0];
      }),
    async freezeDatabase(ms) {
      const postmaster = await postmasterOf({ dataDir });
      const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
      const pids = [postmaster, ...children.trim().split(' ').map(Number)];
      const wake = () => {
        for (const pid of pids) signal(pid, 'SIGCONT');
      };
      // A server that sleeps could not be ended by the clean-up at exit, which comes after this.
      process.prependOnceListener('exit', wake);
      for (const pid of pids) signal(pid, 'SIGSTOP');
      await delay(ms);
      wake();
      process.off('exit', wake);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Asks again and again until there is an answer. */
export async function until<T>(ask: () => Promise<T | undefined>, patienceMs = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`It did not happen within ${patienceMs / 1_000} s`);
    await delay(POLL_MS);
  }
}

/** A backend may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const SUBMIT = `mutation ($input: SubmitProbeInput!) {
  payload: submitProbe(input: $input) { job { id status } userErrors { code message } }
}`;
const CANCEL = `mutation ($input: CancelJobInput!) {
  payload: cancelJob(input: $input) { job { id status } userErrors { code message } }
}`;
