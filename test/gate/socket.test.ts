import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { revokeServiceTokens, rotateServiceToken } from '../../src/gate/service-tokens.ts';
import { useDatabase } from '../support/database.ts';
import { openSession, openSocket, type RawSocket, subscribe } from './raw-socket.ts';
import { GATE_CLOCK, startTinyApi, useTinyApi } from './tiny-api.ts';
import { abandoned } from './tiny-schema.ts';

const database = useDatabase();
const api = useTinyApi(database, {
  ASSAY_ORIGINS: 'https://app.test',
  ASSAY_LIMIT_SUBSCRIPTIONS_PER_SOCKET: '3',
  ASSAY_LIMIT_SOCKETS_PER_USER: '2',
});
const session = async (options?: Parameters<ReturnType<typeof api>['userToken']>[0]) =>
  openSession(api().url, await api().userToken(options));
/** Within which a token that was revoked is found out. */
const RECHECK_MS = 4_000;
const FOREVER = 'subscription { ticks(to: 0) { count } }';

const codesOf = (payload: unknown) =>
  (payload as { extensions: { code: string } }[]).map(({ extensions }) => extensions.code);

async function closeOf(act: (socket: RawSocket) => void, socket?: RawSocket): Promise<number> {
  const opened = socket ?? (await openSocket(api().url));
  act(opened);
  return (await opened.closed).code;
}

describe('a handshake (HANDSHAKE-1)', () => {
  it.each(['https://app.test', 'http://localhost:3000'])('is taken from a page of %s', async (origin) => {
    const socket = await openSocket(api().url, { headers: { origin } });
    socket.socket.close();
  });

  it.each(['https://evil.test', 'null', 'https://app.test.evil.test'])(
    'is refused from a page of %s',
    async (origin) => {
      await expect(openSocket(api().url, { headers: { origin } })).rejects.toMatchObject({ status: 403 });
    },
  );

  it('is refused on another path, and with the older protocol (HANDSHAKE-2)', async () => {
    await expect(openSocket(`${api().url}/other`)).rejects.toMatchObject({ status: 400 });
    await expect(openSocket(api().url, { protocols: ['graphql-ws'] })).rejects.toThrow(/subprotocol/);
  });

  it('without a protocol ends with 4406 (HANDSHAKE-2)', async () => {
    expect(await closeOf(() => undefined, await openSocket(api().url, { protocols: [] }))).toBe(4406);
  });
});

