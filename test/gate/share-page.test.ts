import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { rawRequest, useFileApi } from '../support/file-api.ts';
import { useStorage } from '../support/files.ts';
import { post } from '../support/installation.ts';
import { openSession, openSocket, subscribe } from './raw-socket.ts';
import { openStream } from './stream-reader.ts';

const database = useDatabase();
const api = useFileApi(database, useStorage());

const SECRETS = { testData: `given-${randomUUID()}`, rawResponses: `answered-${randomUUID()}` };
const SHARE = 'mutation ($id: ID!) { shareResult(input: { id: $id }) { result { shareUrl } userErrors { code } } }';
const UNSHARE = 'mutation ($id: ID!) { unshareResult(input: { id: $id }) { result { isPublic } } }';
const OPEN = 'query ($token: String!) { sharedResult(token: $token) { assessmentName testResult createdAt } }';

async function makeShared() {
  const { pool } = database();
  const made = await makeJob(pool, {
    status: 'COMPLETED',
    name: '<script>alert("name")</script>',
    testData: { given: SECRETS.testData },
    testResult: { archetype: 'The Tinkerer', note: '<script>alert("answer")</script>' },
  });
  await pool.query('update analysis_results set raw_responses = $2 where job_id = $1', [
    made.jobId,
    JSON.stringify([SECRETS.rawResponses]),
  ]);
  const owner = await api().token(made.userId);
  const { shareResult } = await api().ask<{ shareResult: { result: { shareUrl: string } } }>(owner, SHARE, {
    id: made.resultId,
  });
  const url = shareResult.result.shareUrl;
  const hidden = [...Object.values(SECRETS), made.userId, made.jobId, String(made.resultId)];
  return { ...made, owner, url, token: url.split('/').at(-1) ?? '', hidden };
}

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const get = async (
  url: string,
  headers: Record<string, string> = {},
  more: { method?: string; path?: string } = {},
) => {
  const answer = await rawRequest(url, { headers, ...more });
  return { ...answer, text: answer.body.toString() };
};

/** An operation without a token, as it comes over the wire. */
async function askNobody(query: string, variables: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${api().url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors = [] } = (await response.json()) as {
    data?: Record<string, unknown>;
    errors?: { extensions: { code: string } }[];
  };
  return { status: response.status, data, codes: errors.map(({ extensions }) => extensions.code) };
}

