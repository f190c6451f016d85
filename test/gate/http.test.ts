import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { type Answer, codeOf, useTinyApi } from './tiny-api.ts';

const database = useDatabase();
const api = useTinyApi(database, { ASSAY_LIMIT_BODY_BYTES: '20000', ASSAY_ORIGINS: 'https://app.test' });
const production = useTinyApi(database, { ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'https://assay.test' });

const post = async (body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
  api().fetch('/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${await api().userToken()}`, 'content-type': 'application/json', ...headers },
    body: body as BodyInit,
  });

const me = JSON.stringify({ query: '{ me }' });

/** The one form: JSON, a code, an id; no HTML, no stack, no path of a file. */
function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  expect(answer.body.errors![0]!.extensions.errorId).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.text).not.toMatch(/<html|<pre|at \w+ \(|node_modules|\.js:|\.ts:|CANARY/);
}

describe('POST /graphql', () => {
  it('answers', async () => {
    const answer = await post(me);
    expect([answer.status, answer.body.data]).toEqual([200, { me: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const newForm = await post(me, { accept: 'application/graphql-response+json' });
    expect(newForm.headers.get('content-type')).toBe('application/graphql-response+json; charset=utf-8');
  });

  const refusals: [string, string | Uint8Array, Record<string, string>, number, string][] = [
    ['broken JSON', '{"query": "CANARY', {}, 400, 'BAD_REQUEST'],
    ['JSON that is no object', '"CANARY"', {}, 400, 'BAD_REQUEST'],
    ['an empty object', '{}', {}, 400, 'BAD_REQUEST'],
    ['no query', '{"variables": {"a": "CANARY"}}', {}, 400, 'BAD_REQUEST'],
    ['a query that is no text', '{"query": {"CANARY": 1}}', {}, 400, 'BAD_REQUEST'],
    ['variables that are no object', '{"query": "{ me }", "variables": "CANARY"}', {}, 400, 'BAD_REQUEST'],
    ['a batch', `[${me},${me}]`, {}, 400, 'BAD_REQUEST'],
    [
      'a persisted query',
      '{"query": "{ me }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "CANARY"}}}',
      {},
      400,
      'BAD_REQUEST',
    ],
    [
      'too large a body',
      JSON.stringify({ query: '{ me }', variables: { a: 'CANARY'.repeat(4_000) } }),
      {},
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['a bomb in gzip', gzipSync('x'.repeat(1_000_000)), { 'content-encoding': 'gzip' }, 413, 'PAYLOAD_TOO_LARGE'],
    ['what is no gzip', 'CANARY', { 'content-encoding': 'gzip' }, 400, 'BAD_REQUEST'],
    ['an unknown encoding', me, { 'content-encoding': 'CANARY' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown charset', me, { 'content-type': 'application/json; charset=CANARY' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['XML', '<CANARY/>', { 'content-type': 'application/xml' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'text, asked for by a script',
      me,
      { 'content-type': 'text/plain', 'apollo-require-preflight': '1' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['text, as any page could send it', me, { 'content-type': 'text/plain' }, 400, 'BAD_REQUEST'],
    [
      'a form, as any page could send it',
      'query=CANARY',
      { 'content-type': 'application/x-www-form-urlencoded' },
      400,
      'BAD_REQUEST',
    ],
    [
      'JSON of a hundred levels',
      `{"query": "{ me }", "variables": {"a": ${'['.repeat(100)}${']'.repeat(100)}}}`,
      {},
      400,
      'BAD_USER_INPUT',
    ],
    ['an answer wanted in a form that does not exist', me, { accept: 'application/xml' }, 406, 'NOT_ACCEPTABLE'],
  ];
  it.each(refusals)('refuses %s', async (_what, body, headers, status, code) => {
    expectRefusal(await post(body, headers), status, code);
  });

  it('refuses a bad token before anything is said of the shape', async () => {
    for (const authorization of ['Bearer CANARY', 'CANARY', 'Basic Q0FOQVJZ', `Bearer assay_${'x'.repeat(99)}`]) {
      const answer = await post('{"query": 7}', { authorization });
      expectRefusal(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });
});

describe('GET /graphql', () => {
  const get = async (search: string, headers: Record<string, string> = {}) =>
    api().fetch(`/graphql?${search}`, { headers: { authorization: `Bearer ${await api().userToken()}`, ...headers } });
  const preflight = { 'apollo-require-preflight': '1' };

  it('answers a query that says it is no page’s', async () => {
    expect((await get('query={me}', preflight)).status).toBe(200);
    const forgeable = await get('query={me}');
    expectRefusal(forgeable, 400, 'BAD_REQUEST');
    // Whole, and with what to do.
    expect(forgeable.body.errors![0]!.message).toMatch(/application\/json.* apollo-require-preflight: 1\.$/);
    expectRefusal(await get('query={me}&query={__typename}', preflight), 400, 'BAD_REQUEST');
  });

  it('does not change anything', async () => {
    const answer = await get('query=mutation{submit(input:{riasec:{realistic:1,social:1}})}', preflight);
    expectRefusal(answer, 405, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('tells nobody more than introspection', async () => {
    const headers = preflight;
    expectRefusal(await api().fetch('/graphql?query={me}', { headers }), 401, 'UNAUTHENTICATED');
    expect((await api().fetch('/graphql?query={__typename}', { headers })).status).toBe(200);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('is no %s', async (method) => {
    const answer = await api().fetch('/graphql', { method });
    expectRefusal(answer, 405, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });
});

describe('pages of other origins', () => {
  const allowOrigin = async (origin: string, gate = api()) =>
    (
      await gate.fetch('/graphql', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
    ).headers.get('access-control-allow-origin');

  it('may call when they are on the list, and local ones in development', async () => {
    expect(await allowOrigin('https://app.test')).toBe('https://app.test');
    expect(await allowOrigin('http://localhost:5173')).toBe('http://localhost:5173');
    expect(await allowOrigin('https://evil.test')).toBeNull();
    expect(await allowOrigin('http://localhost.evil.test')).toBeNull();
    expect(await allowOrigin('null')).toBeNull();
    expect(await allowOrigin('http://localhost:5173', production())).toBeNull();
    expect(await allowOrigin('https://assay.test', production())).toBe('https://assay.test');
  });
});

describe('other paths', () => {
  it('say that the process lives, and whether it is ready', async () => {
    expect((await api().fetch('/healthz')).body).toEqual({ status: 'ok' });
    expect((await api().fetch('/readyz')).body).toMatchObject({ ready: true, workers: 0 });
  });

  it('are 404 where there is nothing', async () => {
    expectRefusal(await api().fetch('/CANARY'), 404, 'NOT_FOUND');
    expectRefusal(await api().fetch('/graphql/CANARY'), 404, 'NOT_FOUND');
    expectRefusal(await api().fetch('/%E0%A4%A'), 404, 'NOT_FOUND');
    expectRefusal(await production().fetch('/graphiql'), 404, 'NOT_FOUND');
  });

  it('carry a request id: the caller’s own, unless it could harm a log', async () => {
    const idOf = async (id: string) =>
      (await api().fetch('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idOf('abc-123')).toBe('abc-123');
    expect(await idOf('a b')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idOf('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a client that is not polite', () => {
  it('gets no answer to a request that is not HTTP, and does not end the process', async () => {
    const { port, hostname } = new URL(api().url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('CANARY / HTTP/9\r\n\r\n'));
      let text = '';
      socket
        .on('data', (chunk) => (text += chunk))
        .on('end', () => resolve(text))
        .on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer).not.toContain('CANARY');
    expect((await api().fetch('/healthz')).status).toBe(200);
  });

  it('may go away while it sends', async () => {
    const request = httpRequest(`${api().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '1000' },
    });
    request.on('error', () => undefined);
    request.write('{"query": ');
    await new Promise<void>((resolve) => request.once('socket', (socket) => socket.once('connect', () => resolve())));
    request.destroy();
    expect((await post(me)).status).toBe(200);
  });
});
