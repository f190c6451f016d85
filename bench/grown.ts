import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type AssayClient, createAssayClient } from '../src/client/index.ts';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { createLifecycle, type Lifecycle } from '../src/lifecycle/lifecycle.ts';
import { migrate } from '../src/migrate.ts';
import { createOrm } from '../src/orm.ts';
import { createInstallation } from '../test/support/installation.ts';
import type { BenchDatabase } from './database.ts';
import { type Past, storeJobs } from './stored-jobs.ts';
import { PROBES } from './submits.ts';

/** An installation as it is after so many jobs: an API process and a database of its own in a server with others. */
export interface Grown extends AsyncDisposable {
  /** Jobs that were stored. */
  readonly count: number;
  /** Half of them came before it. */
  readonly middle: Date;
  /** Of the database with them. */
  readonly bytes: number;
  /** How long that took. */
  readonly seconds: number;
  /** The database's. */
  readonly name: string;
  readonly pool: pg.Pool;
  readonly lifecycle: Lifecycle;
  /** Of a service that may read everything. */
  readonly service: AssayClient;
  /** Some user who has a hundred jobs and no more, another each time as long as there are any. */
  nextReader(): Promise<User>;
  /** Likewise one who may be given more jobs. */
  nextWriter(): Promise<User>;
  startWorker(): Promise<unknown>;
}

interface User {
  id: string;
  /** Closed by whoever took it, if he followed something. */
  client: AssayClient;
}

/** An older installation has more jobs because it has more users and was there for longer. */
const JOBS_OF_A_USER = 100;
const DAYS_OF_A_JOB = 1 / (24 * 60);
const DAY_MS = 86_400_000;
const MOST_USERS = 2_000;
const TOKEN_SECONDS = 7_200;

/**
 * @param xacts the transactions by which the jobs came about; the server has them in common for all its databases
 * @param env variables for each of its processes, besides the defaults
 */
export async function startGrown(
  server: BenchDatabase,
  count: number,
  xacts: Past['xacts'],
  env: NodeJS.ProcessEnv = {},
): Promise<Grown> {
  await using started = new AsyncDisposableStack();
  const name = `assay_${count}`;
  await server.pool.query(`create database ${name}`);
  const { href: url } = Object.assign(new URL(server.url), { pathname: name });
  await migrate(url);
  const pool = new pg.Pool({ connectionString: url, application_name: 'assay-bench' });
  // It says that it has ended before its last sessions have, and then the server ends them.
  pool.on('error', () => undefined);
  started.defer(() => pool.end());
  const from = performance.now();
  await storeJobs(pool, count, {
    users: Math.ceil(count / JOBS_OF_A_USER),
    days: count * DAYS_OF_A_JOB,
    xacts,
  });
  const seconds = (performance.now() - from) / 1_000;
  const { rows: size } = await pool.query<{ bytes: number }>(
    'select pg_database_size(current_database())::float8 as bytes',
  );
  const orm = await createOrm({ url, name: 'assay-bench' });
  started.defer(() => orm.close());
  const secret = randomBytes(32).toString('hex');
  const installation = started.use(await createInstallation(url, { ...PROBES, JWT_SECRET: secret, ...env }));
  const { url: api } = await installation.startApi();
  const service = createAssayClient({ url: api, token: await installation.serviceToken('jobs:read') });
  // The ids are random, and so is this choice of them.
  const { rows } = await pool.query<{ id: string }>(
    `select user_id as id from accounts order by 1 limit ${MOST_USERS}`,
  );
  const half = Math.ceil(rows.length / 2);
  const inTurn = (users: { id: string }[]) => {
    let turn = 0;
    return async () => {
      const { id } = users[turn++ % users.length] as { id: string };
      const token = await signUserToken({ secret, sub: id, ttlSeconds: TOKEN_SECONDS });
      return { id, client: createAssayClient({ url: api, token }) };
    };
  };
  const running = started.move();
  return {
    ...{
      count,
      middle: new Date(Date.now() - (count * DAYS_OF_A_JOB * DAY_MS) / 2),
      bytes: size[0]?.bytes ?? 0,
      seconds,
      name,
      pool,
      service,
    },
    lifecycle: createLifecycle({ orm, wake: () => undefined, startingTokens: 0 }),
    nextReader: inTurn(rows.slice(0, half)),
    nextWriter: inTurn(rows.slice(half)),
    startWorker: installation.startWorker,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
