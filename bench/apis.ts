import { randomBytes } from 'node:crypto';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { startAssay } from '../test/commands/assay.ts';
import type { RunningProcess } from '../test/support/process.ts';
import { type BenchDatabase, startDatabase } from './database.ts';

/** One API process, on a port that it keeps. */
export interface ApiProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** All that the running process has written. */
  output(): string;
  /** Ends it, and starts another on its port. Resolves when that one listens. */
  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** API processes without workers, on a PostgreSQL of their own, for many sockets of many users. */
export interface Apis extends AsyncDisposable {
  readonly database: BenchDatabase;
  readonly servers: readonly ApiProcess[];
  /** A user's token, for two hours. */
  tokenOf(userId: string): Promise<string>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const TOKEN_SECONDS = 7_200;
/** It tells when a transaction was committed, which is not when it began. */
const SETTINGS = { track_commit_timestamp: 'on' };
const MANY = { ASSAY_LIMIT_SOCKETS_PER_USER: '100000', ASSAY_LIMIT_SOCKETS_PER_ADDRESS: '100000' };

/** @param env variables for each process, besides the defaults */
export async function startApis(count: number, env: NodeJS.ProcessEnv = {}): Promise<Apis> {
  await using started = new AsyncDisposableStack();
  const database = started.use(await startDatabase(SETTINGS));
  const secret = randomBytes(32).toString('hex');
  const options = {
    cwd: database.dataDir,
    env: { DATABASE_URL: database.url, JWT_SECRET: secret, ...MANY, ...env },
  };
  const launch = (port: number) => startAssay(['api'], { ...options, env: { ...options.env, PORT: String(port) } });
  const servers = await Promise.all(Array.from({ length: count }, () => startApi(launch, started)));
  const running = started.move();
  return {
    database,
    servers,
    tokenOf: (sub) => signUserToken({ secret, sub, ttlSeconds: TOKEN_SECONDS }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startApi(launch: (port: number) => RunningProcess, started: AsyncDisposableStack): Promise<ApiProcess> {
  let api = launch(0);
  const ready = async () => (await api.waitForOutput(/http:\/\/[\d.]+:\d+/, START_LIMIT_MS))[0];
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    api.kill(signal);
    await api.waitForEnd(STOP_LIMIT_MS);
  };
  started.defer(() => end('SIGTERM'));
  const url = await ready();
  const port = Number(new URL(url).port);
  return {
    url,
    port,
    get pid() {
      return api.pid;
    },
    output: () => api.output(),
    async restart(signal) {
      await end(signal);
      api = launch(port);
      await ready();
    },
  };
}
