import { describe, expect, it } from 'vitest';
import { coreMotivators, possiblePitfalls, skillSuggestion } from '../../../src/kinds/assessment/advice.ts';
import { profileOf } from '../../../src/kinds/assessment/profile.ts';
import { TENSIONS } from '../../../src/kinds/assessment/tensions.ts';
import { respondent } from './respondents.ts';

describe('pitfalls', () => {
  it.each(TENSIONS)('name $high beside $low where the first is high and the second low', ({ high, low, cost }) => {
    const found = (one: number, other: number) =>
      possiblePitfalls(profileOf(respondent(50, { [high]: one, [low]: other }))).filter((text) => text.includes(cost));
    expect(found(61, 40)).toHaveLength(1);
    expect(found(60, 40)).toEqual([]);
    expect(found(61, 41)).toEqual([]);
  });

  it('begin with the widest tensions, three at most', () => {
    const scores = { openness: 90, conscientiousness: 5, creativity: 80, perseverance: 5, honesty: 95, kindness: 5 };
    const pitfalls = possiblePitfalls(profileOf(respondent(50, { ...scores, leadership: 70, humility: 30 })));
    expect(pitfalls).toHaveLength(5);
    expect(pitfalls.slice(0, 3).map((text) => /your [a-z ]+ \((\d+)\)/.exec(text)?.[1])).toEqual(['95', '90', '80']);
  });
});

describe('suggestions', () => {
  it('leave interests alone: nobody has to practise what does not interest them', () => {
    const [, ...toPractise] = skillSuggestion(profileOf(respondent(60, { artistic: 0, zest: 30, hope: 20, love: 10 })));
    expect(toPractise.map((text) => /your ([a-z ]+) \(/.exec(text)?.[1])).toEqual(['love', 'hope', 'zest']);
  });
});

describe('motivators', () => {
  it('are put down to a comparison where no score is high', () => {
    for (const text of coreMotivators(profileOf(respondent(30)))) {
      if (!text.includes('neuroticism'))
        expect(text).toMatch(/, if only by comparison: your [a-z ]+ \(30\) is low, but /);
    }
    for (const text of coreMotivators(profileOf(respondent(70)))) expect(text).toMatch(/ \(70\) is high\.$/);
  });
});
