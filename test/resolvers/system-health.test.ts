import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SystemHealthDocument, type SystemHealthQuery } from '../../src/client/index.ts';
import { loadConfig } from '../../src/config.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { openSession, subscribe } from '../gate/raw-socket.ts';
import { clearRows } from '../lifecycle/rows.ts';
import { service, statementsOf, useApi } from '../support/api.ts';
import { useDatabase, waitUntilServerIsAged } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';

const database = useDatabase({ bent: 'no worker lives that could run these jobs' });
const LEASE_MS = 10_000;
const api = useApi(database, { leaseMs: LEASE_MS });
const pool = () => database().pool;
const operator = service('jobs:read');

beforeEach(() => clearRows(pool()));

const read = async () => (await api().read<SystemHealthQuery>(operator, String(SystemHealthDocument))).systemHealth;

describe('the health of an installation', () => {
  it('is all zeros where nothing was ever done', async () => {
    const { finishedByMinute, notifyQueueUsage, ...rest } = await read();
    expect(rest).toEqual({
      ...{ queueDepth: 0, oldestQueuedSeconds: 0, processing: 0, workers: [], stuckFoundNotFixed: 0 },
      cancelLatency: { count: 0, p50: null, p95: null },
      rescueLatency: { count: 0, p50: null, p95: null },
    });
    expect(finishedByMinute).toHaveLength(60);
    expect(notifyQueueUsage).toBeLessThan(0.5);
  });

  it('shows each part under its name', async () => {
    await makeJob(pool(), { status: 'QUEUED' });
    await pool().query(`update graphile_worker._private_jobs set run_at = now() - interval '5 minutes'`);
    const running = await makeJob(pool(), { status: 'PROCESSING' });
    const health = await read();
    expect(health).toMatchObject({ queueDepth: 1, processing: 1, stuckFoundNotFixed: 0 });
    expect(health.oldestQueuedSeconds).toBeGreaterThanOrEqual(300);
    expect(health.workers).toEqual([
      {
        ...{ id: running.workerId, host: 'test', concurrency: 4, running: [running.jobId], lost: false },
        startedAt: expect.stringMatching(/Z$/),
        heartbeatAt: expect.stringMatching(/Z$/),
        silentSeconds: expect.any(Number),
      },
    ]);
  });

  it('counts a worker as lost, and its job as stuck, by the lease of the installation', async () => {
    await waitUntilServerIsAged(pool(), LEASE_MS + 100);
    await makeJob(pool(), { status: 'PROCESSING', leaseExpiresIn: -0.5 });
    await pool().query(`update workers set heartbeat_at = now() - interval '1 second'`);
    expect((await read()).workers).toMatchObject([{ lost: false }]);
    await pool().query(`update workers set heartbeat_at = now() - interval '11 seconds'`);
    expect((await read()).workers).toMatchObject([{ lost: true }]);
    expect((await read()).stuckFoundNotFixed).toBe(0);
  });

  it('reads nothing that was not asked for', async () => {
    expect(await statementsOf(() => api().read(operator, '{ systemHealth { notifyQueueUsage } }'))).toEqual([]);
    expect(await statementsOf(() => api().read(operator, '{ systemHealth { queueDepth } }'))).toHaveLength(1);
  });
});

describe('over HTTP and over a WebSocket', () => {
  const secret = 'a secret of more than thirty-two bytes';
  let running: RunningApi;
  beforeAll(async () => {
    const env = { DATABASE_URL: database().url, JWT_SECRET: secret, PORT: '0' };
    running = await startApi({ config: loadConfig(env), log: createLog({ level: 'silent' }) });
  });
  afterAll(() => running.stop());

  const serviceToken = (...scopes: string[]) =>
    createServiceToken(api().orm.em.fork(), { name: `s-${crypto.randomUUID()}`, scopes });

  async function ask(token?: string): Promise<{ status: number; data: unknown; codes: string[] }> {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const body = JSON.stringify({ query: String(SystemHealthDocument) });
    const response = await fetch(`${running.url}/graphql`, { method: 'POST', headers, body });
    const { data, errors = [] } = (await response.json()) as {
      data?: unknown;
      errors?: { extensions: { code: string } }[];
    };
    return { status: response.status, data, codes: errors.map(({ extensions }) => extensions.code) };
  }

  it('a service that reads is answered, and nobody else', async () => {
    const sub = await makeAccount(pool());
    expect(await ask(await serviceToken('jobs:read'))).toMatchObject({
      ...{ status: 200, codes: [], data: { systemHealth: { queueDepth: 0 } } },
    });
    const others = await serviceToken('jobs:manage', 'jobs:repair', 'tokens:grant', 'sync:run');
    for (const token of [await signUserToken({ secret, sub, ttlSeconds: 60 }), others]) {
      expect(await ask(token)).toMatchObject({ status: 403, codes: ['FORBIDDEN'] });
    }
    expect(await ask()).toMatchObject({ status: 401, codes: ['UNAUTHENTICATED'] });
  });

  it('a socket, which carries subscriptions only, answers nobody', async () => {
    const session = await openSession(running.url, await serviceToken('jobs:read'));
    session.send(subscribe('1', '{ systemHealth { queueDepth } }'));
    expect(await session.next()).toMatchObject({
      ...{ id: '1', type: 'error' },
      payload: [{ extensions: { code: 'BAD_REQUEST' }, message: expect.stringContaining('Only subscriptions') }],
    });
    session.socket.close();
  });
});
