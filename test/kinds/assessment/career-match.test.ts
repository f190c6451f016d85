import fc from 'fast-check';
import { expect, it } from 'vitest';
import { careerRecommendations } from '../../../src/kinds/assessment/career-match.ts';
import { CAREERS } from '../../../src/kinds/assessment/careers.ts';
import { INDUSTRIES } from '../../../src/kinds/assessment/dimensions.ts';
import { profileOf } from '../../../src/kinds/assessment/profile.ts';
import { anyRespondent, respondent } from './respondents.ts';

const recommend = (input: ReturnType<typeof respondent>) => careerRecommendations(profileOf(input));
const careerOf = (name: string) => CAREERS.find((career) => career.name === name);

it('begins with a career of the two leading interests', () => {
  fc.assert(
    fc.property(anyRespondent, (input) => {
      const [first] = recommend(input);
      const career = careerOf(first?.careerName ?? '');
      expect(profileOf(input).holland.code.slice(0, 2)).toBe(career?.code.slice(0, 2).join(''));
      expect(first?.justification).toContain('the two interests that come first for you');
    }),
  );
});

it('names four different careers, at most two of one field of work', () => {
  fc.assert(
    fc.property(anyRespondent, (input) => {
      const careers = recommend(input).map(({ careerName }) => careerOf(careerName));
      expect(new Set(careers).size).toBe(4);
      for (const industry of INDUSTRIES) {
        expect(careers.filter((career) => career?.industries[0] === industry).length).toBeLessThanOrEqual(2);
      }
    }),
  );
});

it('finds the career whose interests, fields and strengths are all high', () => {
  for (const { name, code, industries, strengths } of CAREERS) {
    const letters = {
      R: 'realistic',
      I: 'investigative',
      A: 'artistic',
      S: 'social',
      E: 'enterprising',
      C: 'conventional',
    };
    const interests = code.map((letter, place) => [letters[letter], 100 - place]);
    const others = Object.fromEntries([...interests, ...strengths.map((strength) => [strength, 100])]);
    const industryScore = Object.fromEntries(
      INDUSTRIES.map((industry) => [industry, industries.includes(industry) ? 100 : 0]),
    ) as Record<(typeof INDUSTRIES)[number], number>;
    const [first] = recommend({ ...respondent(0, others), industryScore });
    expect(first?.careerName).toBe(name);
  }
});

it('says what speaks against a career', () => {
  const [first] = recommend(respondent(90, { realistic: 100, investigative: 95, enterprising: 10, conventional: 20 }));
  expect(first?.justification).toMatch(/What speaks against it is your [a-z ]+ \(\d+\), which is (very )?low\.$/);
  for (const { justification } of recommend(respondent(90))) expect(justification).not.toContain('speaks against');
});
