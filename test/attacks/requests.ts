import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Chance } from './chance.ts';
import { bent, type Documents } from './documents.ts';
import { anyOf, type Ids, jsonOf, textOf } from './hostile.ts';

/** One request as it is sent. */
export interface Attack {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  /** The bytes of the whole, where HTTP itself is bent. */
  raw?: Buffer;
}

/** What came back; of what is no HTTP, nothing. */
export interface Answer {
  status: number | null;
  type: string;
  text: string;
}

/** With whose tokens it is tried. */
export type Tokens = readonly (string | undefined)[];

const HEADERS = [
  ...['content-type', 'accept', 'authorization', 'origin', 'x-request-id', 'x-forwarded-for', 'forwarded', 'cookie'],
  ...['apollo-require-preflight', 'x-apollo-operation-name', 'if-none-match', 'range', 'accept-encoding', 'te', 'via'],
  ...['content-encoding', 'upgrade', 'expect', '__proto__', 'x-http-method-override', 'content-language'],
];
const HEADER_VALUES = [
  ...[
    'application/json',
    'application/json; charset=utf-16',
    'application/graphql',
    'text/plain',
    'multipart/form-data',
    '*/*',
  ],
  ...[
    'application/graphql-response+json',
    'text/event-stream',
    'text/html',
    'gzip',
    'br',
    'identity',
    'Bearer',
    'Bearer x.y.z',
  ],
  ...[
    'null',
    'https://evil.test',
    'bytes=0-',
    '100-continue',
    'x'.repeat(9_000),
    '\u00ff\u00fe',
    'a, b;q=2',
    '',
    'DELETE',
    '127.0.0.1',
  ],
];
const PATHS = [
  '/graphql/stream',
  '/graphql/',
  '/',
  '/nothing',
  '/readyz',
  '/metrics',
  '/healthz',
  '/graphiql',
  '//graphql',
];
const METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'QUERY'];

/** Makes a request to try. */
export function attackOf(chance: Chance, parts: { documents: Documents; ids: Ids; tokens: Tokens }): Attack {
  const { documents, ids, tokens } = parts;
  const token = chance.pick(tokens);
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const post = (text: string | Buffer): Attack => ({
    method: 'POST',
    path: '/graphql',
    headers,
    body: Buffer.from(text),
  });
  const valid = () => jsonOf(documents.make(chance));
  const file = () => `/files/${encodeURI(textOf(chance, ids).toWellFormed())}?expires=${chance.below(9)}&signature=x`;
  const shared = () => `/share/${encodeURI(textOf(chance, ids).toWellFormed())}`;
  return chance.weighted<Attack>([
    [50, () => post(valid())],
    [15, () => post(bentBytes(chance, Buffer.from(valid())))],
    [8, () => post(jsonOf(shape(chance, documents, ids)))],
    [
      4,
      () => ({
        ...post(''),
        method: 'GET',
        path: queryPath(chance, documents),
        headers: { ...headers, 'apollo-require-preflight': '1' },
      }),
    ],
    [10, () => ({ ...post(valid()), headers: { ...headers, ...hostileHeaders(chance) } })],
    [4, () => withRaw(chance, post(valid()))],
    [
      3,
      () => ({
        ...post(valid()),
        path: chance.weighted([
          [3, () => chance.pick(PATHS)],
          [1, file],
          [1, shared],
        ]),
      }),
    ],
    [3, () => ({ ...post(valid()), method: chance.pick(METHODS) })],
    [3, () => ({ ...post(jsonOf(documents.make(chance, ['subscription']))), path: '/graphql/stream' })],
  ]);
}

