import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csvOf } from '../../../web/src/result/csv.ts';

type Assessment = NonNullable<Parameters<typeof csvOf>[0]['assessment']>;

const assessmentOf = (dimension: string): Assessment =>
  ({
    scores: {
      bands: [{ block: 'riasec', dimension, score: 88, band: 'VERY_HIGH' }],
      virtues: { wisdom: 71.5 },
      industries: [{ industry: 'sains', score: 60, level: 'FAIR' }],
    },
  }) as unknown as Assessment;

test('the scores of an assessment are a table of numbers', () => {
  const rows = parse(csvOf({ assessment: assessmentOf('artistic') }) ?? '', { columns: true });
  expect(rows).toEqual([
    { block: 'riasec', dimension: 'artistic', score: '88', level: 'VERY_HIGH' },
    { block: 'virtues', dimension: 'wisdom', score: '71.5', level: '' },
    { block: 'industries', dimension: 'sains', score: '60', level: 'FAIR' },
  ]);
});

test.each(['=1+1', '+1', '-1', '@x', 'a,b', 'a"b', 'a\nb'])(
  'a cell cannot be a formula or another cell: %j',
  (text) => {
    const [row] = parse<Record<string, string>>(csvOf({ assessment: assessmentOf(text) }) ?? '', { columns: true });
    expect(row?.dimension).toBe(/^[=+\-@]/.test(text) ? `'${text}` : text);
  },
);

test('a result without an assessment has no table', () => {
  expect(csvOf({ assessment: null })).toBeUndefined();
});
