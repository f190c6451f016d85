import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { listenForMetrics } from '../../src/gate/metrics-listener.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { samplesOf } from '../support/samples.ts';

const database = useDatabase();
const log = createLog({ level: 'silent' });
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

async function listen(env: Record<string, string> = {}) {
  const config = loadConfig({ DATABASE_URL: database().url, ...env });
  const metrics = createMetrics();
  const address = { host: '127.0.0.1', port: 0 };
  const listener = await listenForMetrics({ config, address, orm, metrics, log });
  const ask = async (path: string, token?: string) => {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(listener.url + path, { headers });
    return { status: response.status, text: await response.text() };
  };
  return { metrics, ask, url: listener.url, [Symbol.asyncDispose]: () => listener.stop() };
}

it('serves what a process without an API counts, and nothing else', async () => {
  await using listener = await listen();
  listener.metrics.moves.inc({ move: 'start' }, 3);
  const { status, text } = await listener.ask('/metrics');
  expect([status, samplesOf(text).get('assay_moves_total{move="start"}')]).toEqual([200, 3]);
  expect((await listener.ask('/')).status).toBe(404);
  expect((await listener.ask('/graphql')).status).toBe(404);
});

it('wants in production what an API wants, and needs no secret for it', async () => {
  await using listener = await listen({ ASSAY_ENV: 'production', JWT_SECRET: 'x'.repeat(32) });
  const token = (...scopes: string[]) => createServiceToken(orm.em.fork(), { name: `s-${randomUUID()}`, scopes });
  expect((await listener.ask('/metrics')).status).toBe(401);
  expect((await listener.ask('/metrics', 'e30.e30.e30')).status).toBe(401);
  expect((await listener.ask('/metrics', await token('jobs:manage'))).status).toBe(403);
  expect((await listener.ask('/metrics', await token('jobs:read'))).status).toBe(200);
});

it('closes its port, also where somebody holds a connection', async () => {
  const { url, ask, [Symbol.asyncDispose]: stop } = await listen();
  const { port, hostname } = new URL(url);
  const held = connect(Number(port), hostname);
  const closed = new Promise((resolve) => held.once('close', resolve));
  await new Promise((resolve) => held.once('connect', resolve));
  await ask('/metrics');
  await stop();
  await closed;
  await expect(fetch(`${url}/metrics`)).rejects.toThrow();
});
