import { request } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { revokeServiceTokens } from '../../src/gate/service-tokens.ts';
import { useDatabase } from '../support/database.ts';
import { openSession } from './raw-socket.ts';
import { openStream, type StreamEvent } from './stream-reader.ts';
import { GATE_CLOCK, startTinyApi, type TinyApi, useTinyApi } from './tiny-api.ts';
import { abandoned, reached } from './tiny-schema.ts';

const database = useDatabase();
const api = useTinyApi(database, { ASSAY_LIMIT_SOCKETS_PER_USER: '2', ASSAY_LIMIT_BODY_BYTES: '20000' });

const FOREVER = { query: 'subscription { ticks(to: 0) { count } }' };
const ONE = { query: 'subscription { ticks(to: 1) { count } }' };
/** Within which a token that was revoked is found out. */
const RECHECK_MS = 4_000;
const COMPLETE = { event: 'complete', data: null };
const follow = async (body: unknown, options?: Parameters<TinyApi['userToken']>[0]) =>
  openStream(api().url, await api().userToken(options), body);
const codesOf = (event: StreamEvent | null) =>
  ((event?.data ?? {}) as { errors?: { extensions: { code: string } }[] }).errors?.map(
    ({ extensions }) => extensions.code,
  );

describe('a stream', () => {
  it('delivers its events in order, each with a context of its own, and completes', async () => {
    const query = 'subscription ($to: Int!) { ticks(to: $to) { count fork } }';
    const { response, next } = await follow({ query, variables: { to: 3 } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    const ticks = [await next(), await next(), await next()].map(
      (event) => (event!.data as { data: { ticks: { count: number; fork: number } } }).data.ticks,
    );
    expect(ticks.map(({ count }) => count)).toEqual([1, 2, 3]);
    expect(new Set(ticks.map(({ fork }) => fork)).size).toBe(3);
    expect([await next(), await next()]).toEqual([COMPLETE, null]);
  });

  it('is what the client of graphql-sse reads', async () => {
    const token = await api().userToken();
    const client = createClient({
      url: `${api().url}/graphql/stream`,
      headers: () => ({ authorization: `Bearer ${token}` }),
    });
    const seen: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { ticks(to: 3) { count } }' })) seen.push(data);
    expect(seen).toEqual([1, 2, 3].map((count) => ({ ticks: { count } })));
  });

  it('has the text of another one with the same answer', async () => {
    const token = await api().userToken();
    const streams = [0, 1].map(async () => {
      const { next } = await openStream(api().url, token, { query: 'subscription { flawed { count } }' });
      return JSON.stringify(await next());
    });
    const [one, two] = await Promise.all(streams);
    expect(one).toContain('errorId');
    expect(two).toBe(one);
  });

  const refusals: [string, string, unknown, string][] = [
    ['a syntax error', 'subscription {', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['too many tokens', `{${'a '.repeat(1_001)}}`, undefined, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { tocks }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'too many aliases',
      `subscription { ticks(to: 1) { ${Array.from({ length: 16 }, (_, n) => `a${n}: count`).join(' ')} } }`,
      undefined,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'a variable of another type',
      'subscription ($to: Int!) { ticks(to: $to) { count } }',
      { to: 'CANARY' },
      'BAD_USER_INPUT',
    ],
    ['a query', '{ me }', undefined, 'BAD_REQUEST'],
    ['introspection', '{ __schema { types { name } } }', undefined, 'BAD_REQUEST'],
    ['a mutation', 'mutation { submit(input: { riasec: { realistic: 1, social: 1 } }) }', undefined, 'BAD_REQUEST'],
    ['a missing scope', 'subscription { readerTicks { count } }', undefined, 'FORBIDDEN'],
    ['what is not there', 'subscription { nothing { count } }', undefined, 'NOT_FOUND'],
    ['what breaks at once', 'subscription { ticks(to: 3, failsAt: 1) { count } }', undefined, 'INTERNAL_SERVER_ERROR'],
  ];
  it.each(refusals)('is refused by an error and completed (STREAM-2): %s', async (_what, query, variables, code) => {
    const { response, next } = await follow({ query, variables });
    const event = await next();
    expect([response.status, event?.event, codesOf(event)]).toEqual([200, 'next', [code]]);
    expect(JSON.stringify(event)).not.toMatch(/CANARY|hunter2|Did you mean|stack/);
    expect([await next(), await next()]).toEqual([COMPLETE, null]);
  });

  it('goes on after an event that cannot be shown, and tells nothing of the reason', async () => {
    const { next } = await follow({ query: 'subscription { ticks(to: 2, failsAt: -1) { count } }' });
    const event = await next();
    expect(codesOf(event)).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(JSON.stringify(event)).not.toMatch(/CANARY|hunter2/);
    expect((await next())?.data).toEqual({ data: { ticks: { count: 2 } } });
  });

  it('is given up at its source when the reader goes', async () => {
    const { leave } = await follow({ query: 'subscription { ticks(to: -11) { count } }' });
    await vi.waitFor(() => expect(reached.has(-11)).toBe(true), { timeout: 10_000 });
    expect(abandoned).not.toContain(-11);
    leave();
    await vi.waitFor(() => expect(abandoned).toContain(-11), { timeout: 10_000 });
  });
});

describe('a request is refused by its status (STREAM-3)', () => {
  const cases: [string, unknown, RequestInit, number, string][] = [
    ['GET', undefined, { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['PUT', ONE, { method: 'PUT' }, 405, 'METHOD_NOT_ALLOWED'],
    ['a form', 'query=x', { headers: { 'content-type': 'text/plain' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['another answer', ONE, { headers: { accept: 'application/json' } }, 406, 'NOT_ACCEPTABLE'],
    ['a bad token', ONE, { headers: { authorization: 'Bearer x.y.z' } }, 401, 'UNAUTHENTICATED'],
    ['no scheme', ONE, { headers: { authorization: 'CANARY' } }, 401, 'UNAUTHENTICATED'],
    ['broken JSON', '{"query": "CANARY', {}, 400, 'BAD_REQUEST'],
    ['a batch', [ONE], {}, 400, 'BAD_REQUEST'],
    ['no query', { variables: {} }, {}, 400, 'BAD_REQUEST'],
    ['a query that is no text', { query: { CANARY: 1 } }, {}, 400, 'BAD_REQUEST'],
    ['variables that are no object', { ...ONE, variables: ['CANARY'] }, {}, 400, 'BAD_REQUEST'],
    ['an operation name that is no text', { ...ONE, operationName: 1 }, {}, 400, 'BAD_REQUEST'],
    ['too large a body', { ...ONE, variables: { a: 'CANARY'.repeat(4_000) } }, {}, 413, 'PAYLOAD_TOO_LARGE'],
    ['thousands of levels', `{"a": ${'['.repeat(5_000)}${']'.repeat(5_000)}}`, {}, 400, 'BAD_USER_INPUT'],
  ];
  it.each(cases)('%s', async (_what, body, init, status, code) => {
    const { response } = await openStream(
      api().url,
      await api().userToken(),
      body,
      init.method === 'GET' ? { ...init, body: null } : init,
    );
    const text = await response.text();
    expect([response.status, JSON.parse(text).errors[0].extensions.code]).toEqual([status, code]);
    expect(text).not.toMatch(/CANARY|<html|node_modules/);
  });

  it('no token, even for what is open to all', async () => {
    const { response } = await openStream(api().url, null, { query: '{ __typename }' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it('an expired token', async () => {
    const { response } = await follow(ONE, { ttlSeconds: -60 });
    expect(response.status).toBe(401);
  });
});

describe('a stream that outlives its token ends without a goodbye (STREAM-4)', () => {
  beforeEach(() => void vi.useFakeTimers(GATE_CLOCK));
  afterEach(() => void vi.useRealTimers());

  it('when the token expires', async () => {
    const { next } = await follow(FOREVER, { ttlSeconds: 3 });
    vi.advanceTimersByTime(3_000);
    expect(await next()).toBeNull();
  });

  it('when the token is revoked', async () => {
    const token = await api().serviceToken('jobs:read');
    const { next } = await openStream(api().url, token, FOREVER);
    const { rows } = await database().pool.query<{ name: string }>(
      'select name from service_tokens order by created_at desc limit 1',
    );
    await revokeServiceTokens(api().orm.em.fork(), rows[0]!.name);
    vi.advanceTimersByTime(RECHECK_MS);
    expect(await next()).toBeNull();
  });
});

describe('the number of connections', () => {
  it('is limited for each user, sockets and streams together (STREAM-6)', async () => {
    const token = await api().userToken();
    const stream = await openStream(api().url, token, FOREVER);
    const session = await openSession(api().url, token);
    const { response } = await openStream(api().url, token, ONE);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    stream.leave();
    await vi.waitFor(
      async () => {
        const again = await openStream(api().url, token, ONE);
        expect(again.response.status).toBe(200);
        expect((await again.next())?.event).toBe('next');
      },
      { timeout: 10_000 },
    );
    session.socket.close();
  });

  it('is limited for each address, which a proxy tells', async () => {
    const proxied = await startTinyApi(database().url, {
      ASSAY_TRUST_PROXY: '1',
      ASSAY_LIMIT_SOCKETS_PER_ADDRESS: '1',
    });
    const from = async (address: string) =>
      openStream(proxied.url, await proxied.userToken(), FOREVER, { headers: { 'x-forwarded-for': address } });
    const held = await from('203.0.113.7');
    expect([held.response.status, (await from('203.0.113.7')).response.status]).toEqual([200, 429]);
    expect((await from('203.0.113.8')).response.status).toBe(200);
    await proxied.stop();
    expect(await held.next()).toBeNull();
  });
});

it('a reader who does not read is cut off (STREAM-7), and until then nothing gathers for him', async () => {
  const EVENTS = 1_000_003;
  const aliases = Array.from({ length: 10 }, (_, n) => `${'x'.repeat(1_000)}${n}: count`).join(' ');
  const query = `subscription { ticks(to: ${EVENTS}) { ${aliases} } }`;
  const asked = request(`${api().url}/graphql/stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api().userToken()}`, 'content-type': 'application/json' },
  });
  // The answer's head is read, and then no more.
  asked.on('response', (response) => response.pause()).on('error', () => undefined);
  asked.end(JSON.stringify({ query }));
  await vi.waitFor(() => expect(abandoned).toContain(EVENTS), { timeout: 40_000 });
  // 10 kB each: what the kernel held for him, and no more.
  expect(reached.get(EVENTS)! * 10_000).toBeLessThan(32_000_000);
  asked.destroy();
  const neighbour = await follow(ONE);
  expect((await neighbour.next())?.event).toBe('next');
});

describe('the end of the server', () => {
  it('ends every stream without a goodbye (STREAM-5), and waits for nobody', async () => {
    const ending = await startTinyApi(database().url);
    const streams = [
      await openStream(ending.url, await ending.userToken(), FOREVER),
      await openStream(ending.url, await ending.userToken(), FOREVER),
    ];
    const began = Date.now();
    await ending.stop();
    // For one who would have to be waited for, it would take the 10 of a drain.
    expect(Date.now() - began).toBeLessThan(8_000);
    expect(await Promise.all(streams.map(({ next }) => next()))).toEqual([null, null]);
  });
});
