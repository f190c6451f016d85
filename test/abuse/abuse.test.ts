import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { openSocket, type RawSocket } from '../gate/raw-socket.ts';
import { readAllRows } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import {
  type Asker,
  CANARY,
  type HttpCase,
  type HttpRequest,
  OTHERS_JOB,
  OTHERS_RESULT,
  operation,
  type SocketCase,
} from './abuse.ts';
import { CASES } from './cases.ts';
import { ELSEWHERE } from './elsewhere.ts';

const secret = 'a secret of more than thirty-two bytes';
const database = useDatabase();
const logged: string[] = [];
let apis: { development: RunningApi; production: RunningApi };
let tokens: { user: string; service: string };
let others: { jobId: string; resultId: string };
let rows: unknown;

beforeAll(async () => {
  const log = createLog({ level: 'debug', destination: { write: (line) => void logged.push(line) } });
  const start = (env: Record<string, string> = {}) =>
    startApi({ config: loadConfig({ DATABASE_URL: database().url, JWT_SECRET: secret, PORT: '0', ...env }), log });
  const production = { ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'https://assay.test', ASSAY_SIGNING_SECRET: secret };
  apis = { development: await start(), production: await start(production) };
  const orm = await createOrm({ url: database().url, name: 'assay-test-tokens' });
  tokens = {
    user: await signUserToken({ secret, sub: randomUUID(), ttlSeconds: 600 }),
    service: await createServiceToken(orm.em.fork(), { name: 'abuser', scopes: ['sync:run'] }),
  };
  await orm.close();
  const made = await makeJob(database().pool, { status: 'COMPLETED', name: CANARY });
  others = { jobId: made.jobId, resultId: made.resultId! };
  expect(await viewer()).toBe(200); // the account is there before anything is compared
  rows = await readAllRows(database().pool);
});
afterAll(async () => {
  await apis.development.stop();
  await apis.production.stop();
});

const urlOf = ({ in: where }: { in?: 'production' }) => (where ? apis.production : apis.development).url;

const authorizationOf = (as: Asker = 'user'): string | undefined => {
  if (as === 'nobody') return undefined;
  return typeof as === 'string' ? `Bearer ${tokens[as]}` : as.authorization;
};

/** A request with the ids of what is another's. */
const withIds = (text: string) => text.replaceAll(OTHERS_JOB, others.jobId).replaceAll(OTHERS_RESULT, others.resultId);

/** Whether the user who tries all of it is still answered. */
const viewer = async () => (await send(apis.development.url, operation('{ viewer { tokenBalance } }'))).status;

function send(url: string, request: HttpRequest, as?: Asker): Promise<{ status: number; text: string }> {
  const { method = 'POST', path: target = '/graphql', headers, body = '' } = request;
  const authorization = authorizationOf(as);
  const options = {
    method,
    path: withIds(target),
    headers: { connection: 'close', ...(authorization && { authorization }), ...headers },
  };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject).end(typeof body === 'string' ? withIds(body) : body);
  });
}

/** What a refusal must not tell: what was sent, what it runs on, where that lies, and what it was about to do. */
const TELLING =
  /CANARY|did you mean|<html|<pre|stack|node_modules|\bat \S+ \(|\.[cm]?[jt]s\b|\/(src|dist|home|tmp|var|etc)\/|postgres|\bsql|(select|insert|update|delete)\s.*\b(from|into|set)\b|constraint|relation|127\.0\.0\.1|polluted/i;

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions: { code: string; errorId: string } }[];
}

function expectFormOf(errors: Answer['errors'] = []): void {
  // Of a list of errors the gate says no more than a few.
  expect(errors.length).toBeLessThanOrEqual(6);
  for (const { message, extensions } of errors) {
    expect(message).toBeTruthy();
    expect(extensions.errorId).toMatch(/^[0-9a-f-]{36}$/);
    expect(extensions.code).not.toBe('INTERNAL_SERVER_ERROR');
  }
}

