import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { RequestHandler } from 'express';
import { afterAll, beforeAll, type vi } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Context } from '../../src/context.ts';
import { type OpenGate, openGate } from '../../src/gate/gate.ts';
import type { Readiness } from '../../src/gate/readiness.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { createOrm } from '../../src/orm.ts';
import { tinySchema } from './tiny-schema.ts';

export const SECRET = 'a secret of more than thirty-two bytes';

/** What came back over HTTP. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: { data?: Record<string, unknown> | null; errors?: ErrorBody[] };
}

export interface ErrorBody {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; errorId: string; retryable: boolean; retryAfterMs?: number; details?: unknown };
}

/** The gate over the tiny schema, on a real database. */
export interface TinyApi {
  url: string;
  config: Config;
  orm: MikroORM;
  metrics: Metrics;
  /** Lines of its log. */
  logged: string[];
  userToken(options?: { sub?: string; tier?: string; ttlSeconds?: number }): Promise<string>;
  serviceToken(...scopes: string[]): Promise<string>;
  /** POSTs an operation as JSON; `token` makes it somebody's. */
  ask(
    operation: { query: string; variables?: unknown; operationName?: string },
    options?: { token?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  fetch(path: string, init?: RequestInit): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts the gate for the tests of a file; `env` are variables of the configuration. */
export function useTinyApi(database: () => { url: string }, env: Record<string, string> = {}): () => TinyApi {
  let api: TinyApi | undefined;
  beforeAll(async () => {
    api = await startTinyApi(database().url, env);
  });
  afterAll(async () => {
    await api?.stop();
  });
  return () => api!;
}

/**
 * For `vi.useFakeTimers`: the gate is in this process, so that its clock goes as the tests say, while what is sent and heard
 * goes its own way.
 */
export const GATE_CLOCK: Parameters<typeof vi.useFakeTimers>[0] = {
  toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
};

const nothing: RequestHandler = (_request, _response, next) => next();

/** What is behind the gate, beside the schema. */
interface Behind {
  dashboard?: RequestHandler;
  readiness?: () => Promise<Readiness>;
}

/** That of a process in which nothing is wrong. */
export const READY: Readiness = { ready: true, database: true, migrations: true, feed: true, workers: 0 };

/** More than a busy machine takes for a statement that waits for nothing. */
const PATIENCE_MS = 5_000;

export async function startTinyApi(
  databaseUrl: string,
  env: Record<string, string> = {},
  { dashboard = nothing, readiness = async () => READY }: Behind = {},
): Promise<TinyApi> {
  const config = loadConfig({ DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, PORT: '0', ...env });
  const logged: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => void logged.push(line) } });
  const orm = await createOrm({
    ...{ url: databaseUrl, name: 'assay-gate', statementMs: PATIENCE_MS, lockMs: PATIENCE_MS },
    // That the database ends a statement is heard, however late it does.
    answerMs: 10 * PATIENCE_MS,
  });
  const metrics = createMetrics();
  const contextOf = (viewer: Context['viewer']) => ({ viewer, em: orm.em.fork() }) as Context;
  const gate: OpenGate = await openGate({
    ...{ config, log, orm, contextOf, readiness, metrics },
    schema: tinySchema(),
    files: nothing,
    dashboard,
    shares: { urlOf: () => '', find: async () => null },
  });

  const api: TinyApi = {
    url: gate.url,
    ...{ config, orm, metrics, logged },
    userToken: ({ sub = randomUUID(), ttlSeconds = 60, ...claims } = {}) =>
      signUserToken({ secret: SECRET, sub, ttlSeconds, ...claims }),
    serviceToken: (...scopes) => createServiceToken(orm.em.fork(), { name: `s-${randomUUID()}`, scopes }),
    ask: ({ query, variables, operationName }, { token, headers = {} } = {}) =>
      api.fetch('/graphql', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables, operationName }),
      }),
    async fetch(path, init) {
      const response = await fetch(gate.url + path, init);
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
    },
    async stop() {
      await gate.stop();
      await orm.close();
    },
  };
  return api;
}

/** The code of the first error. */
export const codeOf = ({ body }: Answer): string | undefined => body.errors?.[0]?.extensions.code;
