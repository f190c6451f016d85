import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { samplesOf, typesOf } from '../support/samples.ts';
import { openSession, subscribe } from './raw-socket.ts';
import { codeOf, useTinyApi } from './tiny-api.ts';

const database = useDatabase();
const api = useTinyApi(database);
const production = useTinyApi(database, { ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'https://assay.test' });
const proxied = useTinyApi(database, { ASSAY_TRUST_PROXY: '1' });

const ask = (of: typeof api, token?: string, headers: Record<string, string> = {}) =>
  of().fetch('/metrics', { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } });

describe('/metrics in development', () => {
  it('is there for this machine without a token', async () => {
    const answer = await ask(api);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(typesOf(answer.text).get('assay_operations_total')).toBe('counter');
  });

  it('wants a token from any other', async () => {
    const outside = { 'x-forwarded-for': '192.0.2.1' };
    const answer = await ask(proxied, undefined, outside);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
    expect((await ask(proxied, await proxied().serviceToken('jobs:read'), outside)).status).toBe(200);
  });
});

describe('/metrics in production', () => {
  it('is there for a service that may read jobs', async () => {
    const answer = await ask(production, await production().serviceToken('jobs:read'));
    expect(answer.status).toBe(200);
    expect(typesOf(answer.text).size).toBeGreaterThan(20);
  });

  it('is refused without a token, with a bad one, to users and to other services', async () => {
    const refusal = async (token?: string) => {
      const answer = await ask(production, token);
      expect(answer.text).not.toContain('assay_');
      return [answer.status, codeOf(answer), answer.headers.get('www-authenticate')];
    };
    expect(await refusal()).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(await refusal(`assay_${'x'.repeat(40)}`)).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(await refusal(await production().userToken())).toEqual([403, 'FORBIDDEN', null]);
    const other = await production().serviceToken('jobs:manage', 'jobs:repair', 'tokens:grant', 'sync:run');
    expect(await refusal(other)).toEqual([403, 'FORBIDDEN', null]);
  });
});

describe('the gate counts', () => {
  const value = async (sample: string) => samplesOf((await ask(api)).text).get(sample) ?? 0;
  const rise = async (sample: string, act: () => Promise<unknown>) => {
    const before = await value(sample);
    await act();
    return (await value(sample)) - before;
  };

  it('operations and the errors that are answered to them, by code', async () => {
    const token = await api().userToken();
    const me = () => api().ask({ query: '{ me }' }, { token });
    expect(await rise('assay_operations_total{transport="http"}', me)).toBe(1);
    const errors = (code: string) => `assay_errors_total{transport="http",code="${code}"}`;
    expect(await rise(errors('UNAUTHENTICATED'), () => api().ask({ query: '{ me }' }))).toBe(1);
    expect(await rise(errors('GRAPHQL_PARSE_FAILED'), () => api().ask({ query: '{' }, { token }))).toBe(1);
    expect(await rise(errors('NOT_FOUND'), () => api().fetch('/nothing'))).toBe(1);
    expect(await rise(errors('INTERNAL_SERVER_ERROR'), me)).toBe(0);
  });

  it('sockets while they are open, and what is asked and refused over them', async () => {
    const open = 'assay_connections_open{transport="socket"}';
    const session = await openSession(api().url, await api().userToken());
    expect(await value(open)).toBe(1);
    const refused = async () => {
      session.send(subscribe(randomUUID(), 'subscription { nothing }'));
      await session.next();
    };
    expect(await rise('assay_operations_total{transport="socket"}', refused)).toBe(1);
    expect(await rise('assay_errors_total{transport="socket",code="GRAPHQL_VALIDATION_FAILED"}', refused)).toBe(1);
    session.socket.close();
    await vi.waitFor(async () => expect(await value(open)).toBe(0), { timeout: 15_000 });
  });

  it('event streams while they are open', async () => {
    const open = 'assay_connections_open{transport="stream"}';
    const over = new AbortController();
    const headers = { authorization: `Bearer ${await api().userToken()}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: 'subscription { nothing }' });
    const errors = 'assay_errors_total{transport="stream",code="GRAPHQL_VALIDATION_FAILED"}';
    const stream = async () => {
      await (await fetch(`${api().url}/graphql/stream`, { method: 'POST', headers, body, signal: over.signal })).text();
    };
    expect(await rise('assay_operations_total{transport="stream"}', stream)).toBe(1);
    expect(await rise(errors, stream)).toBe(1);
    await vi.waitFor(async () => expect(await value(open)).toBe(0), { timeout: 15_000 });
  });

  it('without a word of who asked', async () => {
    const sub = randomUUID();
    await api().ask({ query: '{ me }' }, { token: await api().userToken({ sub }) });
    expect((await ask(api)).text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  });
});