async function runHttp(row: HttpCase): Promise<void> {
  const { status, text } = await send(urlOf(row), row.request, row.as);
  expect(text).not.toMatch(TELLING);
  const { data, errors } = JSON.parse(text) as Answer;
  expectFormOf(errors);
  if (row.expect.code === undefined) expect({ status, data, errors }).toEqual(row.expect);
  else expect({ status, code: errors?.[0]?.extensions.code }).toEqual(row.expect);
}

/** Introduces a socket, unless that is left out, says the one thing and takes the answer. */
async function talk({ send, next }: RawSocket, { request: { init = true, message }, as }: SocketCase) {
  if (init) {
    const authorization = authorizationOf(as);
    send({ type: 'connection_init', payload: { ...(authorization && { authorization }) } });
    if (message !== undefined) await next();
  }
  if (message !== undefined) send(withIds(typeof message === 'string' ? message : JSON.stringify(message)));
  return { answer: await next() };
}

async function runSocket(row: SocketCase): Promise<void> {
  const { protocols, headers } = row.request;
  const opening = openSocket(urlOf(row), { ...(protocols && { protocols }), ...(headers && { headers }) });
  if ('handshake' in row.expect) {
    const refusal = opening.catch(({ status = null }: { status?: number | null }) => ({ handshake: status }));
    return expect(await refusal).toEqual(row.expect);
  }
  const socket = await opening;
  const ended = socket.closed.then(({ code, reason }) => ({ close: code, reason }));
  const outcome = await Promise.race([talk(socket, row), ended]);
  socket.socket.terminate();
  await socket.closed;
  expect(JSON.stringify(outcome)).not.toMatch(TELLING);
  if ('close' in outcome) return expect({ close: outcome.close }).toEqual(row.expect);
  const { type, payload } = outcome.answer;
  expect(type).toBe('error');
  const errors = payload as Answer['errors'];
  expectFormOf(errors);
  expect({ code: errors?.[0]?.extensions.code }).toEqual(row.expect);
}

const titleOf = ({ id, what, in: where }: HttpCase | SocketCase) => `${id}, ${what}${where ? `, in ${where}` : ''}`;

describe('an attempt over HTTP', () => {
  const cases = CASES.filter((row) => row.transport === 'http').map((row) => [titleOf(row), row] as const);
  it.each(cases)('comes to nothing: %s', async (_title, row) => await runHttp(row));
});

describe('an attempt over a WebSocket', () => {
  const cases = CASES.filter((row) => row.transport === 'socket').map((row) => [titleOf(row), row] as const);
  it.each(cases)('comes to nothing: %s', async (_title, row) => await runSocket(row));
});

describe('after all of them', () => {
  it('nothing has changed: no row, no prototype, and who asks is answered', async () => {
    expect(await readAllRows(database().pool)).toEqual(rows);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await viewer()).toBe(200);
  });

  it('the log is a record of JSON a line, without control characters or tokens', () => {
    const secrets = [tokens.user, tokens.service, secret];
    for (const line of logged) {
      expect(() => JSON.parse(line)).not.toThrow();
      expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
      expect(secrets.filter((text) => line.includes(text))).toEqual([]);
    }
  });
});

describe('the table', () => {
  it('has a row for each of the fifty, and most of them are requests', () => {
    const ids = new Set([...CASES, ...ELSEWHERE].map(({ id }) => id));
    expect(ids).toEqual(new Set(Array.from({ length: 50 }, (_, n) => `T${n + 1}`)));
    expect(CASES.length).toBeGreaterThan(120);
  });

  it.each(ELSEWHERE.map((row) => [row.id, row.what, row] as const))(
    'names a test that is there: %s, %s',
    (_id, _what, { file, title, why }) => {
      expect(why).toBeTruthy();
      expect(readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8')).toContain(title);
    },
  );
});

it('every package has one exact version', () => {
  const manifest = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'));
  const { dependencies, devDependencies, optionalDependencies } = manifest as Record<string, Record<string, string>>;
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});
