import { gzipSync } from 'node:zlib';

/** A small request that would be much work, and the refusal that it meets instead. */
export interface Bomb {
  name: string;
  over: 'http' | 'socket';
  /** The body of a POST, or one message. */
  payload: string | Buffer;
  headers?: Record<string, string>;
  /** A code, or that of the close. */
  refusal: string | number;
}

const times = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');
const nested = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels);

/** What is selected of a job, fragments, and the refusal. */
type Selection = [name: string, fields: string, fragments: string, refusal: string];

const SELECTIONS: Selection[] = [
  [
    'fragments that double 20 times',
    '...f20',
    times(20, (n) => `fragment f${n + 1} on Job { ${n === 0 ? 'seq' : `...f${n} ...f${n}`} }`),
    'QUERY_TOO_COMPLEX',
  ],
  [
    'fragments that grow tenfold 6 times',
    '...f6',
    times(6, (n) => `fragment f${n + 1} on Job { ${n === 0 ? 'seq' : `...f${n} `.repeat(10)} }`),
    'QUERY_TOO_COMPLEX',
  ],
  [
    'fragments in a circle',
    '...a',
    'fragment a on Job { ...b } fragment b on Job { ...a }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    '300 fragments that overlap',
    times(300, (n) => `...f${n}`),
    times(300, (n) => `fragment f${n} on Job { seq status }`),
    'GRAPHQL_PARSE_FAILED',
  ],
  ['200 inline fragments that overlap', times(200, () => '... on Job { seq }'), '', 'GRAPHQL_PARSE_FAILED'],
  ['450 times one field', 'seq '.repeat(450), '', 'QUERY_TOO_COMPLEX'],
  ['20,000 times one field', 'seq '.repeat(20_000), '', 'GRAPHQL_PARSE_FAILED'],
  ['1,000 aliases', times(1_000, (n) => `a${n}: seq`), '', 'GRAPHQL_PARSE_FAILED'],
  ['200 aliases', times(200, (n) => `a${n}: seq`), '', 'QUERY_TOO_COMPLEX'],
  ['5,000 unknown directives', `seq ${'@x '.repeat(5_000)}`, '', 'GRAPHQL_PARSE_FAILED'],
  ['450 unknown directives', `seq ${'@x '.repeat(450)}`, '', 'GRAPHQL_VALIDATION_FAILED'],
  ['900 unknown fields', times(900, (n) => `sec${n}`), '', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a list of 4,000 levels',
    `events(first: ${nested(4_000, '[', '', ']')}) { nodes { seq } }`,
    '',
    'GRAPHQL_PARSE_FAILED',
  ],
  ['fields of 200 levels', nested(200, 'result { job { ', 'seq', '} } '), '', 'GRAPHQL_PARSE_FAILED'],
  ['fields of 100 levels', nested(50, 'result { job { ', 'seq', '} } '), '', 'QUERY_TOO_COMPLEX'],
  [
    'pages of pages of pages',
    nested(4, 'events(first: 100) { nodes { job { ', 'seq', '} } } '),
    '',
    'QUERY_TOO_COMPLEX',
  ],
  ['a name of 50,000 letters', 'x'.repeat(50_000), '', 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a text that does not end',
    `events(after: "${'\\\\'.repeat(10_000)}) { nodes { seq } }`,
    '',
    'GRAPHQL_PARSE_FAILED',
  ],
];

const ID = '00000000-0000-7000-8000-00000000b0b0';
const queryOf = (fields: string, fragments: string) => `query { job(id: "${ID}") { ${fields} } } ${fragments}`;
const followOf = (fields: string, fragments: string) =>
  `subscription { jobEvents(jobId: "${ID}") { job { ${fields} } } } ${fragments}`;

const SUBMIT = 'mutation ($input: SubmitAssessmentInput!) { submitAssessment(input: $input) { job { id } } }';
const withJson = (json: string) => `{"query":${JSON.stringify(SUBMIT)},"variables":{"input":{"rawResponses":${json}}}}`;
const gzip = { 'content-encoding': 'gzip' };

type Body = [name: string, payload: string | Buffer, refusal: string, headers?: Record<string, string>];

const BODIES: Body[] = [
  ['JSON of 200,000 levels', withJson(nested(200_000, '[', '', ']')), 'BAD_USER_INPUT'],
  [
    'extensions of 200,000 levels',
    `{"query":"{ viewer { id } }","extensions":{"a":${nested(200_000, '[', '', ']')}}}`,
    'BAD_USER_INPUT',
  ],
  ['JSON of 100,000 objects in each other', withJson(nested(100_000, '{"a":', '1', '}')), 'BAD_USER_INPUT'],
  [
    'JSON of 90,000 keys',
    withJson(`{${times(90_000, (n) => `"${n}":0,`)}"x":0}`.replaceAll(' ', '')),
    'BAD_USER_INPUT',
  ],
  ['a number of 1,000,000 digits', withJson('9'.repeat(1_000_000)), 'BAD_USER_INPUT'],
  ['a list of 500,000 numbers', withJson(`[${'1,'.repeat(499_000)}1]`), 'BAD_USER_INPUT'],
  ['a body of 10 MB', withJson(`"${'x'.repeat(10_000_000)}"`), 'PAYLOAD_TOO_LARGE'],
  ['gzip that unpacks to 20 MB', gzipSync(Buffer.alloc(20_000_000, 0x20)), 'PAYLOAD_TOO_LARGE', gzip],
  [
    'a batch of 1,000',
    JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: '{ viewer { id } }' }))),
    'BAD_REQUEST',
  ],
  ['a comment of 900,000 letters', JSON.stringify({ query: `# ${'x'.repeat(900_000)}` }), 'GRAPHQL_PARSE_FAILED'],
];

const MESSAGES: [name: string, payload: string, close: number][] = [
  ['JSON of 100 levels', `{"type":"ping","payload":{"a":${nested(100, '[', '', ']')}}}`, 4400],
  ['JSON of 30,000 levels', `{"type":"ping","payload":{"a":${nested(30_000, '[', '', ']')}}}`, 4400],
  [
    'an id of 60,000 letters',
    JSON.stringify({ id: 'x'.repeat(60_000), type: 'subscribe', payload: { query: '{a}' } }),
    4400,
  ],
  ['a message of 1 MB', JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(1_000_000) } }), 1009],
];

const messageOf = (query: string) => JSON.stringify({ id: '1', type: 'subscribe', payload: { query } });
/** What is more than a message may be is refused for that. */
const MESSAGE_BYTES = 65_536;

export const BOMBS: readonly Bomb[] = [
  ...SELECTIONS.flatMap(([name, fields, fragments, refusal]): Bomb[] => {
    const message = messageOf(followOf(fields, fragments));
    return [
      { name, over: 'http', payload: JSON.stringify({ query: queryOf(fields, fragments) }), refusal },
      { name, over: 'socket', payload: message, refusal: message.length > MESSAGE_BYTES ? 1009 : refusal },
    ];
  }),
  ...BODIES.map(
    ([name, payload, refusal, headers]): Bomb => ({
      name,
      over: 'http',
      payload,
      refusal,
      ...(headers && { headers }),
    }),
  ),
  ...MESSAGES.map(([name, payload, refusal]): Bomb => ({ name, over: 'socket', payload, refusal })),
];
