import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import type { ContextOf } from '../context.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createApollo } from './apollo.ts';
import { createAuthenticator } from './authentication.ts';
import { createDrain } from './drain.ts';
import { createErrorFormat } from './error-format.ts';
import { ERRORS } from './errors.ts';
import { createEventStreams } from './event-stream.ts';
import { createHttp } from './http.ts';
import { createOriginCheck } from './origins.ts';
import { Places } from './places.ts';
import { createPreparation } from './preparation.ts';
import type { Readiness } from './readiness.ts';
import type { Shares } from './shares.ts';
import { type Sockets, serveSockets } from './socket.ts';
import { answerUnread } from './unread-request.ts';

const HEADERS_TIMEOUT_MS = 10_000;
/** The longest request is an upload; JSON has a deadline of its own. */
const REQUEST_TIMEOUT_MS = 600_000;
/** Longer than a client pauses that is at work; what is idle for longer hardly sends just then. */
const DRAIN_SPELL_MS = 1_000;
const DRAIN_LIMIT_MS = 10_000;

export interface GateParts {
  config: Config;
  log: Log;
  metrics: Metrics;
  orm: MikroORM;
  schema: GraphQLSchema;
  contextOf: ContextOf;
  readiness: () => Promise<Readiness>;
  /** Answers below `/files`. */
  files: RequestHandler;
  /** What is open to those without a token. */
  shares: Shares;
  /** Answers `/`. */
  dashboard: RequestHandler;
}

export interface OpenGate {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Takes no new connection, tells the sockets 1001, ends the event streams, and answers every request that has come. */
  stop(): Promise<void>;
}

/**
 * Opens both transports over one schema on one HTTP server, and listens.
 * @throws when the port is taken
 */
export async function openGate(parts: GateParts): Promise<OpenGate> {
  const { config, log, metrics, orm, schema, contextOf, readiness, files, shares, dashboard } = parts;
  const preparation = createPreparation(schema, config);
  const formatFor = (transport: string) => {
    for (const code of Object.keys(ERRORS)) metrics.errors.inc({ transport, code }, 0);
    return createErrorFormat(log, (code) => metrics.errors.inc({ transport, code }));
  };
  const formatError = formatFor('http');
  const authenticate = createAuthenticator({ config, orm });
  const isAllowedOrigin = createOriginCheck(config);
  const places = new Places(config);
  const shared = { config, log, metrics, schema, preparation, authenticate, contextOf, isAllowedOrigin, places };

  await using opened = new AsyncDisposableStack();
  const apollo = createApollo({ schema, config, preparation, formatError, log });
  await apollo.start();
  opened.defer(() => apollo.stop());
  const streams = createEventStreams({ ...shared, formatError: formatFor('stream') });
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  answerUnread(server, formatError);
  const drain = createDrain(server, { spellMs: DRAIN_SPELL_MS, limitMs: DRAIN_LIMIT_MS });
  const stillReady = async () => {
    const state = await readiness();
    return { ...state, ready: state.ready && !drain.hasBegun };
  };
  server.on(
    'request',
    createHttp({
      ...{ ...shared, apollo, formatError, readiness: stillReady, files, shares, dashboard },
      eventStream: streams.handler,
    }),
  );
  await listen(server, config);
  let sockets: Sockets | undefined;
  // Side by side: what is open keeps its server from closing.
  opened.defer(async () => {
    await drain.begin();
    streams.stop();
    await Promise.all([drain.end(), sockets?.stop()]);
  });
  sockets = serveSockets({ ...shared, formatError: formatFor('socket'), server });

  const open = opened.move();
  return { url: urlOf(server, config), stop: () => open.disposeAsync() };
}

async function listen(server: Server, { host, port }: Config): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

function urlOf(server: Server, { host, port, publicUrl }: Config): string {
  if (port !== 0) return publicUrl;
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}