describe('a share link', () => {
  it('is below the public URL, and opens JSON for programs', async () => {
    const { url, hidden } = await makeShared();
    expect(url.startsWith(`${api().url}/share/`)).toBe(true);
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }] as Record<string, string>[]) {
      const { status, headers: sent, text } = await get(url, headers);
      expect([status, sent['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
      expect(JSON.parse(text)).toEqual({
        assessmentName: '<script>alert("name")</script>',
        testResult: { archetype: 'The Tinkerer', note: '<script>alert("answer")</script>' },
        assessment: { archetype: 'The Tinkerer', note: '<script>alert("answer")</script>' },
        createdAt: expect.any(String),
      });
      for (const secret of hidden) expect(text).not.toContain(secret);
    }
  });

  it('opens a page for browsers, in which what was written stays text', async () => {
    const { url, hidden } = await makeShared();
    const { status, headers, text } = await get(url, HTML);
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('The Tinkerer');
    expect(text).toContain('<h1>&lt;script&gt;alert(&quot;name&quot;)&lt;/script&gt;</h1>');
    expect(text).toContain('&lt;script&gt;alert(&quot;answer&quot;)&lt;/script&gt;');
    expect(text).not.toContain('<script');
    for (const secret of hidden) expect(text).not.toContain(secret);
  });

  it.each([
    ['JSON', {}],
    ['a page', HTML],
  ])('is kept by nobody, listed by nobody, told to nobody, and runs nothing, as %s', async (_what, accept) => {
    const { url } = await makeShared();
    for (const link of [url, `${url.slice(0, -1)}_`]) {
      const { headers } = await get(link, accept);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex, nofollow',
        'x-content-type-options': 'nosniff',
        vary: expect.stringContaining('Accept'),
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(headers['content-security-policy']).not.toMatch(/unsafe|script-src/);
    }
  });

  it('answers HEAD as GET without a body, and no other method', async () => {
    const { url } = await makeShared();
    const [got, head] = [await get(url, HTML), await get(url, HTML, { method: 'HEAD' })];
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', got.headers['content-length']]);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await get(url, {}, { method });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    }
    expect((await get(url, { accept: 'image/png' })).status).toBe(406);
  });

  it('opens nothing that only looks like it', async () => {
    const { url, token } = await makeShared();
    const broken = [
      '',
      '/',
      `/${token.slice(1)}`,
      `/${token}A`,
      `/${token}/`,
      `/${token}/x`,
      `/x/${token}`,
      `//${token}`,
    ];
    const others = [
      `/${'A'.repeat(64)}`,
      `/${token}=`,
      `/%${token}`,
      `/..%2f${token}`,
      `/${randomUUID()}`,
      '/../graphql',
    ];
    const bodies = new Set<string>();
    for (const path of [...broken, ...others]) {
      const answer = await get(url, {}, { path: `/share${path}` });
      expect([path, answer.status]).toEqual([path, 404]);
      const page = await get(url, HTML, { path: `/share${path}` });
      expect([path, page.status]).toEqual([path, 404]);
      bodies.add(page.text);
    }
    expect(bodies.size).toBe(1);
    expect((await get(`${url}?utm_source=mail`)).status).toBe(200);
  });

  it('that is closed looks like one that never was, at once; so does one whose job is deleted', async () => {
    const endings: [string, (made: { jobId: string; resultId: string | null }) => object][] = [
      [UNSHARE, ({ resultId }) => ({ id: resultId })],
      ['mutation ($id: ID!) { deleteJob(input: { id: $id }) { deletedJobId } }', ({ jobId }) => ({ id: jobId })],
    ];
    const never = await get(`${api().url}/share/${'A'.repeat(64)}`, HTML);
    for (const [text, variables] of endings) {
      const made = await makeShared();
      expect((await get(made.url)).status).toBe(200);
      await api().ask(made.owner, text, variables(made));
      expect((await get(made.url)).status).toBe(404);
      const page = await get(made.url, HTML);
      expect([page.status, page.text]).toEqual([404, never.text]);
      expect(await askNobody(OPEN, { token: made.token })).toMatchObject({ status: 200, data: { sharedResult: null } });
    }
  });

  it('leaves no word of itself in the log', async () => {
    const { url, token } = await makeShared();
    await get(url);
    await get(`${url}x`);
    await askNobody(OPEN, { token });
    expect(JSON.stringify(api().log.lines)).not.toContain(token);
  });
});

