import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { createLog } from '../src/log.ts';
import { type RunningApi, startApi } from '../src/server.ts';
import { openSession, subscribe } from './gate/raw-socket.ts';
import { createTestDatabase, emptyDatabase, useDatabase, waitUntilBlocked } from './support/database.ts';
import { PATIENT_LIMITS } from './support/time-limits.ts';

const secret = 'a secret of more than thirty-two bytes';
const log = createLog({ level: 'silent' });
const start = (url: string, env: Record<string, string> = {}) =>
  startApi({ config: loadConfig({ DATABASE_URL: url, JWT_SECRET: secret, PORT: '0', ...env }), log });

async function ask(
  api: RunningApi,
  query: string,
  token?: string,
): Promise<{ data?: Record<string, unknown>; errors?: unknown }> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return (await response.json()) as { data?: Record<string, unknown> };
}

describe('a running API', () => {
  const database = useDatabase();
  let api: RunningApi;
  beforeAll(async () => {
    api = await start(database().url);
  });
  afterAll(() => api.stop());

  it('is ready once the database, the migrations and the feed are', async () => {
    await vi.waitFor(
      async () => {
        const response = await fetch(`${api.url}/readyz`);
        expect([response.status, await response.json()]).toEqual([
          200,
          { ready: true, database: true, migrations: true, feed: true, workers: 0 },
        ]);
      },
      { timeout: 20_000 },
    );
  });

  it('opens an account for a user whom it sees for the first time', async () => {
    const sub = randomUUID();
    const token = await signUserToken({ secret, sub, ttlSeconds: 60 });
    expect(await ask(api, '{ viewer { id kind tokenBalance } }', token)).toEqual({
      data: { viewer: { id: sub, kind: 'USER', tokenBalance: 3 } },
    });
  });

  it('answers the query that tools introspect with, to anybody, in development', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const { data, errors } = await ask(api, getIntrospectionQuery());
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty('__schema');
  });

  it('follows nothing that is not there', async () => {
    const socket = await openSession(api.url, await signUserToken({ secret, sub: randomUUID(), ttlSeconds: 60 }));
    for (const id of [randomUUID(), 'no-uuid']) {
      socket.send(subscribe(id, `subscription { jobEvents(jobId: "${id}") { seq } }`));
      expect(await socket.next()).toMatchObject({
        id,
        type: 'error',
        payload: [{ extensions: { code: 'NOT_FOUND' } }],
      });
    }
    socket.socket.close();
  });
});

describe('an API that stops', () => {
  it('lets a running request end, tells its sockets, and takes no new connection', async () => {
    const database = await createTestDatabase();
    // Its limits of time are not what is looked at.
    const api = await start(database.url, PATIENT_LIMITS);
    const sub = randomUUID();
    const token = await signUserToken({ secret, sub, ttlSeconds: 60 });
    const socket = await openSession(api.url, token);
    const client = await database.pool.connect();
    // The request waits for this lock, and is answered when it is given back.
    await client.query('begin; lock table ledger_entries in access exclusive mode');
    const running = ask(api, '{ viewer { ledger(first: 1) { nodes { amount } } } }', token);
    await waitUntilBlocked(database.pool);
    const stopping = api.stop();
    expect((await socket.closed).code).toBe(1001);
    await expect(fetch(`${api.url}/healthz`)).rejects.toThrow();
    await client.query('rollback');
    client.release();
    expect(await running).toEqual({ data: { viewer: { ledger: { nodes: [{ amount: 3 }] } } } });
    await stopping;
    await api.stop();
    await database.drop();
  });

  it('does not wait for a client that does not say goodbye', async () => {
    const database = await createTestDatabase();
    const api = await start(database.url);
    const socket = await openSession(api.url, await signUserToken({ secret, sub: randomUUID(), ttlSeconds: 60 }));
    socket.socket.pause();
    const stopped = api.stop().then(() => 'stopped');
    expect(await Promise.race([stopped, wait(20_000, 'still waiting', { ref: false })])).toBe('stopped');
    socket.socket.terminate();
    await database.drop();
  });
});

describe('an API that cannot start', () => {
  it('says that its port is taken, and leaves nothing behind', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const database = await createTestDatabase();
    const { port } = other.address() as AddressInfo;
    await expect(start(database.url, { PORT: String(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await database.drop();
    other.close();
  });

  it('says that its database is not there', async () => {
    await expect(start('postgres://nobody@127.0.0.1:1/nothing')).rejects.toThrow();
  });

  it('is not ready, but lives, before the migrations', async () => {
    const database = await emptyDatabase();
    const api = await start(database.url);
    const readiness = async () => {
      const response = await fetch(`${api.url}/readyz`);
      return [response.status, await response.json()];
    };
    const unready = { ready: false, database: true, migrations: false };
    await expect.poll(readiness).toEqual([503, expect.objectContaining(unready)]);
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    await api.stop();
    await database.drop();
  });
});
