import type { Agent } from 'node:http';
import type pg from 'pg';
import { createInstallation } from '../test/support/installation.ts';
import { Completions } from './completions.ts';
import { ECHO } from './growth-operations.ts';
import { forEach } from './patience.ts';
import { type Asking, send } from './plain-client.ts';
import { stopRivalProcess } from './rival-process.ts';
import { type RivalParts, startRival } from './rivals.ts';
import { PROBES, SUBMIT } from './submits.ts';
import { watch } from './watcher.ts';

/** Something that takes jobs, runs them, and tells that they are complete. */
export interface PipelineSide {
  completions: Completions;
  /** Holds the connections by which it is asked. */
  agent?: Agent;
  /** Submits that were refused because the API had too much to do, and sent again. */
  refused?: number;
  /** @returns the job's id */
  submit(turn: number): Promise<string>;
  /** Starts one worker process. @returns what ends it */
  startWorker(): Promise<() => Promise<void>>;
  /** Resolves when what is left to write after the completions is written too, where anything is. */
  settle?(): Promise<void>;
  /** @throws when the database does not hold all that so many jobs leave behind */
  expectDone(jobs: number): Promise<void>;
}

export interface PipelineParts extends RivalParts {
  /** Of users 1 to `count`, in the order of their numbers. Each has a socket. */
  tokens: readonly string[];
  agent: Agent;
  /** Jobs that a worker runs at once. */
  concurrency: number;
}

const MEETING = 16;
const STOP_LIMIT_MS = 30_000;

const WATCH_ASSAY = 'subscription { myEvents { __typename ... on JobEvent { jobId seq type status at } } }';
const WATCH_RIVAL = 'subscription { events { jobId seq type status at } }';
const SUBMIT_RIVAL = `mutation ($input: ProbeInput!) {
  submitProbe(input: $input) { job { id name price createdAt } }
}`;

/** What a job leaves: itself, its result, three events and a charge. */
const countDone = (jobs: string, results: string, events: string, ledger: string) => `select
  (select count(*)::int from ${jobs} where status = 'COMPLETED') as jobs,
  (select count(*)::int from ${results} where status = 'COMPLETED') as results,
  (select count(*) / 3.0 from ${events})::float8 as events,
  (select count(*)::int from ${ledger} where entry = 'CHARGE') as charges`;

/** One API process of Assay. */
export async function assayPipeline(parts: PipelineParts, closing: AsyncDisposableStack): Promise<PipelineSide> {
  const { database, secret, tokens, agent, concurrency } = parts;
  const env = {
    ...PROBES,
    ASSAY_STARTING_TOKENS: '1000000',
    ASSAY_WORKER_CONCURRENCY: String(concurrency),
    JWT_SECRET: secret,
    ...parts.env,
  };
  const installation = closing.use(await createInstallation(database.url, env));
  const { url } = await installation.startApi();
  await forEach(tokens, MEETING, (token) => send({ url, token, agent }, { query: '{ viewer { id } }' }));
  const side: PipelineSide = {
    completions: await watchAll({ url, tokens, query: WATCH_ASSAY }, closing),
    agent,
    refused: 0,
    submit: (turn) => submit(side, { url, token: tokens[turn % tokens.length] ?? '', agent }, SUBMIT),
    async startWorker() {
      const worker = await installation.startWorker();
      return async () => {
        worker.kill('SIGTERM');
        await worker.waitForEnd(STOP_LIMIT_MS);
      };
    },
    expectDone: (jobs) =>
      expectAll(database.pool, countDone('analysis_jobs', 'analysis_results', 'job_events', 'ledger_entries'), jobs),
  };
  return side;
}

/** One API process of Apollo Server with a queue, which keeps the same rows and pushes the same events. */
export async function rivalPipeline(
  name: 'pg-boss' | 'bullmq',
  { tokens, agent, concurrency, ...parts }: PipelineParts,
  closing: AsyncDisposableStack,
): Promise<PipelineSide> {
  const { url, pool, startWorker } = await startRival(name, parts, closing);
  const side: PipelineSide = {
    completions: await watchAll({ url, tokens, query: WATCH_RIVAL }, closing),
    agent,
    refused: 0,
    submit: (turn) => submit(side, { url, token: tokens[turn % tokens.length] ?? '', agent }, SUBMIT_RIVAL),
    async startWorker() {
      const child = await startWorker(concurrency);
      return () => stopRivalProcess(child);
    },
    expectDone: (jobs) => expectAll(pool, countDone('jobs', 'results', 'events', 'ledger'), jobs),
  };
  return side;
}

/** Opens a socket for each user, over which the news of his jobs come. */
async function watchAll(
  { url, tokens, query }: { url: string; tokens: readonly string[]; query: string },
  closing: AsyncDisposableStack,
): Promise<Completions> {
  const completions = new Completions();
  const onNext = (text: Buffer) => {
    if (!text.includes('"COMPLETED"')) return;
    const [, jobId] = /"jobId":"([^"]+)"/.exec(text.toString()) ?? [];
    if (jobId) completions.note(jobId);
  };
  const watchers = await forEach(tokens, MEETING, (token) => watch({ url, token, query, onNext }));
  closing.defer(() => {
    for (const { socket } of watchers) socket.terminate();
  });
  return completions;
}

/** Sends again what was refused for the moment, as a client does: the time of all that is the job's. */
async function submit(side: PipelineSide, asking: Asking, query: string): Promise<string> {
  for (;;) {
    const answer = await send(asking, { query, variables: ECHO });
    const [, jobId] = /"job":\{"id":"([^"]+)"/.exec(answer) ?? [];
    if (jobId) return jobId;
    if (!answer.includes('"retryable":true')) throw new Error(`The API refused: ${answer.slice(0, 500)}`);
    side.refused = (side.refused ?? 0) + 1;
  }
}

async function expectAll(pool: pg.Pool, sql: string, jobs: number): Promise<void> {
  const { rows } = await pool.query<Record<string, number>>(sql);
  const isDone = rows[0] && Object.values(rows[0]).every((count) => count === jobs);
  if (!isDone) throw new Error(`${jobs} jobs should have been done, and there are ${JSON.stringify(rows[0])}`);
}
