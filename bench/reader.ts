import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { ListJobsDocument, ReadJobDocument } from '../src/client/operations.generated.ts';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { createInstallation } from '../test/support/installation.ts';
import type { BenchDatabase } from './database.ts';
import { type Asking, type Operation, send } from './plain-client.ts';
import { storeJobs } from './stored-jobs.ts';

/** A user with many jobs at one API process. */
export interface Reader {
  /** Of the API. */
  pid: number;
  /** How many jobs are his. */
  jobs: number;
  /** What he may read, by its name: another job or page each turn. */
  operations: Record<string, (turn: number) => Operation>;
  /** @returns the answer as it came @throws where it is an error */
  ask(operation: Operation): Promise<string>;
}

const JOBS_OF_A_USER = 1_000;
const PAGE = 50;
/** Where pages begin: behind each hundredth job of the reader. */
const PLACES = 9;

const JOB_WITH_RESULT = `query ($id: ID!) {
  job(id: $id) { id name status seq createdAt finishedAt progress { percent } result { id status testData testResult } }
}`;
const PAGE_WITH_RESULTS = `query ($first: Int, $after: String) {
  jobs(first: $first, after: $after) {
    nodes { id name status seq createdAt finishedAt progress { percent } result { id status testData testResult } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const WALK = `query ($after: String) { jobs(first: 100, after: $after) { pageInfo { endCursor } } }`;

/**
 * Stores `count` jobs, and starts an API process for one of those who own them.
 * @param env variables of the API, besides the defaults
 */
export async function startReader(
  { url: databaseUrl, pool }: BenchDatabase,
  { count, env = {} }: { count: number; env?: NodeJS.ProcessEnv },
  closing: AsyncDisposableStack,
): Promise<Reader> {
  await storeJobs(pool, count, { users: Math.ceil(count / JOBS_OF_A_USER), days: 30 });
  const secret = randomBytes(32).toString('hex');
  const installation = closing.use(await createInstallation(databaseUrl, { JWT_SECRET: secret, ...env }));
  const { url, process: api } = await installation.startApi();
  const { rows } = await pool.query<{ id: string; owner: string }>(
    `select id, user_id as owner from analysis_jobs
     where user_id = (select user_id from accounts order by 1 limit 1) order by id`,
  );
  const token = await signUserToken({ secret, sub: rows[0]?.owner ?? '', ttlSeconds: 3_600 });
  const agent = closing.adopt(new Agent({ keepAlive: true }), (made) => made.destroy());
  const asking = { url, token, agent };
  const ids = rows.map(({ id }) => id);
  return {
    pid: api.pid,
    jobs: rows.length,
    operations: operationsOf(ids, await walk(asking)),
    ask: (operation) => ask(asking, operation),
  };
}

function operationsOf(ids: readonly string[], cursors: readonly string[]): Reader['operations'] {
  const one = (query: string) => (turn: number) => ({ query, variables: { id: ids[(turn * 7_919) % ids.length] } });
  const page = (query: string) => (turn: number) => ({
    query,
    variables: { first: PAGE, after: cursors[turn % cursors.length] },
  });
  return {
    job: one(String(ReadJobDocument)),
    'job with its result': one(JOB_WITH_RESULT),
    [`page of ${PAGE} jobs`]: page(String(ListJobsDocument)),
    [`page of ${PAGE} jobs with results`]: page(PAGE_WITH_RESULTS),
  };
}

/** Where pages begin, over the list of a user. */
async function walk(asking: Asking): Promise<string[]> {
  const cursors: string[] = [];
  for (let after: string | null = null; cursors.length < PLACES; ) {
    const { data }: { data: Page } = JSON.parse(await ask(asking, { query: WALK, variables: { after } }));
    after = data.jobs.pageInfo.endCursor;
    if (after === null) break;
    cursors.push(after);
  }
  return cursors;
}

interface Page {
  jobs: { pageInfo: { endCursor: string | null } };
}

async function ask(asking: Asking, operation: Operation): Promise<string> {
  const text = await send(asking, operation);
  if (text.includes('"errors"')) throw new Error(text.slice(0, 500));
  return text;
}
