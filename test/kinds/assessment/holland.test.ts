import { describe, expect, it } from 'vitest';
import { hollandProfile } from '../../../src/kinds/assessment/holland.ts';
import { respondent } from './respondents.ts';

const profile = (scores: Record<string, number>) => hollandProfile(respondent(0, scores).riasec);

describe('the Holland code', () => {
  it('is the letters of the three highest interests', () => {
    expect(profile({ social: 90, artistic: 80, conventional: 70, realistic: 60 }).code).toBe('SAC');
  });

  it('settles ties in the order R I A S E C', () => {
    expect(profile({}).code).toBe('RIA');
    expect(profile({ conventional: 70, enterprising: 70, social: 70, artistic: 70 }).code).toBe('ASE');
  });

  it('does not depend on the order of the keys', () => {
    const { riasec } = respondent(50);
    const reversed = Object.fromEntries(Object.entries(riasec).reverse()) as typeof riasec;
    expect(hollandProfile(reversed)).toEqual(hollandProfile(riasec));
  });
});

it('differentiation is the highest interest minus the lowest', () => {
  expect(profile({ social: 90, artistic: 80 }).differentiation).toBe(90);
  expect(hollandProfile(respondent(70, { social: 75, realistic: 60 }).riasec).differentiation).toBe(15);
});

it.each([
  ['realistic', 'investigative', 1],
  ['realistic', 'conventional', 1],
  ['social', 'enterprising', 1],
  ['realistic', 'artistic', 2],
  ['enterprising', 'realistic', 2],
  ['realistic', 'social', 3],
  ['investigative', 'enterprising', 3],
  ['conventional', 'artistic', 3],
])('the consistency of %s and %s is %i', (first, second, consistency) => {
  expect(profile({ [first]: 90, [second]: 80 }).consistency).toBe(consistency);
});
