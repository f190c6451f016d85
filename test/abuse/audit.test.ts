import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { useDatabase } from '../support/database.ts';

const secret = 'a secret of more than thirty-two bytes';
const database = useDatabase();
let api: RunningApi;
beforeAll(async () => {
  const production = { ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'https://assay.test', ASSAY_SIGNING_SECRET: secret };
  const env = { DATABASE_URL: database().url, JWT_SECRET: secret, PORT: '0', ...production };
  api = await startApi({ config: loadConfig(env), log: createLog({ level: 'silent' }) });
});
afterAll(() => api.stop());

const times = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');
const CIRCULAR = `{ __schema { types { ${'fields { type { '.repeat(4)} name ${'} } '.repeat(4)} } } }`;

async function ask(path: string, init: RequestInit = {}): Promise<string> {
  return await (await fetch(api.url + path, init)).text();
}

const json = { 'content-type': 'application/json' };
const post = (body: unknown) => ask('/graphql', { method: 'POST', headers: json, body: JSON.stringify(body) });
const query = (text: string) => post({ query: text });
const ides = () =>
  Promise.all(
    ['/graphiql', '/playground', '/console', '/graphql'].map((path) => ask(path, { headers: { accept: 'text/html' } })),
  );

/**
 * What https://github.com/dolevf/graphql-cop looks for in an installation, without a token: each a request, and what in its
 * answer would be a finding.
 */
const CHECKS: [name: string, act: () => Promise<string | string[]>, finding: RegExp][] = [
  ['101 aliases', () => query(`{ ${times(101, (n) => `alias${n}: __typename`)} }`), /alias100/],
  ['a batch', () => post(Array.from({ length: 10 }, () => ({ query: '{ __typename }' }))), /"data"/],
  ['directives that there are not', () => query(`{ __typename ${'@aa'.repeat(10)} }`), /(?:"extensions".*){7}/],
  ['introspection in a circle', () => query(CIRCULAR), /"types"/],
  [
    'fragments in a circle',
    () => query('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
    /"data"|500|stack/,
  ],
  ['one field 500 times', () => query(`{ ${'__typename '.repeat(500)} }`), /"data"/],
  ['a page for developers', ides, /graphi?ql playground|graphql-playground|graphiql/i],
  ['introspection', () => query('{ __schema { types { name } } }'), /"types"/],
  ['suggestions', () => query('{ __schema { directive } }'), /did you mean/i],
  ['a trace', () => query('{ __typename }'), /tracing|exception|stacktrace/i],
  ['an error that is not handled', () => query('qwerty cop { abc }'), /exception|stack/i],
  ['a query by GET', () => ask('/graphql?query={__typename}'), /"data"/],
  ['a mutation by GET', () => ask('/graphql?query=mutation{__typename}'), /"data"/],
  ['a form', () => ask('/graphql', { method: 'POST', body: new URLSearchParams({ query: '{__typename}' }) }), /"data"/],
];

describe('an audit', () => {
  it.each(CHECKS)('finds nothing: %s', async (_name, act, finding) => {
    expect(String(await act())).not.toMatch(finding);
  });
});
