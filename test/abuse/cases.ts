import { gzipSync } from 'node:zlib';
import { sampleInput } from '../support/respondents.ts';
import {
  type AbuseCase,
  answered,
  body,
  CANARY,
  OTHERS_JOB,
  OTHERS_RESULT,
  onBoth,
  onSocket,
  operation,
  refused,
  subscription,
} from './abuse.ts';

const times = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const SUBMIT = `mutation ($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) { job { id } userErrors { code } }
}`;
const FILTER = 'query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }';
const MINE = 'subscription ($after: Cursor) { myEvents(after: $after) { __typename } }';
const FORGED = { authorization: `Bearer ${base64({ alg: 'none' })}.${base64({ sub: CANARY, exp: 4_000_000_000 })}.` };

/** A submit with more in its input, as JSON text of its own. */
const submitWith = (more: string) =>
  body(
    `{"query":${JSON.stringify(SUBMIT)},"variables":{"input":${JSON.stringify(sampleInput()).slice(0, -1)},${more}}}}`,
  );

/** The mutations that name something of another user: all say that it is not there. */
const anothers = (['cancelJob', 'retryJob', 'deleteJob', 'deleteResult', 'shareResult', 'unshareResult'] as const).map(
  (field) => {
    const [head = '', ...tail] = field;
    const type = `${head.toUpperCase()}${tail.join('')}Input`;
    const query = `mutation ($input: ${type}!) { ${field}(input: $input) { userErrors { code } } }`;
    const input = { id: /Result$/.test(field) ? OTHERS_RESULT : OTHERS_JOB };
    return answered('T19', `${field} of another`, operation(query, { input }), {
      [field]: { userErrors: [{ code: 'NOT_FOUND' }] },
    });
  },
);