describe('connection_init (CLOSE-4403)', () => {
  const init = (payload?: unknown) => ({ type: 'connection_init', payload });

  it.each([
    ['no payload', undefined],
    ['no token', {}],
    ['a token that is no text', { authorization: { $ne: '' } }],
    ['a bad token', { authorization: 'Bearer x.y.z' }],
  ])('with %s ends with 4403, and says nothing more', async (_what, payload) => {
    const socket = await openSocket(api().url);
    socket.send(init(payload));
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Forbidden' });
    expect(socket.waiting).toEqual([]);
  });

  it('with an expired token ends with 4403', async () => {
    const token = await api().userToken({ ttlSeconds: -60 });
    expect(await closeOf(({ send }) => send(init({ authorization: `Bearer ${token}` })))).toBe(4403);
  });

  it('may come once (CLOSE-4429)', async () => {
    expect(await closeOf(({ send }) => send(init({})), await session())).toBe(4429);
  });

  it('has to come before a subscription, and soon (CLOSE-4401, CLOSE-4408)', async () => {
    expect(await closeOf(({ send }) => send(subscribe('1', FOREVER)))).toBe(4401);
    expect(await closeOf(() => undefined)).toBe(4408);
  });

  it('is answered with 1013 when the database does not answer, because a good token is not a bad one', async () => {
    const client = await database().pool.connect();
    try {
      await client.query('begin; lock table accounts in access exclusive mode');
      const socket = await openSocket(api().url);
      socket.send(init({ authorization: `Bearer ${await api().userToken()}` }));
      expect(await socket.closed).toEqual({ code: 1013, reason: 'Try again later' });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

it('sends two who share an answer the same text, each under the id of his own subscription', async () => {
  const token = await api().userToken();
  const texts = ['1', 'a "second"'].map(async (id) => {
    const socket = await openSession(api().url, token);
    socket.send(subscribe(id, 'subscription { flawed { count } }'));
    const message = await socket.next();
    expect(message).toMatchObject({ type: 'next', id });
    expect(await socket.next()).toEqual({ type: 'complete', id });
    socket.socket.close();
    return JSON.stringify(message.payload);
  });
  const [one, two] = await Promise.all(texts);
  expect(one).toContain('errorId');
  expect(two).toBe(one);
});

describe('a message that is out of order', () => {
  const deep = (levels: number) => `{"type":"ping","payload":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
  const cases: [string, unknown, number][] = [
    ['no JSON', 'CANARY', 4400],
    ['no object', '7', 4400],
    ['an unknown type', { type: 'CANARY' }, 4400],
    ['an empty id', subscribe('', FOREVER), 4400],
    ['an id of 129 characters', subscribe('x'.repeat(129), FOREVER), 4400],
    ['variables that are no object', subscribe('1', FOREVER, [1]), 4400],
    ['33 levels', deep(31), 4400],
    ['thousands of levels', deep(20_000), 4400],
    ['more than 64 KiB', subscribe('1', `# ${'x'.repeat(65_536)}`), 1009],
  ];
  it.each(cases)('ends the socket (CLOSE-4400, CLOSE-1009): %s', async (_what, message, code) => {
    const socket = await session();
    expect(await closeOf(({ send }) => send(message), socket)).toBe(code);
  });

  const masked = (opcode: number, ...payload: number[]) =>
    Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
  const frames: [string, Buffer, number][] = [
    ['an opcode that does not exist', masked(0x3), 1002],
    ['no mask', Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
    ['text that is no UTF-8', masked(0x1, 0xff, 0xfe), 1007],
  ];
  it.each(frames)('ends the socket (CLOSE-1002, CLOSE-1007): a frame with %s', async (_what, frame, code) => {
    const { socket, closed } = await session();
    (Reflect.get(socket, '_socket') as NodeJS.WritableStream).write(frame);
    expect((await closed).code).toBe(code);
  });

  it('ends the socket: megabytes of it', async () => {
    const socket = await session();
    expect(await closeOf(({ send }) => send(subscribe('1', `# ${'x'.repeat(10_000_000)}`)), socket)).toBe(1009);
  });

  it('ends the socket: an id that is in use (CLOSE-4409)', async () => {
    for (const id of ['1', '__proto__']) {
      const socket = await session();
      socket.send(subscribe(id, FOREVER));
      expect(await closeOf(({ send }) => send(subscribe(id, FOREVER)), socket)).toBe(4409);
    }
  });

  it('ends the socket: too many in a short time (LIMIT-3, CLOSE-1013)', async () => {
    const socket = await session();
    const flood = () => {
      for (let count = 0; count < 200; count += 1) socket.send({ type: 'ping' });
    };
    expect(await closeOf(flood, socket)).toBe(1013);
  });

  it('is fine as a binary frame', async () => {
    const socket = await session();
    socket.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
    expect((await socket.next()).type).toBe('pong');
    socket.socket.close();
  });

  it('is fine just within its bounds', async () => {
    const socket = await session();
    socket.send(deep(30));
    expect((await socket.next()).type).toBe('pong');
    socket.send(subscribe('x'.repeat(128), 'subscription { ticks(to: 1) { count } }'));
    expect((await socket.next()).payload).toEqual({ data: { ticks: { count: 1 } } });
    socket.socket.close();
  });
});

describe('a subscription', () => {
  it('delivers its events in order, each with a context of its own, and completes', async () => {
    const socket = await session();
    socket.send(subscribe('1', 'subscription ($to: Int!) { ticks(to: $to) { count fork } }', { to: 3 }));
    const events = [await socket.next(), await socket.next(), await socket.next()];
    const ticks = events.map(
      ({ payload }) => (payload as { data: { ticks: { count: number; fork: number } } }).data.ticks,
    );
    expect(ticks.map(({ count }) => count)).toEqual([1, 2, 3]);
    expect(new Set(ticks.map(({ fork }) => fork)).size).toBe(3);
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' });
    socket.socket.close();
  });

  const refusals: [string, string, unknown, string][] = [
    ['a syntax error', 'subscription {', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['a bomb for the parser', `{${'a'.repeat(1)}${'{a'.repeat(10_000)}`, undefined, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { tocks }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of another type',
      'subscription ($to: Int!) { ticks(to: $to) { count } }',
      { to: 'CANARY' },
      'BAD_USER_INPUT',
    ],
    [
      '1,000 aliases',
      `subscription { ticks(to: 1) { ${Array.from({ length: 1_000 }, (_, n) => `a${n}: count`).join(' ')} } }`,
      undefined,
      'GRAPHQL_PARSE_FAILED',
    ],
    [
      '16 aliases',
      `subscription { ticks(to: 1) { ${Array.from({ length: 16 }, (_, n) => `a${n}: count`).join(' ')} } }`,
      undefined,
      'QUERY_TOO_COMPLEX',
    ],
    ['a depth of 500', `subscription { ${'a { '.repeat(500)} b ${'} '.repeat(501)}`, undefined, 'GRAPHQL_PARSE_FAILED'],
    ['a query', '{ me }', undefined, 'BAD_REQUEST'],
    ['introspection', '{ __schema { types { name } } }', undefined, 'BAD_REQUEST'],
    ['a mutation', 'mutation { submit(input: { riasec: { realistic: 1, social: 1 } }) }', undefined, 'BAD_REQUEST'],
    ['a missing scope', 'subscription { readerTicks { count } }', undefined, 'FORBIDDEN'],
    ['what is not there', 'subscription { nothing { count } }', undefined, 'NOT_FOUND'],
  ];
  it.each(refusals)(
    'is refused by an error message, and the socket lives (SHARED-1, SHARED-2): %s',
    async (_what, query, variables, code) => {
      const socket = await session();
      socket.send(subscribe('1', query, variables));
      const message = await socket.next();
      expect([message.id, message.type, codesOf(message.payload)]).toEqual(['1', 'error', [code]]);
      expect(JSON.stringify(message)).not.toMatch(/CANARY|Did you mean|stack/);
      socket.send(subscribe('1', 'subscription { ticks(to: 1) { count } }'));
      expect((await socket.next()).type).toBe('next');
      socket.socket.close();
    },
  );

  it('that breaks tells nothing of the reason (SHARED-3)', async () => {
    const socket = await session();
    socket.send(subscribe('1', 'subscription { ticks(to: 3, failsAt: 2) { count } }'));
    expect((await socket.next()).type).toBe('next');
    const error = await socket.next();
    expect([error.type, codesOf(error.payload)]).toEqual(['error', ['INTERNAL_SERVER_ERROR']]);
    expect(JSON.stringify(error)).not.toMatch(/CANARY|hunter2/);
    socket.socket.close();
  });

  it('goes on after an event that cannot be shown, and tells nothing of the reason', async () => {
    const socket = await session();
    socket.send(subscribe('1', 'subscription { ticks(to: 2, failsAt: -1) { count } }'));
    const { type, payload } = await socket.next();
    expect([type, codesOf((payload as { errors: unknown }).errors)]).toEqual(['next', ['INTERNAL_SERVER_ERROR']]);
    expect(JSON.stringify(payload)).not.toMatch(/CANARY|hunter2/);
    expect((await socket.next()).payload).toEqual({ data: { ticks: { count: 2 } } });
    socket.socket.close();
  });

  it('beyond the limit is refused, until another ends (LIMIT-2)', async () => {
    const socket = await session();
    for (const id of ['1', '2', '3']) socket.send(subscribe(id, FOREVER));
    socket.send(subscribe('4', FOREVER));
    const error = await socket.next();
    expect([error.id, error.type, codesOf(error.payload)]).toEqual(['4', 'error', ['TOO_MANY_SUBSCRIPTIONS']]);
    socket.send({ id: '1', type: 'complete' });
    socket.send(subscribe('5', 'subscription { ticks(to: 1) { count } }'));
    expect(await socket.next()).toMatchObject({ id: '5', type: 'next' });
    socket.socket.close();
  });

  it('is given up at its source when the client completes it, and when the client goes', async () => {
    const socket = await session();
    socket.send(subscribe('1', 'subscription { ticks(to: -1) { count } }'));
    socket.send(subscribe('2', 'subscription { ticks(to: -2) { count } }'));
    socket.send({ id: '1', type: 'complete' });
    await vi.waitFor(() => expect(abandoned).toContain(-1), { timeout: 10_000 });
    expect(abandoned).not.toContain(-2);
    socket.socket.terminate();
    await vi.waitFor(() => expect(abandoned).toContain(-2), { timeout: 10_000 });
  });
});

describe('a socket that outlives its token', () => {
  beforeEach(() => void vi.useFakeTimers(GATE_CLOCK));
  afterEach(() => void vi.useRealTimers());

  it('is closed with 4403 when the token expires (CLOSE-4403)', async () => {
    const socket = await session({ ttlSeconds: 3 });
    socket.send(subscribe('1', FOREVER));
    vi.advanceTimersByTime(3_000);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token expired' });
  });

  const newestName = async () => {
    const { rows } = await database().pool.query<{ name: string }>(
      'select name from service_tokens order by created_at desc limit 1',
    );
    return rows[0]?.name ?? '';
  };

  it('is closed with 4403 when the token is revoked', async () => {
    const token = await api().serviceToken('jobs:read');
    const socket = await openSession(api().url, token);
    await revokeServiceTokens(api().orm.em.fork(), await newestName());
    vi.advanceTimersByTime(RECHECK_MS);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token revoked' });
  });

  it('is closed with 4403 when the overlap of a rotation is over, not before, and one with the new token stays', async () => {
    const token = await api().serviceToken('jobs:read');
    const old = await openSession(api().url, token);
    const rotated = { name: await newestName(), overlapSeconds: 3_600 };
    const fresh = await openSession(api().url, (await rotateServiceToken(api().orm.em.fork(), rotated)) ?? '');
    const lives = async (socket: RawSocket) => {
      socket.send({ type: 'ping' });
      expect(await socket.next()).toMatchObject({ type: 'pong' });
    };
    vi.advanceTimersByTime(RECHECK_MS);
    expect((await api().ask({ query: '{ me }' }, { token })).status).toBe(200);
    await lives(old);
    // As if the hour were over: it is counted by the clock of the database.
    await database().pool.query(
      'update service_tokens set revoked_at = now() where name = $1 and revoked_at is not null',
      [rotated.name],
    );
    vi.advanceTimersByTime(RECHECK_MS);
    expect(await old.closed).toEqual({ code: 4403, reason: 'Token revoked' });
    await lives(fresh);
    fresh.socket.close();
  });
});

describe('a reader who does not read', () => {
  it('is cut off at a bound of bytes, and his neighbour gets everything', async () => {
    const bounded = await startTinyApi(database().url, { ASSAY_LIMIT_BUFFERED_BYTES: '20000' });
    const open = async () => openSession(bounded.url, await bounded.userToken());
    const [stalled, neighbour] = [await open(), await open()];
    stalled.socket.pause();
    const aliases = Array.from({ length: 10 }, (_, n) => `${'x'.repeat(1_000)}${n}: count`).join(' ');
    // One message of each subscription waits: three are more than the bound, but for what the kernel takes.
    for (const to of [4_001, 4_002, 4_003]) {
      stalled.send(subscribe(String(to), `subscription { ticks(to: ${to}) { ${aliases} } }`));
    }
    neighbour.send(subscribe('1', 'subscription { ticks(to: 500) { count } }'));
    const counts: unknown[] = [];
    for (let message = await neighbour.next(); message.type === 'next'; message = await neighbour.next()) {
      counts.push((message.payload as { data: { ticks: { count: number } } }).data.ticks.count);
    }
    expect(counts).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    await vi.waitFor(() => expect(abandoned.filter((to) => to > 4_000)).not.toEqual([]), 30_000);
    stalled.socket.resume();
    // The close frame stands behind what he did not read, and does not wait for him long.
    expect([1013, 1006]).toContain((await stalled.closed).code);
    neighbour.socket.close();
    await bounded.stop();
  });
});

describe('a reader who reads nothing any more', () => {
  it('is cut off within seconds, though only one message of his waits (CLOSE-1013)', { timeout: 60_000 }, async () => {
    const socket = await session();
    const aliases = Array.from({ length: 10 }, (_, n) => `${'x'.repeat(1_000)}${n}: count`).join(' ');
    socket.socket.pause();
    socket.send(subscribe('1', `subscription { ticks(to: 5001) { ${aliases} } }`));
    await vi.waitFor(() => expect(abandoned).toContain(5_001), 30_000);
    socket.socket.resume();
    expect([1013, 1006]).toContain((await socket.closed).code);
  });
});

describe('the number of sockets', () => {
  it('is limited for each user (LIMIT-1)', async () => {
    const sub = '0198c0de-0000-7000-8000-00000000000a';
    const sockets = [await session({ sub }), await session({ sub })];
    const third = await openSocket(api().url);
    third.send({ type: 'connection_init', payload: { authorization: `Bearer ${await api().userToken({ sub })}` } });
    expect(await third.closed).toEqual({ code: 1013, reason: 'Too many sockets' });
    await session().then(({ socket }) => socket.close());
    sockets[0]!.socket.close();
    await sockets[0]!.closed;
    await session({ sub }).then(({ socket }) => socket.close());
    sockets[1]!.socket.close();
  });

  it('is limited for each address (LIMIT-1), which a proxy tells', async () => {
    const proxied = await startTinyApi(database().url, {
      ASSAY_TRUST_PROXY: '1',
      ASSAY_LIMIT_SOCKETS_PER_ADDRESS: '2',
    });
    const from = (address: string) =>
      openSocket(proxied.url, { headers: { 'x-forwarded-for': `9.9.9.9, ${address}` } });
    const held = [await from('203.0.113.7'), await from('203.0.113.7')];
    await expect(from('203.0.113.7')).rejects.toMatchObject({ status: 429 });
    held.push(await from('203.0.113.8'));
    await proxied.stop();
    expect((await held[0]!.closed).code).toBe(1001);
  });
});

describe('the official client', () => {
  it('follows a subscription to its end', async () => {
    const token = await api().userToken();
    const client = createClient({
      url: `${api().url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
    });
    const seen: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { ticks(to: 3) { count } }' })) seen.push(data);
    expect(seen).toEqual([1, 2, 3].map((count) => ({ ticks: { count } })));
    await client.dispose();
  });

  it('comes back with a new token when the old one expires', async () => {
    vi.useFakeTimers(GATE_CLOCK);
    onTestFinished(() => void vi.useRealTimers());
    const given: string[] = [];
    const client = createClient({
      url: `${api().url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryWait: async () => undefined,
      connectionParams: async () => {
        const token = await api().userToken({ ttlSeconds: given.length === 0 ? 3 : 60 });
        given.push(token);
        return { authorization: `Bearer ${token}` };
      },
    });
    const connections = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let connected = 0;
    client.on('connected', () => connections[connected++]?.resolve());
    const stop = client.subscribe(
      { query: FOREVER },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    await connections[0]!.promise;
    vi.advanceTimersByTime(3_000);
    await connections[1]!.promise;
    stop();
    await client.dispose();
  });
});

describe('the end of the server', () => {
  it('is told to every client with 1001 (CLOSE-1001)', async () => {
    const ending = await startTinyApi(database().url);
    const sockets = [await openSession(ending.url, await ending.userToken()), await openSocket(ending.url)];
    sockets[0]!.send(subscribe('1', FOREVER));
    await ending.stop();
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([
      { code: 1001, reason: 'Going away' },
      { code: 1001, reason: 'Going away' },
    ]);
  });
});
