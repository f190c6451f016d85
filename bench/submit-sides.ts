import type { Agent } from 'node:http';
import { SubmitAssessmentDocument } from '../src/client/operations.generated.ts';
import { createInstallation } from '../test/support/installation.ts';
import { sampleInput } from '../test/support/respondents.ts';
import { type BenchDatabase, postmasterOf } from './database.ts';
import type { Users } from './numbered-users.ts';
import { forEach } from './patience.ts';
import type { Pgbench } from './pgbench.ts';
import { type Answers, type Asking, keepAsking, send } from './plain-client.ts';
import { familySeconds, processorSeconds } from './process-state.ts';
import { startRivalProcess } from './rival-process.ts';
import { type RivalParts, startRival } from './rivals.ts';
import type { Leg } from './submit-table.ts';

const MEETING = 16;
/** Prime to any number of users that one would ask for: so one who comes next is not he who came last. */
const STRIDE = 7_919;
const SUBMIT = { query: String(SubmitAssessmentDocument), variables: { input: sampleInput() } };
const RIVAL_SUBMIT = {
  query: `mutation Submit($input: AssessmentInput!) {
    submit(input: $input) { job { id kind name status seq attempt resultId price createdAt } tokenBalance }
  }`,
  variables: { input: sampleInput() },
};

export interface Load {
  inFlight: number;
  seconds: number;
  users: Users;
}

/** What takes a load. */
export type Side = (load: Load) => Promise<Leg>;

export interface AssayParts {
  database: BenchDatabase;
  /** Variables of the API. */
  env: NodeJS.ProcessEnv;
  /** Of each user, in the order of their numbers. */
  tokens: readonly string[];
  agent: Agent;
}

/** Submits one assessment. @throws where the API refuses it */
export async function submit(asking: Asking): Promise<void> {
  const answer = await send(asking, SUBMIT);
  if (!answer.includes('"job":{"id"')) throw new Error(`The API refused: ${answer.slice(0, 500)}`);
}

/** An API process that has seen all of the users. */
export async function assaySide(parts: AssayParts, closing: AsyncDisposableStack): Promise<Side> {
  const { database, env, tokens, agent } = parts;
  const installation = closing.use(await createInstallation(database.url, env));
  const { url, process: api } = await installation.startApi();
  await forEach(tokens, MEETING, (token) => send({ url, token, agent }, { query: '{ viewer { id } }' }));
  const measure = await createMeasure(database, api.pid);
  return async ({ users, ...load }) => {
    const tokenOf = turnsOf(tokens, users);
    const stored = await countJobs(database);
    const leg = await measure(() => keepAsking(load, (turn) => submit({ url, token: tokenOf(turn), agent })));
    expectJobs(await countJobs(database), stored + leg.ms.length);
    return leg;
  };
}

/** The database, when nobody is between it and the statements. */
export function databaseSide(database: BenchDatabase, pgbench: Pgbench): Side {
  return async ({ inFlight, seconds, users }) => {
    const [stored, postmaster] = [await countJobs(database), await postmasterOf(database)];
    const before = await familySeconds(postmaster);
    const { transactions, perSecond } = await pgbench.run({ clients: inFlight, seconds, users });
    const databaseMs = (((await familySeconds(postmaster)) - before) * 1_000) / transactions;
    expectJobs(await countJobs(database), stored + transactions);
    return { perSecond, databaseMs };
  };
}

/** Apollo Server behind express, with nothing to do. */
export async function apolloSide(agent: Agent, closing: AsyncDisposableStack): Promise<Side> {
  const [, port] = await startRivalProcess('bare-apollo', {}, closing);
  const asking = { url: `http://127.0.0.1:${port}`, token: 'none', agent };
  return async (load) =>
    await keepAsking(load, async () => {
      const answer = await send(asking, { query: '{ hello }' });
      if (!answer.includes('world')) throw new Error(`Apollo Server refused: ${answer.slice(0, 500)}`);
    });
}

/** Apollo Server with a queue, which writes the same rows. Nobody takes its tasks. */
export async function rivalSide(
  name: 'pg-boss' | 'bullmq',
  { tokens, agent, ...parts }: RivalParts & Pick<AssayParts, 'tokens' | 'agent'>,
  closing: AsyncDisposableStack,
): Promise<Side> {
  const { url, pool, pid } = await startRival(name, parts, closing);
  const measure = await createMeasure(parts.database, pid);
  return async ({ users, ...load }) => {
    const tokenOf = turnsOf(tokens, users);
    const stored = await countRows(pool, 'jobs');
    const ask = async (turn: number) => {
      const answer = await send({ url, token: tokenOf(turn), agent }, RIVAL_SUBMIT);
      if (!answer.includes('"job":{"id"')) throw new Error(`${name} refused: ${answer.slice(0, 500)}`);
    };
    const leg = await measure(() => keepAsking(load, ask));
    for (const table of ['jobs', 'results', 'ledger', 'events']) {
      expectJobs(await countRows(pool, table), stored + leg.ms.length);
    }
    return leg;
  };
}

/** Adds the processor time that an API and PostgreSQL have taken for each answer. */
async function createMeasure(database: BenchDatabase, apiPid: number) {
  const postmaster = await postmasterOf(database);
  const clocks = () => Promise.all([processorSeconds(apiPid), familySeconds(postmaster)]);
  return async (act: () => Promise<Answers>) => {
    const [apiBefore, databaseBefore] = await clocks();
    const answers = await act();
    const [apiAfter, databaseAfter] = await clocks();
    return {
      ...answers,
      apiMs: ((apiAfter - apiBefore) * 1_000) / answers.ms.length,
      databaseMs: ((databaseAfter - databaseBefore) * 1_000) / answers.ms.length,
    };
  };
}

const turnsOf =
  (tokens: readonly string[], { first, last }: Users) =>
  (turn: number) =>
    tokens[first + ((turn * STRIDE) % (last - first + 1))] ?? '';

const countJobs = ({ pool }: BenchDatabase) => countRows(pool, 'analysis_jobs');

async function countRows(pool: BenchDatabase['pool'], table: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`select count(*)::int from ${table}`);
  return rows[0]?.count ?? 0;
}

function expectJobs(stored: number, expected: number): void {
  if (stored !== expected) throw new Error(`${expected} jobs should be stored, and ${stored} are.`);
}
