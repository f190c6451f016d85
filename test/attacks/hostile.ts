import type { Chance } from './chance.ts';

/** Ids that an attacker may have: his own, another's, and of things that are not there. */
export interface Ids {
  own: readonly string[];
  others: readonly string[];
}

/** Stands in JSON for what `JSON.stringify` cannot write: the text between the marks is put in as it is. */
const raw = (text: string) => `«${text}»`;

/** JSON, in which numbers may be of any size and objects may have any key. */
export const jsonOf = (value: unknown): string => (JSON.stringify(value) ?? 'null').replace(/"«([^"»]*)»"/g, '$1');

const TEXTS = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    '\udfff\ud800',
    '‮gnp.exe',
    '\u200b',
    '\ufeff',
    '\r\n\u001b[31m',
    'İ',
    'ß'.repeat(200),
  ],
  ...[
    "' or '1'='1",
    "'; drop table analysis_jobs; --",
    '%',
    '_',
    '\\',
    '%\\_',
    '$$',
    '$1',
    "E'\\x00'",
    '{"$ne": ""}',
    '*/',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '../../etc/passwd',
    '#{process.env}',
    '{{7*7}}',
  ],
  ...['9'.repeat(400), '-1', '1e400', 'NaN', 'Infinity', 'null', 'true', '0x10', '2147483648', '9007199254740993'],
  ...['+294277-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '0000-00-00', '2026-01-01T00:00:00Z', 'javascript:alert(1)'],
  ...['http://169.254.169.254/', 'file:///etc/passwd', '=cmd()', '@SUM(1)', 'eyJhbGciOiJub25lIn0.e30.', 'assay_x'],
];

const NUMBERS = [0, -0, 1, -1, 0.5, 100, 101, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 + 2, 1e308, -1e-308];
const RAW_NUMBERS = ['1e400', '-1e400', '9'.repeat(500), '0.1e-400', '1E+2'].map(raw);
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'id',
  '',
  '\0',
  '$ne',
  'length',
  'toJSON',
  'then',
  'a'.repeat(300),
];

export const textOf = (chance: Chance, { own, others }: Ids): string =>
  chance.weighted([
    [6, () => chance.pick(TEXTS)],
    [2, () => chance.pick(own)],
    [3, () => chance.pick(others)],
    [1, () => 'a'.repeat(chance.pick([127, 128, 129, 255, 256, 2_048, 2_049, 20_000]))],
    [
      1,
      () =>
        Buffer.from(`${chance.pick(['job', 'result', 'ledger', 'sync PANGKAT'])}:${chance.pick(others)}`).toString(
          'base64url',
        ),
    ],
    [1, () => chance.many(12, () => chance.pick(TEXTS)).join('')],
  ]);

/** Any JSON, of which nothing is what it should be. */
export function anyOf(chance: Chance, ids: Ids, depth = 0): unknown {
  const inner = () => anyOf(chance, ids, depth + 1);
  const leaf: [number, () => unknown][] = [
    [5, () => textOf(chance, ids)],
    [3, () => chance.pick(NUMBERS)],
    [1, () => chance.pick(RAW_NUMBERS)],
    [1, () => null],
    [1, () => chance.happens(50)],
  ];
  if (depth > 3) return chance.weighted(leaf);
  return chance.weighted<unknown>([
    ...leaf,
    [2, () => chance.many(5, inner)],
    [2, () => objectOf(chance.many(4, () => [chance.pick(KEYS), inner()]))],
    [1, () => nested(chance.pick([5, 31, 33, 49, 400, 6_000]))],
    [1, () => Array.from({ length: chance.pick([101, 1_000, 5_000]) }, () => chance.pick(ids.own))],
  ]);
}

/** Unlike a literal it can have a property of its own that is called `__proto__`. */
const objectOf = (entries: [string, unknown][]): unknown =>
  JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`);

const nested = (levels: number): string => raw(`${'['.repeat(levels)}${']'.repeat(levels)}`);
