import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
let api: RunningApi;
beforeAll(async () => {
  const config = loadConfig({
    DATABASE_URL: database().url,
    JWT_SECRET: 'a secret of more than thirty-two bytes',
    PORT: '0',
  });
  api = await startApi({ config, log: createLog({ level: 'silent' }) });
});
afterAll(() => api.stop());

/** As a client that is no page asks: a GET that any page could send is refused as a forgery, whatever it asks for. */
const asNoPage: typeof fetch = (input, init = {}) =>
  init.method === 'POST'
    ? fetch(input, init)
    : fetch(input, { ...init, headers: { ...init.headers, 'apollo-require-preflight': '1' } });

const audits = serverAudits({ url: () => `${api.url}/graphql`, fetchFn: asNoPage });

describe('GraphQL over HTTP', () => {
  it('is audited by 61 rules', () => {
    expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
  });

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id: $name', async ({ fn }) => {
    const result = await fn();
    const found = result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`;
    expect(found).toBe('ok');
  });
});
