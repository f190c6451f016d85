import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../../src/kinds/assessment/analysis.ts';
import { citable, misquotes } from '../../../../src/kinds/assessment/language-model/citations.ts';
import { proseOf } from '../../../../src/kinds/assessment/language-model/prose.ts';
import { profileOf } from '../../../../src/kinds/assessment/profile.ts';
import { anyRespondent, respondent } from '../respondents.ts';

const somebody = respondent(50, { loveOfLearning: 80, love: 20, kindness: 30 });
const scores = citable(profileOf(somebody));
const misquotesOf = (learningStyle: string) => misquotes({ ...proseOf(analyze(somebody)), learningStyle }, scores);

describe('a citation', () => {
  it('of the rules is never wrong, whoever it is about', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        expect(misquotes(proseOf(analyze(input)), citable(profileOf(input)))).toEqual([]);
      }),
    );
  });

  it.each([
    'Love of learning (80) and love (20) are two things.',
    'Your humanity (33.3) is a mean.',
    'Self-love (90) is no score, and neither is your patience (12), or a plan of (3) steps.',
  ])('that is right, or none at all, is left alone: %s', (text) => {
    expect(misquotesOf(text)).toEqual([]);
  });

  it.each([
    ['Your love of learning (20) is high.', 'learningStyle: cites love of learning as 20, and it is 80'],
    ['Your LOVE (80) is high.', 'learningStyle: cites LOVE as 80, and it is 20'],
    ['Your humanity (33) is a mean.', 'learningStyle: cites humanity as 33, and it is 33.3'],
    ['Technology (99) suits you.', 'learningStyle: cites Technology as 99, and it is 53'],
  ])('that is wrong is found: %s', (text, complaint) => {
    expect(misquotesOf(text)).toEqual([complaint]);
  });
});