/** What is tried on the API in one request, and what comes of it. */
export const CASES: AbuseCase[] = [
  ...onBoth('T1', '16 aliases', { fields: times(16, (n) => `a${n}: seq`) }, 'QUERY_TOO_COMPLEX'),
  ...onBoth('T1', '1,000 aliases', { fields: times(1_000, (n) => `a${n}: seq`) }, 'GRAPHQL_PARSE_FAILED'),
  ...onBoth('T2', '1,000 tokens and more', { fields: 'seq '.repeat(1_000) }, 'GRAPHQL_PARSE_FAILED'),
  ...onBoth(
    'T3',
    '9 levels and more',
    { fields: `${'result { job { '.repeat(4)} seq ${'} }'.repeat(4)}` },
    'QUERY_TOO_COMPLEX',
  ),
  ...onBoth(
    'T4',
    'fragments that double twenty times',
    {
      fields: '...f20',
      fragments: times(20, (n) => `fragment f${n + 1} on Job { ${n === 0 ? 'seq' : `...f${n} ...f${n}`} }`),
    },
    'QUERY_TOO_COMPLEX',
  ),
  ...onBoth(
    'T4',
    'fragments in a circle',
    { fields: '...a', fragments: 'fragment a on Job { ...b } fragment b on Job { ...a }' },
    'GRAPHQL_VALIDATION_FAILED',
  ),
  ...onBoth('T5', '11 directives', { fields: '... @include(if: true) { seq } '.repeat(11) }, 'QUERY_TOO_COMPLEX'),
  ...onBoth('T5', 'unknown directives', { fields: `seq ${'@x '.repeat(200)}` }, 'GRAPHQL_VALIDATION_FAILED'),
  ...onBoth(
    'T6',
    'pages of pages',
    { fields: 'events(first: 100) { nodes { job { events(first: 100) { nodes { seq } } } } }' },
    'QUERY_TOO_COMPLEX',
  ),
  refused('T6', 'a page of a million', operation('{ jobs(first: 1000000) { nodes { id } } }'), 200, 'BAD_USER_INPUT'),
  refused(
    'T6',
    'a page of less than none',
    operation('{ jobs(first: -1000) { nodes { id } } }'),
    200,
    'BAD_USER_INPUT',
  ),
  refused('T7', 'a batch', body(`[{"query":"{ viewer { id } }"},{"query":"# ${CANARY}"}]`), 400, 'BAD_REQUEST'),
  onSocket('T7', 'a batch', { message: [{ type: 'ping' }] }, { close: 4400 }),
  refused(
    'T8',
    'six mutations at once',
    operation(`mutation { ${times(6, (n) => `m${n}: cancelJob(input: { id: "${CANARY}" }) { job { id } }`)} }`),
    400,
    'QUERY_TOO_COMPLEX',
  ),
  ...['{ __schema { types { name } } }', 'subscription { __schema { types { name } } }'].map(
    (query): AbuseCase => ({
      ...{ id: 'T9', what: query, in: 'production', transport: 'socket', request: subscription(query) },
      expect: { code: query.startsWith('{') ? 'BAD_REQUEST' : 'GRAPHQL_VALIDATION_FAILED' },
    }),
  ),
  {
    ...{ id: 'T9', what: 'introspection', in: 'production', transport: 'http' },
    ...{
      request: operation('{ __schema { types { name } } }'),
      expect: { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' },
    },
  },
  {
    ...{ id: 'T9', what: 'introspection', in: 'production', transport: 'http', as: 'nobody' },
    ...{
      request: operation('{ __type(name: "Job") { name } }'),
      expect: { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' },
    },
  },
  ...onBoth('T10', 'a name that is almost right', { fields: 'statuss' }, 'GRAPHQL_VALIDATION_FAILED'),
  ...onBoth('T10', 'a name that is almost right', { fields: 'statuss' }, 'GRAPHQL_VALIDATION_FAILED', {
    in: 'production',
  }),
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'].map((type) =>
    refused('T11', type, body('{"query":"{ viewer { id } }"}', { 'content-type': type }), 400, 'BAD_REQUEST'),
  ),
  refused('T11', 'a GET of any page', { method: 'GET', path: '/graphql?query={viewer{id}}' }, 400, 'BAD_REQUEST'),
  refused(
    'T11',
    'a GET that changes something',
    {
      method: 'GET',
      path: `/graphql?query=mutation{cancelJob(input:{id:%22${OTHERS_JOB}%22}){job{id}}}`,
      headers: { 'apollo-require-preflight': '1' },
    },
    405,
    'METHOD_NOT_ALLOWED',
  ),
  ...['https://evil.test', 'null'].map(
    (origin): AbuseCase =>
      onSocket('T12', `a socket from a page of ${origin}`, { headers: { origin } }, { handshake: 403 }),
  ),
  ...onBoth('T14', 'no token', { fields: 'seq' }, 'UNAUTHENTICATED', { as: 'nobody', status: 401 }).slice(0, 1),
  { id: 'T14', what: 'no token', transport: 'socket', as: 'nobody', request: {}, expect: { close: 4403 } },
  onSocket('T14', 'a subscription before the introduction', { init: false, ...subscription(MINE) }, { close: 4401 }),
  onSocket('T15', 'the older protocol', { protocols: ['graphql-ws'] }, { handshake: null }),
  onSocket('T15', 'no protocol', { protocols: [], init: false }, { close: 4406 }),
  ...[
    { what: 'a token without a signature', as: FORGED },
    { what: 'a token that is none', as: { authorization: `Bearer ${CANARY}` } },
    { what: 'a token of 9,000 bytes', as: { authorization: `Bearer ${'x'.repeat(9_000)}` } },
    { what: 'a token of no service', as: { authorization: `Bearer assay_${'x'.repeat(43)}` } },
  ].flatMap(({ what, as }): AbuseCase[] => [
    {
      ...{ id: 'T17', what, as, transport: 'http', request: operation('{ viewer { id } }') },
      expect: { status: 401, code: 'UNAUTHENTICATED' },
    },
    { id: 'T17', what, as, transport: 'socket', request: {}, expect: { close: 4403 } },
  ]),
  ...(['user', 'service'] as const).flatMap((as): AbuseCase[] => [
    {
      ...{ id: 'T18', what: `a ${as} without the scope`, as, transport: 'http' },
      request: operation('mutation { cleanupOrphaned(input: {}) { userErrors { code } } }'),
      expect: { status: 403, code: 'FORBIDDEN' },
    },
    {
      ...{ id: 'T18', what: `a ${as} without the scope`, as, transport: 'socket' },
      ...{ request: subscription('subscription { allEvents { __typename } }'), expect: { code: 'FORBIDDEN' } },
    },
  ]),
  answered('T19', 'job of another', operation('query ($id: ID!) { job(id: $id) { id } }', { id: OTHERS_JOB }), {
    job: null,
  }),
  answered('T19', 'node of another', operation('query ($id: ID!) { node(id: $id) { id } }', { id: OTHERS_RESULT }), {
    node: null,
  }),
  answered(
    'T19',
    'result of another',
    operation('query ($id: ID!) { result(id: $id) { id } }', { id: OTHERS_RESULT }),
    { result: null },
  ),
  answered('T19', 'jobs of another', operation(FILTER, { filter: { userId: OTHERS_JOB } }), { jobs: { nodes: [] } }),
  ...anothers,
  onSocket(
    'T19',
    'events of another',
    subscription('subscription ($id: ID!) { jobEvents(jobId: $id) { seq } }', { id: OTHERS_JOB }),
    { code: 'NOT_FOUND' },
  ),
  ...['status', 'ownerId', 'userId', 'tokens', 'price'].map((field) =>
    refused('T20', `a submit with ${field}`, submitWith(`"${field}":"${CANARY}"`), 400, 'BAD_USER_INPUT'),
  ),
  ...[{ name: { $ne: '' } }, { $or: [{}] }, { status: { $like: '%' } }, { userId: { $ne: null } }].map((filter) =>
    refused('T21', JSON.stringify(filter), operation(FILTER, { filter }), 400, 'BAD_USER_INPUT'),
  ),
  ...onBoth('T21', 'an id that is an operator', { fields: 'id', id: { $ne: '' } }, 'BAD_USER_INPUT'),
  ...[`' or '1'='1`, `%${CANARY}_\\`, `'; drop table analysis_jobs; -- ${CANARY}`].map((name) =>
    answered('T22', `a search for ${name}`, operation(FILTER, { filter: { name } }), { jobs: { nodes: [] } }),
  ),
  refused(
    'T22',
    'an order of its own',
    operation('query ($by: JobOrder) { jobs(orderBy: $by) { nodes { id } } }', { by: `id; ${CANARY}` }),
    400,
    'BAD_USER_INPUT',
  ),
  refused(
    'T22',
    'a cursor of its own',
    operation('query ($after: String) { jobs(after: $after) { nodes { id } } }', { after: `' or 1=1 -- ${CANARY}` }),
    200,
    'BAD_USER_INPUT',
  ),
  answered('T22', 'an id of its own', operation('query ($id: ID!) { job(id: $id) { id } }', { id: "' or 1=1 --" }), {
    job: null,
  }),
  refused('T23', 'JSON of 33 levels', submitWith(`"rawResponses":${nested(33)}`), 400, 'BAD_USER_INPUT'),
  refused('T23', 'JSON of 200,000 levels', submitWith(`"rawResponses":${nested(200_000)}`), 400, 'BAD_USER_INPUT'),
  refused('T23', 'two megabytes', submitWith(`"rawResponses":"${'x'.repeat(2_000_000)}"`), 413, 'PAYLOAD_TOO_LARGE'),
  refused(
    'T23',
    '40,000 keys',
    submitWith(`"rawResponses":{${times(39_999, (n) => `"${n}":0,`)}"x":0}`),
    400,
    'BAD_USER_INPUT',
  ),
  refused(
    'T23',
    'a number of 100,000 digits',
    submitWith(`"rawResponses":${'9'.repeat(100_000)}`),
    400,
    'BAD_USER_INPUT',
  ),
  ...[31, 20_000].map((levels) =>
    onSocket(
      'T23',
      `JSON of ${levels + 2} levels`,
      { message: `{"type":"ping","payload":{"a":${nested(levels)}}}` },
      { close: 4400 },
    ),
  ),
  onSocket('T23', 'a megabyte', subscription(`# ${'x'.repeat(1_000_000)}`), { close: 1009 }),
  ...[
    ['U+0000', `"a\\u0000${CANARY}"`],
    ['half a character', `"${CANARY}\\ud800"`],
    ['a key with U+0000', `{"${CANARY}\\u0000":1}`],
    ['2^53 + 1', '9007199254740993'],
    ['1e400', '1e400'],
  ].map(([what = '', value]) => refused('T24', what, submitWith(`"rawResponses":${value}`), 400, 'BAD_USER_INPUT')),
  refused(
    'T24',
    'a day beyond time',
    operation(FILTER, { filter: { createdAfter: '+294277-01-01T00:00:00Z' } }),
    400,
    'BAD_USER_INPUT',
  ),
  refused('T24', 'a number that is none', submitWith('"industryScore":NaN'), 400, 'BAD_REQUEST'),
  ...onBoth('T24', 'an id of 129 characters', { fields: 'id', id: 'x'.repeat(129) }, 'BAD_USER_INPUT', { status: 200 }),
  ...['__proto__', 'constructor', 'prototype'].map((key) =>
    refused('T25', `${key} in JSON`, submitWith(`"rawResponses":{"${key}":{"polluted":true}}`), 400, 'BAD_USER_INPUT'),
  ),
  refused('T25', '__proto__ in an input', submitWith('"__proto__":{"polluted":true}'), 400, 'BAD_USER_INPUT'),
  answered(
    'T25',
    '__proto__ in the variables and extensions',
    body(
      '{"query":"{ job(id: \\"x\\") { id } }","variables":{"__proto__":{"polluted":1}},"extensions":{"__proto__":{"polluted":1}}}',
    ),
    { job: null },
  ),
  answered('T26', '50,000 characters', operation(FILTER, { filter: { name: 'a'.repeat(50_000) } }), {
    jobs: { nodes: [] },
  }),
  {
    ...{ id: 'T26', what: 'a search for 50,000 characters', as: 'service', transport: 'http' },
    request: operation('query ($s: String) { syncRecords(source: PANGKAT, search: $s) { nodes { id } } }', {
      s: '%'.repeat(50_000),
    }),
    expect: { status: 200, code: 'BAD_USER_INPUT' },
  },
  ...['http://169.254.169.254/', 'file:///etc/passwd', 'http://[::ffff:127.0.0.1]/'].map(
    (source): AbuseCase => ({
      ...{ id: 'T27', what: `a sync from ${source}`, as: 'service', transport: 'http' },
      request: operation('mutation ($s: SyncSource!) { requestSync(input: { source: $s }) { userErrors { code } } }', {
        s: source,
      }),
      expect: { status: 400, code: 'BAD_USER_INPUT' },
    }),
  ),
  ...[
    '/files/../../etc/passwd',
    '/files/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/files/%00',
    '/share/..%2f..%2fpackage.json',
    '/files//etc/passwd',
  ].map((path) => refused('T29', path, { method: 'GET', path }, 404, 'NOT_FOUND')),
  ...['', 'x'.repeat(256), `a\\u0000${CANARY}`].map((key) =>
    answered('T32', `a key of ${key.length} characters`, submitWith(`"idempotencyKey":"${key}"`), {
      submitAssessment: { job: null, userErrors: [{ code: 'INVALID_INPUT' }] },
    }),
  ),
  answered(
    'T42',
    'line breaks in a name of an operation',
    body(JSON.stringify({ query: 'query A { job(id: "x\\n\\u001b[31m") { id } }', operationName: 'A' }), {
      'x-request-id': `a ${CANARY}`,
    }),
    { job: null },
  ),
  refused(
    'T42',
    'line breaks in the name of an operation',
    body(JSON.stringify({ query: '{ viewer { id } }', operationName: `\r\n${CANARY}\u001b[31m` })),
    400,
    'BAD_REQUEST',
  ),
  refused(
    'T45',
    'a persisted query',
    body(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${CANARY}"}}}`),
    400,
    'BAD_REQUEST',
  ),
  ...['PUT', 'DELETE', 'PATCH'].map((method) => refused('T46', method, { method }, 405, 'METHOD_NOT_ALLOWED')),
  refused('T46', 'broken JSON', body(`{"query": "${CANARY}`), 400, 'BAD_REQUEST'),
  refused('T46', 'no body', { headers: { 'content-type': 'application/json' } }, 400, 'BAD_REQUEST'),
  refused(
    'T46',
    'an unknown charset',
    body('{}', { 'content-type': `application/json; charset=${CANARY}` }),
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ),
  refused('T46', 'XML', body(`<${CANARY}/>`, { 'content-type': 'application/xml' }), 415, 'UNSUPPORTED_MEDIA_TYPE'),
  refused('T46', 'what is no gzip', body(CANARY, { 'content-encoding': 'gzip' }), 400, 'BAD_REQUEST'),
  refused(
    'T46',
    'a bomb in gzip',
    body(gzipSync('x'.repeat(5_000_000)), { 'content-encoding': 'gzip' }),
    413,
    'PAYLOAD_TOO_LARGE',
  ),
  refused('T47', 'a path for operators', { method: 'GET', path: '/debug' }, 404, 'NOT_FOUND'),
  onSocket(
    'T50',
    'a negative position',
    subscription('subscription ($id: ID!) { jobEvents(jobId: $id, after: -1) { seq } }', { id: OTHERS_JOB }),
    { code: 'BAD_USER_INPUT' },
  ),
  onSocket(
    'T50',
    'a position beyond numbers',
    subscription('subscription ($id: ID!, $n: Int) { jobEvents(jobId: $id, after: $n) { seq } }', {
      id: OTHERS_JOB,
      n: 2 ** 40,
    }),
    { code: 'BAD_USER_INPUT' },
  ),
  ...['', CANARY, base64({ userId: OTHERS_JOB }), 'x'.repeat(3_000)].map(
    (after): AbuseCase =>
      onSocket('T50', `a forged cursor of ${after.length} characters`, subscription(MINE, { after }), {
        code: 'BAD_USER_INPUT',
      }),
  ),
];