/** A body that is JSON and hardly an operation. */
function shape(chance: Chance, documents: Documents, ids: Ids): unknown {
  const operation = documents.make(chance);
  return chance.weighted<unknown>([
    [2, () => anyOf(chance, ids)],
    [1, () => [operation, operation]],
    [1, () => ({ ...operation, query: anyOf(chance, ids) })],
    [3, () => ({ ...operation, variables: anyOf(chance, ids) })],
    [1, () => ({ ...operation, operationName: anyOf(chance, ids) })],
    [1, () => ({ ...operation, extensions: { persistedQuery: { version: 1, sha256Hash: textOf(chance, ids) } } })],
    [1, () => ({ ...operation, extensions: anyOf(chance, ids) })],
  ]);
}

function queryPath(chance: Chance, documents: Documents): string {
  const { query, variables } = documents.make(chance, ['query', 'mutation']);
  const given = new URLSearchParams({
    query: query.toWellFormed(),
    variables: jsonOf(variables).toWellFormed(),
  }).toString();
  const text = chance.happens(30) ? bent(chance, given).replace(/[^\x21-\x7e]/g, '%') : given;
  return `/graphql?${text.slice(0, 7_000)}`;
}

const hostileHeaders = (chance: Chance): Record<string, string> =>
  Object.fromEntries(chance.many(3, () => [chance.pick(HEADERS), chance.pick(HEADER_VALUES)]));

/** Some bytes changed, taken out, put in, or repeated. */
export function bentBytes(chance: Chance, bytes: Buffer): Buffer {
  let bending = bytes;
  for (let time = 1 + chance.below(4); time > 0; time -= 1) {
    const at = chance.below(bending.length);
    const end = at + chance.below(8);
    const piece = chance.weighted([
      [2, () => Buffer.from([chance.below(256)])],
      [1, () => Buffer.alloc(0)],
      [1, () => Buffer.from(chance.pick(['\r\n', '\0', '"', '{', '[', '\\u0000', '\\ud800', '1e999', '__proto__']))],
      [1, () => Buffer.concat(Array.from({ length: chance.below(50) }, () => bending.subarray(at, end)))],
    ]);
    bending = Buffer.concat([bending.subarray(0, at), piece, bending.subarray(end)]);
  }
  return bending;
}

/** The same as bytes on a connection of its own, of which the head is bent. */
function withRaw(chance: Chance, attack: Attack): Attack {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'close',
    'content-length': attack.body.length,
    ...attack.headers,
  });
  const head = Buffer.from(
    `POST /graphql HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}`,
  );
  return { ...attack, raw: Buffer.concat([bentBytes(chance, head), Buffer.from('\r\n\r\n'), attack.body]) };
}

/** How long bytes are waited for that may never come, because a bent head announced a longer body. */
const RAW_WAIT_MS = 500;

export interface Sender {
  send(attack: Attack): Promise<Answer>;
  close(): void;
}

/** Sends requests to an API over connections that are kept. */
export function createSender(url: string): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return {
    send: (attack) => (attack.raw ? sendRaw(url, attack.raw) : send(url, agent, attack)),
    close: () => agent.destroy(),
  };
}

function send(url: string, agent: Agent, { method, path, headers, body }: Attack): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent, method, path, headers: { ...headers, 'content-length': body.length } };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      const done = () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: String(Buffer.concat(chunks)),
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        // An event stream has said all that is wanted with its first event, and may last for ever.
        if (String(chunk).includes('event:')) response.destroy();
      });
      response.on('close', done);
    });
    sent.on('error', reject).end(body);
  });
}

function sendRaw(url: string, bytes: Buffer): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.setTimeout(RAW_WAIT_MS, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined);
    socket.on('close', () => resolve(answerIn(String(Buffer.concat(chunks)))));
    socket.write(bytes);
  });
}

/** The first answer in what a connection has said. */
function answerIn(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
  const [, type = ''] = /^content-type: (.*)$/im.exec(head) ?? [];
  const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
  const body = rest.join('\r\n\r\n');
  return {
    status: status === undefined ? null : Number(status),
    type,
    text: Buffer.from(body)
      .subarray(0, Number(length ?? 0))
      .toString(),
  };
}
