import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dateFormOf } from '../../../src/kinds/forecast/dates.ts';

it.each(['YYYY-MM-DD', 'DD/MM/YYYY', 'MM.DD.YYYY', 'YYYYMMDD', 'DD MM YYYY'])('reads what it writes: %s', (name) => {
  const form = dateFormOf(name)!;
  fc.assert(
    fc.property(fc.integer({ min: -25_567, max: 84_370 }), (day) => {
      expect(form.read(form.write(day))).toBe(day);
    }),
  );
});

it.each(['', 'YYYY-MM', 'YYYY-MM-DD-DD', 'YYYY-DD-DD', 'yyyy-mm-dd', 'YYYY-MM-DDTHH', 'YYYY(MM)DD', 'YYYY.*MM-DD'])(
  'is no form: %j',
  (name) => {
    expect(dateFormOf(name)).toBeNull();
  },
);

it.each([
  '2026-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-1-1',
  ' 2026-01-01',
  '2026-01-01x',
  '1899-12-31',
  '2201-01-01',
  '2026x01-01',
])('is no day: %j', (text) => {
  expect(dateFormOf('YYYY-MM-DD')!.read(text)).toBeNull();
});

it('takes a dot for a dot', () => {
  expect(dateFormOf('DD.MM.YYYY')!.read('01x01x2026')).toBeNull();
  expect(dateFormOf('DD.MM.YYYY')!.read('29.02.2024')).toBe(Date.UTC(2024, 1, 29) / 86_400_000);
});
