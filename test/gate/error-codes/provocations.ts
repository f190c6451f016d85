import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { ErrorCode } from '../../../src/gate/errors.ts';
import { openSession, openSocket } from '../raw-socket.ts';
import { openStream } from '../stream-reader.ts';
import { type Asked, asStream, overHttp, overSocket, type Refusal } from './answers.ts';

/** What a provocation finds there. */
export interface Scene {
  url: string;
  pool: pg.Pool;
  /** Of a user who is not seen elsewhere. */
  token(): Promise<string>;
  /** The link to something that is shared. */
  share: string;
}

/** A refusal; or why there can be none, with what comes instead where that is something. */
export type Provocation =
  | ((scene: Scene) => Promise<Refusal>)
  | { never: string; close?: (scene: Scene) => Promise<number>; code?: number };

interface OfCode {
  http: Provocation;
  socket: Provocation;
  stream: Provocation;
}

/** What the gate of this file allows. */
export const LIMITS = {
  ASSAY_LIMIT_SHARED_READS_PER_MINUTE: '2',
  ASSAY_LIMIT_SOCKETS_PER_USER: '1',
  ASSAY_LIMIT_SUBSCRIPTIONS_PER_SOCKET: '2',
  ASSAY_LIMIT_LOCK_MS: '400',
};

const MINE = 'subscription { myEvents { __typename } }';
const FOLLOW = { query: 'subscription ($id: ID!) { jobEvents(jobId: $id) { seq } }', variables: { id: randomUUID() } };
const READ = { query: 'query ($id: ID!) { job(id: $id) { id } }', variables: { id: randomUUID() } };
const MANY = Array.from({ length: 16 }, (_, n) => `a${n}: __typename`).join(' ');
const LARGE = `{"query":"${'x'.repeat(2_000_000)}"}`;

const http =
  (asked: Asked): Provocation =>
  async ({ url, token }) =>
    await overHttp(url, { token: await token(), ...asked });
const stream =
  (asked: Asked): Provocation =>
  async ({ url, token }) =>
    await asStream(url, { token: await token(), ...asked });
const socket =
  (...operations: object[]): Provocation =>
  async ({ url, token }) =>
    await overSocket(url, await token(), ...operations);
const never = (why: string): Provocation => ({ never: why });

/** The same operation over each transport: a query over HTTP, and a subscription over the two others. */
const everywhere = (query: object, subscription: object): OfCode => ({
  http: http({ body: query }),
  socket: socket(subscription),
  stream: stream({ body: subscription }),
});

/** The same while something is wrong with the database. */
function amid(trouble: (scene: Scene, act: () => Promise<Refusal>) => Promise<Refusal>): OfCode {
  const within = (provocation: Provocation): Provocation => {
    if (typeof provocation !== 'function') return provocation;
    return (scene) => trouble(scene, () => provocation(scene));
  };
  const { http, socket, stream } = everywhere(READ, FOLLOW);
  return { http: within(http), socket: within(socket), stream: within(stream) };
}