describe('sharedResult', () => {
  it('is answered over HTTP without a token, by POST and by GET', async () => {
    const { token, hidden } = await makeShared();
    const { status, data } = await askNobody(OPEN, { token });
    expect([status, data]).toEqual([
      200,
      { sharedResult: expect.objectContaining({ testResult: expect.objectContaining({ archetype: 'The Tinkerer' }) }) },
    ]);
    for (const secret of hidden) expect(JSON.stringify(data)).not.toContain(secret);
    const query = new URLSearchParams({ query: OPEN, variables: JSON.stringify({ token }) });
    const answer = await get(`${api().url}/graphql?${query}`, { 'apollo-require-preflight': 'true' });
    expect(JSON.parse(answer.text).data).toEqual(data);
  });

  it('is null for whatever opens nothing', async () => {
    for (const token of ['', 'x', 'A'.repeat(64), 'A'.repeat(5_000), '\u0000']) {
      expect(await askNobody(OPEN, { token })).toMatchObject({ status: 200, data: { sharedResult: null }, codes: [] });
    }
  });

  it('opens no other field to nobody, not even beside it', async () => {
    const { token, resultId } = await makeShared();
    const shared = `sharedResult(token: "${token}") { createdAt }`;
    for (const query of [
      `{ ${shared} viewer { id } }`,
      `{ ${shared} result(id: "${resultId}") { id } }`,
      `query A { ${shared} } query B { viewer { id } }`,
      `query { ...F ${shared} } fragment F on Query { results { nodes { shareUrl } } }`,
      `mutation { unshareResult(input: { id: "${resultId}" }) { result { id } } }`,
    ]) {
      expect(await askNobody(query)).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] });
    }
    expect(await askNobody(`{ ${shared} }`)).toMatchObject({ status: 200, codes: [] });
  });

  it('keeps to the limits of all operations', async () => {
    const { token } = await makeShared();
    const fields = (count: number) =>
      Array.from({ length: count }, (_, n) => `a${n}: sharedResult(token: "${token}") { createdAt }`).join(' ');
    expect((await askNobody(`{ ${fields(15)} }`)).status).toBe(200);
    expect(await askNobody(`{ ${fields(16)} }`)).toMatchObject({ status: 400, codes: ['QUERY_TOO_COMPLEX'] });
    const batch = await fetch(`${api().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ query: OPEN, variables: { token } }]),
    });
    expect(batch.status).toBeGreaterThanOrEqual(400);
    expect(await askNobody(`subscription { sharedResult(token: "${token}") { createdAt } }`)).toMatchObject({
      codes: ['UNAUTHENTICATED'],
    });
  });

  it('is not answered to a token that is none, or no longer', async () => {
    const { token, userId } = await makeShared();
    const secret = 'a secret of thirty-two bytes or more';
    const expired = await signUserToken({ secret, sub: userId, ttlSeconds: -60 });
    for (const bearer of ['x.y.z', expired]) {
      const answer = await askNobody(OPEN, { token }, { authorization: `Bearer ${bearer}` });
      expect(answer).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] });
    }
  });

  it('is answered to somebody as well, and shareResult to no expired token', async () => {
    const { token, resultId, userId } = await makeShared();
    const answer = await post(api().url, await api().token(), OPEN, { token });
    expect(answer.data).toMatchObject({ sharedResult: { testResult: { archetype: 'The Tinkerer' } } });
    const secret = 'a secret of thirty-two bytes or more';
    const expired = await signUserToken({ secret, sub: userId, ttlSeconds: -60 });
    expect(await askNobody(UNSHARE, { id: resultId }, { authorization: `Bearer ${expired}` })).toMatchObject({
      status: 401,
      codes: ['UNAUTHENTICATED'],
    });
    expect(await askNobody(OPEN, { token })).toMatchObject({ data: { sharedResult: {} } });
  });
});

describe('where subscriptions are served', () => {
  const WATCH = 'subscription ($id: ID!) { jobEvents(jobId: $id) { job { result { isPublic shareUrl } } } }';

  async function serviceToken(): Promise<string> {
    const orm = await createOrm({ url: database().url, name: 'assay-test-shares' });
    const token = await createServiceToken(orm.em, { name: 'desk', scopes: ['jobs:read'] });
    await orm.close();
    return token;
  }

  it('who watches one job together is told the link only where it is his', async () => {
    const { jobId, owner, url } = await makeShared();
    const told = [];
    for (const token of [owner, await serviceToken()]) {
      const session = await openSession(api().url, token);
      session.send(subscribe('1', WATCH, { id: jobId }));
      const { payload } = await session.next();
      told.push((payload as { data: { jobEvents: { job: { result: unknown } } } }).data.jobEvents.job.result);
      session.socket.close();
    }
    expect(told).toEqual([
      { isPublic: true, shareUrl: url },
      { isPublic: true, shareUrl: null },
    ]);
  });

  it('no query is answered, to nobody least of all', async () => {
    const { token, owner } = await makeShared();
    const nobody = await openSocket(api().url);
    nobody.send({ type: 'connection_init' });
    expect((await nobody.closed).code).toBe(4403);
    const session = await openSession(api().url, owner);
    session.send(subscribe('1', OPEN, { token }));
    expect(await session.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
    session.socket.close();
    const stream = await openStream(api().url, null, { query: OPEN, variables: { token } });
    expect(stream.response.status).toBe(401);
    stream.leave();
  });
});
