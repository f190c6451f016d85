import { expect, it } from 'vitest';
import { INDUSTRIES, OCEAN, RIASEC, VIA_IS, VIRTUE_NAMES } from '../../../src/kinds/assessment/dimensions.ts';
import { SCALES } from '../../../web/src/submit/scales.ts';
import { enScales } from '../../../web/src/texts/en-scales.ts';

it('the form asks for the scales that an analysis reads, no more and no fewer', () => {
  expect(SCALES).toEqual({ riasec: RIASEC, ocean: OCEAN, viaIs: VIA_IS, industryScore: INDUSTRIES });
});

it('every scale, virtue and field of work has a name for people', () => {
  expect(Object.keys(enScales)).toEqual([...RIASEC, ...OCEAN, ...VIA_IS, ...VIRTUE_NAMES, ...INDUSTRIES]);
});
