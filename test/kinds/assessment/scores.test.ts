import { describe, expect, it } from 'vitest';
import { VIA_IS, VIRTUES } from '../../../src/kinds/assessment/dimensions.ts';
import { riskTolerance, virtueMeans } from '../../../src/kinds/assessment/scores.ts';
import { respondent } from './respondents.ts';

describe('virtues', () => {
  it('share the 24 character strengths among them, each in one virtue', () => {
    expect(Object.values(VIRTUES).flat().toSorted()).toEqual([...VIA_IS].toSorted());
  });

  it('are means of their character strengths, to one decimal with halves up', () => {
    const { viaIs } = respondent(0, { creativity: 1, bravery: 1, love: 2, teamwork: 50, fairness: 51, leadership: 51 });
    expect(virtueMeans(viaIs)).toEqual({
      wisdom: 0.2,
      courage: 0.3, // 0.25
      humanity: 0.7, // 0.666…
      justice: 50.7, // 50.666…
      temperance: 0,
      transcendence: 0,
    });
  });
});

describe('risk tolerance', () => {
  it.each([
    [{ openness: 100, extraversion: 100, neuroticism: 0 }, 'VERY_HIGH'],
    [{ openness: 0, extraversion: 0, neuroticism: 100 }, 'VERY_LOW'],
    [{ openness: 61, extraversion: 60, neuroticism: 40 }, 'MODERATE'], // 60.33 is 60
    [{ openness: 61, extraversion: 61, neuroticism: 40 }, 'HIGH'], // 60.67 is 61
  ])('of %j is %s, by the band of the rounded mean', (ocean, level) => {
    expect(riskTolerance(ocean)).toBe(level);
  });
});
