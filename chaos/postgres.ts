import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { postmasterOf } from './run-folder.ts';

// Processes are killed here, never the machine: what was handed to the system is as good as on disk. But a commit that was
// answered must have been handed over, so synchronous_commit stays on, and pages can be torn, so they are written in full.
const SETTINGS = { fsync: 'off', max_connections: '200' };
const APPLICATION = 'assay-chaos';

/** PostgreSQL with the means to hurt it. What reads and hurts goes past the proxies. */
export interface Postgres {
  url: string;
  port: number;
  /** Asks over a connection of its own; waits for a server that is coming back. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Lends a connection for checks that bring their own statements. */
  withClient<Result>(act: (client: pg.ClientBase) => Promise<Result>): Promise<Result>;
  /** Ends up to `count` sessions of the fleet. @returns how many */
  endSessions(count: number): Promise<number>;
  /** Kills one session's process; the server then ends all others and starts again by itself. */
  killBackend(): Promise<number>;
  /** Kills the server; its supervisor, which lives in this process, starts a new one on the same port. */
  killServer(): number;
  /** Stops the server, and starts it again after `ms`, on its port. Resolves when it is up. */
  stayAway(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const WAIT_MS = 30_000;

/** Starts it in a folder of its own, with an empty database. */
export async function startPostgres(dataDir: string): Promise<Postgres> {
  let server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
  const { port } = new URL(server.url);
  const pool = new pg.Pool({
    connectionString: server.url,
    application_name: APPLICATION,
    max: 4,
    connectionTimeoutMillis: 2_000,
  });
  pool.on('error', () => undefined);

  async function query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    for (const deadline = Date.now() + WAIT_MS; ; ) {
      try {
        return (await pool.query<Row>(text, values)).rows;
      } catch (error) {
        if (!isOutage(error) || Date.now() > deadline) throw error;
        await delay(100);
      }
    }
  }
  const sessions = (count: number) => `
    select pid from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and application_name <> '${APPLICATION}'
    order by random() limit ${count}`;

  return {
    url: server.url,
    port: Number(port),
    query,
    async withClient(act) {
      const client = await pool.connect();
      try {
        return await act(client);
      } finally {
        client.release();
      }
    },
    endSessions: async (count) =>
      (await query(`select pg_terminate_backend(pid) from (${sessions(count)}) chosen`)).length,
    async killBackend() {
      const [chosen] = await query<{ pid: number }>(sessions(1));
      if (chosen) process.kill(chosen.pid, 'SIGKILL');
      return chosen ? 1 : 0;
    },
    killServer() {
      const pid = postmasterOf(dataDir);
      if (pid === undefined) return 0;
      process.kill(pid, 'SIGKILL');
      return 1;
    },
    async stayAway(ms) {
      await server.stop();
      await delay(ms);
      server = await startEmbeddedPostgres({ dataDir, settings: { ...SETTINGS, port } });
    },
    async stop() {
      await pool.end();
      await server.stop();
    },
  };
}

/** The way to the server is broken, as opposed to a statement that is wrong. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return !/^(?!08|57)[0-9A-Z]{5}$/.test(code);
}