/** While nobody can read the jobs. */
async function whileLocked({ pool }: Scene, act: () => Promise<Refusal>): Promise<Refusal> {
  const holder = await pool.connect();
  try {
    await holder.query('begin; lock table analysis_jobs in access exclusive mode');
    return await act();
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

/** The jobs are not where they should be. */
async function whileBroken({ pool }: Scene, act: () => Promise<Refusal>): Promise<Refusal> {
  await pool.query('alter table analysis_jobs rename to canary_hunter2');
  try {
    return await act();
  } finally {
    await pool.query('alter table canary_hunter2 rename to analysis_jobs');
  }
}

/** Whoever reads the jobs hears that the server is starting. */
const whileAway = (scene: Scene, act: () => Promise<Refusal>) =>
  whileBroken(scene, async () => {
    await scene.pool.query(AWAY);
    try {
      return await act();
    } finally {
      await scene.pool.query('drop function canary_start() cascade');
    }
  });

const AWAY = `create function canary_start() returns setof canary_hunter2 language plpgsql as $$
  begin
    raise exception 'relation canary: select' using errcode = '57P03';
  end $$;
  create view analysis_jobs as select * from canary_start();
  grant select on analysis_jobs to assay_reader`;

async function closeOf({ url }: Scene, ...messages: unknown[]): Promise<number> {
  const opened = await openSocket(url);
  for (const message of messages) opened.send(message);
  return (await opened.closed).code;
}

/** Every code of a top-level error, provoked over each transport. */
export const PROVOCATIONS: Record<ErrorCode, OfCode> = {
  UNAUTHENTICATED: {
    http: http({ token: null, body: READ }),
    socket: {
      ...{ never: 'who does not say who he is has no socket to send operations on', code: 4403 },
      close: (scene) => closeOf(scene, { type: 'connection_init' }),
    },
    stream: stream({ token: null, body: FOLLOW }),
  },
  FORBIDDEN: everywhere({ query: '{ stuckJobs { id } }' }, { query: 'subscription { allEvents { __typename } }' }),
  NOT_FOUND: {
    ...everywhere(READ, FOLLOW),
    // A query answers null: what is not there is no error. A path is.
    http: http({ method: 'GET', path: '/nowhere' }),
  },
  BAD_USER_INPUT: everywhere({ ...READ, variables: { id: {} } }, { ...FOLLOW, variables: { id: {} } }),
  BAD_REQUEST: { http: http({ body: '{' }), socket: socket(READ), stream: stream({ body: READ }) },
  METHOD_NOT_ALLOWED: {
    http: http({ method: 'PUT' }),
    socket: never('a message has no method'),
    stream: stream({ method: 'GET' }),
  },
  NOT_ACCEPTABLE: {
    http: http({ body: READ, headers: { accept: 'text/html' } }),
    socket: never('a message is JSON and nothing else'),
    stream: stream({ body: FOLLOW, headers: { accept: 'application/json' } }),
  },
  UNSUPPORTED_MEDIA_TYPE: {
    http: http({ headers: { 'content-type': 'application/xml' } }),
    socket: never('a message is JSON and nothing else'),
    stream: stream({ body: FOLLOW, headers: { 'content-type': 'text/plain' } }),
  },
  PAYLOAD_TOO_LARGE: {
    http: http({ body: LARGE }),
    socket: {
      ...{ never: 'a message that is too large closes its socket, as the protocol of WebSockets has it', code: 1009 },
      close: (scene) => closeOf(scene, LARGE),
    },
    stream: stream({ body: LARGE }),
  },
  QUERY_TOO_COMPLEX: everywhere(
    { query: `{ viewer { ${MANY} } }` },
    { query: `subscription { myEvents { ${MANY} } }` },
  ),
  GRAPHQL_PARSE_FAILED: everywhere({ query: '{' }, { query: 'subscription {' }),
  GRAPHQL_VALIDATION_FAILED: everywhere({ query: '{ nothing }' }, { query: 'subscription { nothing }' }),
  RATE_LIMITED: {
    async http({ url, share }) {
      const read = () => overHttp(url, { body: { query: `{ sharedResult(token: "${share}") { assessmentName } }` } });
      const [, , last] = [await read(), await read(), await read()];
      return last;
    },
    socket: {
      ...{ never: 'who holds as many sockets as he may is told so by the close of the next', code: 1013 },
      async close({ url, token }) {
        const authorization = `Bearer ${await token()}`;
        const { socket } = await openSession(url, authorization.slice('Bearer '.length));
        const next = await openSocket(url);
        next.send({ type: 'connection_init', payload: { authorization } });
        const { code } = await next.closed;
        socket.terminate();
        return code;
      },
    },
    async stream({ url, token }) {
      const same = await token();
      const { leave } = await openStream(url, same, { query: MINE });
      const refusal = await asStream(url, { token: same, body: { query: MINE } });
      leave();
      return refusal;
    },
  },
  TOO_MANY_SUBSCRIPTIONS: {
    http: never('a request is one operation, and none of it lasts'),
    socket: socket({ query: MINE }, { query: MINE }, { query: MINE }),
    stream: never('a stream is one subscription: who opens too many is RATE_LIMITED'),
  },
  SERVICE_UNAVAILABLE: amid(whileAway),
  TIMEOUT: amid(whileLocked),
  INTERNAL_SERVER_ERROR: amid(whileBroken),
};
