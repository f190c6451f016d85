import { expect, it } from 'vitest';
import { bandOf } from '../../../src/kinds/assessment/bands.ts';

it.each([
  [100, 'VERY_HIGH'],
  [81, 'VERY_HIGH'],
  [80, 'HIGH'],
  [61, 'HIGH'],
  [60, 'MODERATE'],
  [41, 'MODERATE'],
  [40, 'LOW'],
  [21, 'LOW'],
  [20, 'VERY_LOW'],
  [0, 'VERY_LOW'],
])('the band of %i is %s', (score, band) => {
  expect(bandOf(score)).toBe(band);
});
