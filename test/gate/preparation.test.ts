import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createPreparation } from '../../src/gate/preparation.ts';
import { useDatabase } from '../support/database.ts';
import { type Answer, codeOf, SECRET, useTinyApi } from './tiny-api.ts';
import { tinySchema } from './tiny-schema.ts';

const database = useDatabase();
const api = useTinyApi(database);
const ask = async (query: string, variables?: unknown) =>
  api().ask({ query, variables }, { token: await api().userToken() });
const outcome = (answer: Answer) => [answer.status, codeOf(answer)];

describe('a document', () => {
  it('that is no GraphQL is GRAPHQL_PARSE_FAILED', async () => {
    const answer = await ask('{ me(');
    expect(outcome(answer)).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
    expect(answer.body.errors![0]!.message).toBe('Syntax Error: Expected Name, found <EOF>.');
  });

  it('of too many tokens is GRAPHQL_PARSE_FAILED', async () => {
    expect(outcome(await ask(`{ ${'me '.repeat(1_001)} }`))).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
  });

  it('that does not fit the schema is GRAPHQL_VALIDATION_FAILED, without suggestions, and with few errors', async () => {
    const answer = await ask('{ mee forUserz thingg jsonn failz runz rooot }');
    expect(outcome(answer)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(answer.text).not.toMatch(/did you mean/i);
    expect(answer.body.errors!.length).toBeLessThanOrEqual(6);
  });

  it('without the operation that is asked for is BAD_REQUEST', async () => {
    const token = await api().userToken();
    const query = 'query A { me } query B { me }';
    for (const operationName of [undefined, 'C']) {
      expect(outcome(await api().ask({ query, operationName }, { token }))).toEqual([400, 'BAD_REQUEST']);
    }
    expect((await api().ask({ query, operationName: 'B' }, { token })).status).toBe(200);
  });

  it('with a subscription is BAD_REQUEST over HTTP', async () => {
    expect(outcome(await ask('subscription { ticks(to: 1) { count } }'))).toEqual([400, 'BAD_REQUEST']);
  });
});

describe('an operation that asks for too much', () => {
  const levels = (depth: number) => `${'{ things(first: 1) '.repeat(depth - 2)}{ name }${' }'.repeat(depth - 2)}`;
  const bomb = `{ root { ...f20 } } ${Array.from({ length: 20 }, (_, n) => `fragment f${n + 1} on Thing { ${n === 0 ? 'name' : `...f${n} ...f${n}`} }`).join(' ')}`;
  const cases: [string, string, { limit: string; found?: number }][] = [
    [
      '16 aliases',
      `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: me`).join(' ')} }`,
      { limit: 'aliases', found: 16 },
    ],
    ['9 levels', `{ root ${levels(9)} }`, { limit: 'depth', found: 9 }],
    [
      '11 directives',
      `{ ${'... on Query @include(if: true) { me } '.repeat(11)} }`,
      { limit: 'directives', found: 11 },
    ],
    [
      '6 mutations',
      `mutation { ${Array.from({ length: 6 }, (_, n) => `m${n}: submit(input: { riasec: { realistic: 1, social: 1 } })`).join(' ')} }`,
      { limit: 'rootMutations', found: 6 },
    ],
    [
      'pages of pages',
      '{ root { things(first: 100) { things(first: 100) { name } } } }',
      { limit: 'cost', found: 10_101 },
    ],
    ['a fragment bomb', bomb, { limit: 'selections' }],
  ];

  it.each(cases)('is QUERY_TOO_COMPLEX: %s', async (_what, query, details) => {
    const began = performance.now();
    const answer = await ask(query);
    expect(outcome(answer)).toEqual([400, 'QUERY_TOO_COMPLEX']);
    expect(answer.body.errors![0]!.extensions.details).toMatchObject(details);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('is measured with its variables', async () => {
    const query = 'query ($n: Int!) { root { things(first: $n) { things(first: $n) { name } } } }';
    expect((await ask(query, { n: 5 })).status).toBe(200);
    expect(outcome(await ask(query, { n: 100 }))).toEqual([400, 'QUERY_TOO_COMPLEX']);
    expect(outcome(await ask(query, { n: 'x' }))).toEqual([400, 'QUERY_TOO_COMPLEX']);
    expect((await ask(query, { n: -1_000_000 })).status).toBe(200);
  });

  it('is fine just below', async () => {
    expect((await ask(`{ ${Array.from({ length: 15 }, (_, n) => `a${n}: me`).join(' ')} }`)).status).toBe(200);
    expect((await ask(`{ root ${levels(8)} }`)).status).toBe(200);
  });
});

describe('nobody', () => {
  const open = [
    '{ __typename }',
    '{ __schema { queryType { name } } }',
    'query Q { ...F } fragment F on Query { __typename }',
    '{ ... { __typename } }',
  ];
  it.each(open)('may look around in development: %s', async (query) => {
    expect((await api().ask({ query })).status).toBe(200);
  });

  const closed = [
    '{ me }',
    '{ __typename me }',
    '{ ... on Query { me } }',
    'query Q { ...F } fragment F on Query { me }',
    'query A { __typename } query B { me }',
    '{ __typename: me }',
    'mutation { submit(input: 3.5) }',
    '{ noSuchField(a: "b") }',
    'subscription { ticks(to: 1) { count } }',
    '{ sharedResult(token: "x") { createdAt } me }',
    '{ sharedResult: me }',
    'query A { sharedResult(token: "x") { createdAt } } query B { me }',
    'mutation { sharedResult(token: "x") { createdAt } }',
    'subscription { sharedResult(token: "x") { createdAt } }',
  ];
  it.each(closed)('is UNAUTHENTICATED before anything is said of the shape: %s', async (query) => {
    const answer = await api().ask({ query, variables: { x: 1 } });
    expect(outcome(answer)).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('learns of a text that is no GraphQL that it is none', async () => {
    expect(outcome(await api().ask({ query: '{' }))).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
  });

  it('does not become somebody by a bad token, whatever is asked', async () => {
    const answer = await api().ask({ query: '{ __typename }' }, { token: 'x.y.z' });
    expect(outcome(answer)).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('in production', () => {
  const live = useTinyApi(database, { ASSAY_ENV: 'production', ASSAY_PUBLIC_URL: 'https://assay.test' });

  it('introspection is off for all', async () => {
    const query = '{ __schema { types { name } } }';
    const answer = await live().ask({ query }, { token: await live().userToken() });
    expect([answer.status, codeOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect((await live().ask({ query })).status).toBe(400);
    expect((await live().ask({ query: '{ __typename }' })).status).toBe(200);
  });
});

describe('for the socket', () => {
  const config = loadConfig({ DATABASE_URL: 'postgres://127.0.0.1/x', JWT_SECRET: SECRET });
  const { prepare } = createPreparation(tinySchema(), config);
  const codes = (query: string, variables?: Record<string, unknown>) => {
    const prepared = prepare({ query, variables });
    return 'kind' in prepared
      ? 'ready'
      : prepared.map((error) => error instanceof GraphQLError && error.extensions.code);
  };

  it('the same checks hold, and are answered as a list', () => {
    expect(codes('subscription { ticks(to: 1) { count } }')).toBe('ready');
    expect(codes('subscription {')).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(codes('subscription { tics }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(codes('subscription ($n: Int!) { ticks(to: $n) { count } }', { n: 'x' })).toEqual(['BAD_USER_INPUT']);
    expect(
      codes(`subscription { ticks(to: 1) { ${Array.from({ length: 16 }, (_, n) => `a${n}: count`).join(' ')} } }`),
    ).toEqual(['QUERY_TOO_COMPLEX']);
    expect(codes('{ me }')).toEqual(['BAD_REQUEST']);
    expect(codes('mutation { nothing }')).toEqual(['BAD_REQUEST']);
    expect(codes('fragment F on Query { me }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  it('one text has one document, and each time its variables and name are checked', () => {
    const query = 'subscription Count($to: Int!) { ticks(to: $to) { count } }';
    const document = prepare({ query, variables: { to: 1 } });
    expect(document).toHaveProperty('kind', 'Document');
    expect(prepare({ query, variables: { to: 2 } })).toBe(document);
    expect(prepare({ query, variables: { to: 'two' } })).toMatchObject([{ code: 'BAD_USER_INPUT' }]);
    expect(prepare({ query, operationName: 'Other', variables: { to: 1 } })).toMatchObject([{ code: 'BAD_REQUEST' }]);
    const made = (name: number) => prepare({ query: `subscription Made${name} { ticks(to: 1) { count } }` });
    for (let name = 0; name < 200; name += 1) made(name);
    expect(prepare({ query, variables: { to: 1 } })).not.toBe(document);
  });
});
