import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { migrate } from '../../src/migrate.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { rawRequest } from '../support/file-api.ts';
import { startThrowAwayServer } from '../support/throw-away-server.ts';
import { openSession, subscribe } from './raw-socket.ts';

const SECRET = 'a secret of thirty-two bytes or more';
const LIMIT = 3;
const LIMITS = {
  ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: String(LIMIT),
  ASSAY_LIMIT_SHARED_READS_PER_MINUTE: String(LIMIT),
};

const database = useDatabase();

const start = (url: string, env: Record<string, string> = {}) => {
  const config = loadConfig({ DATABASE_URL: url, JWT_SECRET: SECRET, PORT: '0', ...LIMITS, ...env });
  return startApi({ config, log: createLog({ level: 'silent' }) });
};

/** APIs on the database of this file, which stop when the block ends. */
async function startApis(...envs: Record<string, string>[]): Promise<AsyncDisposable & { apis: RunningApi[] }> {
  const apis = await Promise.all(envs.map((env) => start(database().url, env)));
  return { apis, [Symbol.asyncDispose]: async () => void (await Promise.all(apis.map((api) => api.stop()))) };
}

const tokenOf = (sub: string) =>
  signUserToken({ secret: SECRET, sub, ttlSeconds: 60 + Math.floor(Math.random() * 60) });

interface Asked {
  token?: string;
  headers?: Record<string, string>;
}

/** One operation on a connection of its own. */
async function ask({ url }: Pick<RunningApi, 'url'>, query: string, { token, headers = {} }: Asked = {}) {
  const body = Buffer.from(JSON.stringify({ query }));
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const sent = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...authorization,
    ...headers,
  };
  const answer = await rawRequest(`${url}/graphql`, { method: 'POST', headers: sent, body });
  const { data, errors = [] } = JSON.parse(answer.body.toString()) as {
    data?: Record<string, { userErrors?: { code: string }[]; result?: { shareUrl: string } } | null>;
    errors?: { extensions: { code: string; retryAfterMs?: number } }[];
  };
  return {
    ...{ status: answer.status, retryAfter: answer.headers['retry-after'], data },
    codes: errors.map(({ extensions }) => extensions.code),
    retryAfterMs: errors[0]?.extensions.retryAfterMs,
    userCodes: Object.values(data ?? {})
      .flatMap((payload) => payload?.userErrors ?? [])
      .map(({ code }) => code),
  };
}

const CANCEL = 'cancelJob(input: { id: "no-uuid" }) { userErrors { code } }';
const cancel = (api: RunningApi, options: Asked) => ask(api, `mutation { ${CANCEL} }`, options);

async function useUp(api: RunningApi, token: string): Promise<void> {
  for (let asked = 0; asked < LIMIT; asked += 1) {
    expect(await cancel(api, { token })).toMatchObject({
      status: 200,
      userCodes: ['NOT_FOUND'],
      retryAfter: undefined,
    });
  }
}

const isSeconds = (text: string | undefined) =>
  text !== undefined && /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 60;
const aWait = expect.toSatisfy(isSeconds);

