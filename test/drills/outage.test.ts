import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, startProxy } from '../../chaos/proxy.ts';
import { misses, startWatcher, type Watcher } from '../../drills/watchers.ts';
import { loadConfig } from '../../src/config.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';
import { sampleInput } from '../support/respondents.ts';

const database = useDatabase();
const secret = randomUUID();
const STATEMENT_MS = 500;
let proxy: FaultProxy;
let api: RunningApi;
let token: string;
let watcher: Watcher;

beforeAll(async () => {
  const url = new URL(database().url);
  proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  const env = {
    PORT: '0',
    JWT_SECRET: secret,
    ASSAY_LIMIT_STATEMENT_MS: `${STATEMENT_MS}`,
    ASSAY_STARTING_TOKENS: '99',
  };
  const config = loadConfig({ DATABASE_URL: url.href, ...env });
  api = await startApi({ config, log: createLog({ level: 'silent' }) });
  const id = randomUUID();
  token = await signUserToken({ secret, sub: id, ttlSeconds: 600 });
  watcher = startWatcher([api.url], { id, token }, 0);
});
afterAll(async () => {
  watcher.close();
  await api.stop();
  await proxy.close();
});

const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } userErrors { code } }
}`;

async function submit() {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: SUBMIT, variables: { input: sampleInput() } }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { submitAssessment: { job: { id: string } | null } };
    errors?: { extensions: { code: string; retryable: boolean } }[];
  };
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    isTaken: Boolean(data?.submitAssessment.job),
    codes: errors?.map(({ extensions }) => extensions.code) ?? [],
  };
}

const health = async () => (await fetch(`${api.url}/healthz`)).status;
const readiness = async () => {
  const response = await fetch(`${api.url}/readyz`);
  return { status: response.status, ...((await response.json()) as object) };
};
const READY = { status: 200, ready: true, database: true, migrations: true, feed: true, workers: 0 };
const AWAY = { status: 503, ready: false, database: false, migrations: false, feed: false, workers: null };
const REFUSED = { status: 503, retryAfter: '1', isTaken: false, codes: ['SERVICE_UNAVAILABLE'] };

const outages: [string, () => Promise<void>][] = [
  [
    'refuses connections',
    async () => {
      await proxy.setDoor('shut');
      for (const link of proxy.links()) link.cut();
    },
  ],
  [
    'does not answer any more',
    async () => {
      await proxy.setDoor('silent');
      for (const link of proxy.links()) link.silence(60_000);
    },
  ],
];

it.each(outages)('an API whose database %s says so soon, lives, and is back by itself', async (_what, begin) => {
  await expect.poll(() => watcher.hasBegun).toBe(true);
  await expect.poll(readiness).toEqual(READY);
  // A statement may be too slow for its limit also without an outage.
  await expect.poll(submit).toMatchObject({ status: 200, isTaken: true });
  await begin();
  const from = performance.now();
  expect(await submit()).toEqual(REFUSED);
  // One statement and a little more, whose link may have been refused before; silence lasts for a minute.
  expect(performance.now() - from).toBeLessThan(STATEMENT_MS + 20_000);
  expect(await health()).toBe(200);
  await expect.poll(readiness, { timeout: 20_000 }).toEqual(AWAY);

  await proxy.heal();
  await expect.poll(async () => (await submit()).isTaken, { timeout: 20_000 }).toBe(true);
  await expect.poll(readiness, { timeout: 20_000 }).toEqual(READY);
  expect(await health()).toBe(200);
  const query = async <Row extends object>(text: string) => (await database().pool.query<Row>(text)).rows;
  await expect.poll(() => misses({ query }, [watcher])).toEqual([]);
  expect(watcher.connects).toBe(1);
});
