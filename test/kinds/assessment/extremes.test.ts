import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAND_WORDS, bandOf } from '../../../src/kinds/assessment/bands.ts';
import { pickExtremes, strengthSentence, weaknessSentence } from '../../../src/kinds/assessment/extremes.ts';
import { findingsOf } from '../../../src/kinds/assessment/finding.ts';
import { anyRespondent, respondent } from './respondents.ts';

const extremes = (input: ReturnType<typeof respondent>) => {
  const { strengths, weaknesses } = pickExtremes(findingsOf(input));
  return {
    strengths: strengths.all.map(({ dimension }) => dimension),
    weaknesses: weaknesses.all.map(({ dimension }) => dimension),
    sentences: [...strengths.all.map(strengthSentence), ...weaknesses.all.map(weaknessSentence)],
  };
};

describe('strengths and weaknesses', () => {
  it('are the scores furthest above and below the middle, low neuroticism among the strengths', () => {
    const { strengths, weaknesses } = extremes(
      respondent(50, { hope: 90, artistic: 95, neuroticism: 8, zest: 55, prudence: 3, love: 49, openness: 30 }),
    );
    expect(strengths).toEqual(['artistic', 'neuroticism', 'hope', 'zest']);
    expect(weaknesses).toEqual(['prudence', 'openness', 'love']);
  });

  it('count high neuroticism among the weaknesses', () => {
    expect(extremes(respondent(50, { neuroticism: 90 })).weaknesses[0]).toBe('neuroticism');
  });

  it('are six at most', () => {
    const { strengths, weaknesses } = extremes(respondent(20, { neuroticism: 20, ...respondent(90).viaIs }));
    expect(strengths).toHaveLength(6);
    expect(weaknesses).toHaveLength(6);
  });

  it('are ordered by distance from the middle and never share a dimension', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const { strengths, weaknesses } = pickExtremes(findingsOf(input));
        for (const { all } of [strengths, weaknesses]) {
          const distances = all.map(({ score }) => Math.abs(score - 50));
          expect(distances).toEqual(distances.toSorted((one, other) => other - one));
        }
        const both = [...strengths.all, ...weaknesses.all];
        expect(new Set(both).size).toBe(both.length);
      }),
    );
  });

  it('fill up with the nearest others where one side has fewer than three, and say so', () => {
    const { strengths, weaknesses, sentences } = extremes(respondent(100, { neuroticism: 0, humor: 45 }));
    expect(strengths).toHaveLength(6);
    expect(weaknesses).toEqual(['openness', 'conscientiousness', 'humor']);
    expect(sentences.at(-3)).toMatch(
      /hardly any of your scores is less favourable, and even a good score has its risk/,
    );
    expect(sentences.at(-1)).toMatch(/^Your humor \(45\) is moderate, a little below the middle: at times /);
  });
});

describe('the wording', () => {
  it.each([0, 50, 100])('never calls a score of %i what it is not', (score) => {
    const word = { 0: 'very low', 50: 'moderate', 100: 'very high' }[score];
    for (const sentence of extremes(respondent(score)).sentences) expect(sentence).toContain(`(${score}) is ${word}`);
  });

  it('names the band of the score as it stands', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (score) => {
        const opening = new RegExp(`^Your [a-z -]+ \\(${score}\\) is ${BAND_WORDS[bandOf(score)]}[:;,]`);
        for (const sentence of extremes(respondent(score)).sentences) expect(sentence).toMatch(opening);
      }),
    );
  });
});