describe('a user who has used up his minute', () => {
  it('is told so in the payload, and in a header when to come back', async () => {
    await using started = await startApis({});
    const [api] = started.apis;
    const token = await tokenOf(randomUUID());
    await useUp(api!, token);
    expect(await cancel(api!, { token })).toMatchObject({
      ...{ status: 200, userCodes: ['RATE_LIMITED'], codes: [], retryAfter: aWait },
    });
    expect(await ask(api!, '{ viewer { id } }', { token })).toMatchObject({
      status: 200,
      retryAfter: undefined,
      codes: [],
    });
  });

  it('has used it up whatever address he claims, token he shows, connection he opens or process he asks', async () => {
    await using started = await startApis({}, { ASSAY_TRUST_PROXY: '1' });
    const [api, other] = started.apis;
    const sub = randomUUID();
    await useUp(api!, await tokenOf(sub));
    for (const address of ['203.0.113.7', '2001:db8::1', 'nonsense']) {
      const headers = { 'x-forwarded-for': address, forwarded: `for=${address}`, 'x-real-ip': address };
      for (const one of [api!, other!]) {
        expect(await cancel(one, { token: await tokenOf(sub), headers })).toMatchObject({
          userCodes: ['RATE_LIMITED'],
        });
      }
    }
  });

  it('cannot send more by way of a socket, which takes no mutations', async () => {
    await using started = await startApis({});
    const [api] = started.apis;
    const sub = randomUUID();
    await useUp(api!, await tokenOf(sub));
    for (let opened = 0; opened < 2; opened += 1) {
      const socket = await openSession(api!.url, await tokenOf(sub));
      socket.send(subscribe('1', `mutation { ${CANCEL} }`));
      expect(await socket.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
      socket.socket.close();
      await socket.closed;
    }
    expect(await cancel(api!, { token: await tokenOf(sub) })).toMatchObject({ userCodes: ['RATE_LIMITED'] });
  });
});

describe('what is shared', () => {
  const SHARE = 'shareResult(input: { id: "ID" }) { result { shareUrl } userErrors { code } }';
  async function makeShared(api: RunningApi): Promise<string> {
    const { resultId, userId } = await makeJob(database().pool, { status: 'COMPLETED' });
    const { data } = await ask(api, `mutation { ${SHARE.replace('ID', String(resultId))} }`, {
      token: await tokenOf(userId),
    });
    return data?.shareResult?.result?.shareUrl.split('/').at(-1) ?? '';
  }
  const open = (token: string) => `sharedResult(token: "${token}") { assessmentName }`;
  const proxied = (address: string) => ({ 'x-forwarded-for': address });

  it('is shown to one address so often in a minute, by the query and by its page together', async () => {
    await using started = await startApis({ ASSAY_TRUST_PROXY: '1' });
    const [api] = started.apis;
    const shared = await makeShared(api!);
    const headers = proxied('198.51.100.1');
    const page = () => rawRequest(`${api!.url}/share/${shared}`, { headers });
    expect(await ask(api!, `{ a: ${open(shared)} b: ${open(shared)} }`, { headers })).toMatchObject({
      status: 200,
      codes: [],
    });
    expect((await page()).status).toBe(200);
    const refused = await ask(api!, `{ ${open(shared)} }`, { headers });
    expect(refused).toMatchObject({ status: 429, codes: ['RATE_LIMITED'], retryAfter: aWait });
    expect(refused.retryAfter).toBe(String(Math.ceil(refused.retryAfterMs! / 1_000)));
    const refusedPage = await page();
    expect([refusedPage.status, isSeconds(refusedPage.headers['retry-after'])]).toEqual([429, true]);
    expect((await rawRequest(`${api!.url}/share/${shared}`, { headers: proxied('198.51.100.2') })).status).toBe(200);
  });

  it('is shown to one network of IPv6 as to one address', async () => {
    await using started = await startApis({ ASSAY_TRUST_PROXY: '1' });
    const [api] = started.apis;
    const shared = await makeShared(api!);
    const statuses = [];
    for (const address of [
      '2001:db8:0:1::1',
      '2001:db8:0:1::2',
      '2001:db8:0:1:9::3',
      '2001:db8:0:1::4',
      '2001:db8:0:2::1',
    ]) {
      statuses.push((await ask(api!, `{ ${open(shared)} }`, { headers: proxied(address) })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 200]);
  });

  it('is not shown more often to who makes up where he comes from', async () => {
    await using started = await startApis({});
    const [api] = started.apis;
    const shared = await makeShared(api!);
    const statuses = [];
    for (const address of ['198.51.100.11', '198.51.100.12', '198.51.100.13', '198.51.100.14']) {
      statuses.push((await ask(api!, `{ ${open(shared)} }`, { headers: proxied(address) })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
    // Who says who he is is counted by that.
    const token = await tokenOf(randomUUID());
    expect(await ask(api!, `{ ${open(shared)} }`, { token })).toMatchObject({ status: 200, codes: [] });
  });
});

it('while the database is away nobody is let past the count, and nobody hangs', async () => {
  const server = await startThrowAwayServer();
  try {
    await migrate(server.url);
    const api = await start(server.url);
    const token = await tokenOf(randomUUID());
    expect(await cancel(api, { token })).toMatchObject({ userCodes: ['NOT_FOUND'] });
    await server.stop();
    expect(await cancel(api, { token })).toMatchObject({
      status: 503,
      codes: ['SERVICE_UNAVAILABLE'],
      retryAfter: '1',
    });
    await api.stop();
  } finally {
    await server.stop();
  }
});
