import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type AssayClient, createAssayClient, type Token } from '../../src/client/index.ts';
import { loadConfig } from '../../src/config.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { freePort } from '../support/upstream-process.ts';

/** With which the tokens of these tests are signed. */
export const SECRET = 'a secret of more than thirty-two bytes';
const log = createLog({ level: 'silent' });

/** The API in this process, on a port that it comes back to. */
export interface RestartableApi {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the API; it is stopped when the test has finished. */
export async function startRestartableApi(
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<RestartableApi> {
  const port = await freePort();
  const config = loadConfig({ DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, PORT: String(port), ...env });
  let running: RunningApi | undefined;
  const api: RestartableApi = {
    url: `http://127.0.0.1:${port}`,
    async start() {
      running = await startApi({ config, log });
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
  };
  onTestFinished(() => api.stop());
  await api.start();
  return api;
}

export const userToken = (sub: string = randomUUID(), ttlSeconds = 60): Promise<string> =>
  signUserToken({ secret: SECRET, sub, ttlSeconds });

/** A client that is closed when the test has finished. */
export function clientOf(url: string, token: Token): AssayClient {
  const client = createAssayClient({ url, token, webSocketImpl: WebSocket });
  onTestFinished(() => client.close());
  return client;
}
