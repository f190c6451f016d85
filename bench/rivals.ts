import type { ChildProcess } from 'node:child_process';
import pg from 'pg';
import type { BenchDatabase } from './database.ts';
import { userIdInSql } from './numbered-users.ts';
import { startRivalProcess } from './rival-process.ts';

/** An Apollo Server with a queue, and what it needs: its processes are in `rivals/`. */
export interface Rival {
  url: string;
  /** Of the API. */
  pid: number;
  pool: pg.Pool;
  /** Tasks that one worker runs at once. */
  startWorker(concurrency: number): Promise<ChildProcess>;
}

export interface RivalParts {
  /** The server on which it gets a database of its own. */
  database: BenchDatabase;
  /** Signs the users' tokens. */
  secret: string;
  /** Users 0 to `count` have an account. */
  count: number;
  /** Variables for its processes. */
  env?: Record<string, string>;
}

const BALANCE = 1_000_000;

/** @param name of its files, and of its database */
export async function startRival(
  name: 'pg-boss' | 'bullmq',
  { database, secret, count, env }: RivalParts,
  closing: AsyncDisposableStack,
): Promise<Rival> {
  const { url: databaseUrl, pool } = await createDatabase(database, `rival_${name.replace('-', '_')}`, closing);
  const variables = { ...env, DATABASE_URL: databaseUrl, JWT_SECRET: secret };
  const [api, port] = await startRivalProcess(`${name}-api`, variables, closing);
  await pool.query(
    `insert into accounts (user_id, balance) select (${userIdInSql('n')})::uuid, ${BALANCE}
     from generate_series(0, $1::int) n`,
    [count],
  );
  return {
    url: `http://127.0.0.1:${port}`,
    pid: api.pid ?? 0,
    pool,
    async startWorker(concurrency) {
      const [child] = await startRivalProcess(
        `${name}-worker`,
        { ...variables, CONCURRENCY: String(concurrency) },
        closing,
      );
      return child;
    },
  };
}

/** A further database on the server, and connections to it. */
export async function createDatabase(
  { url: server, pool: serverPool }: BenchDatabase,
  name: string,
  closing: AsyncDisposableStack,
): Promise<{ url: string; pool: pg.Pool }> {
  await serverPool.query(`create database ${name}`);
  const { href: url } = Object.assign(new URL(server), { pathname: name });
  const pool = new pg.Pool({ connectionString: url, application_name: 'assay-bench' });
  // It says that it has ended before its last sessions have, and then the server ends them.
  pool.on('error', () => undefined);
  closing.defer(() => pool.end());
  return { url, pool };
}
