import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BOOKS } from '../../../src/kinds/assessment/books.ts';
import { profileOf } from '../../../src/kinds/assessment/profile.ts';
import { bookRecommendations, roleModels } from '../../../src/kinds/assessment/reading.ts';
import { ROLE_MODELS } from '../../../src/kinds/assessment/role-models.ts';
import { anyRespondent, respondent } from './respondents.ts';

it('no book and no role model is named for two dimensions', () => {
  expect(new Set(Object.values(BOOKS).map(({ title }) => title)).size).toBe(35);
  expect(new Set(Object.values(ROLE_MODELS).map(({ name }) => name)).size).toBe(30);
});

it('books and role models follow the first dimensions', () => {
  const profile = profileOf(
    respondent(50, { curiosity: 99, hope: 98, prudence: 2, zest: 3, artistic: 90, social: 80 }),
  );
  expect(bookRecommendations(profile).map(({ title }) => title)).toEqual([
    BOOKS.curiosity.title,
    BOOKS.hope.title,
    BOOKS.prudence.title,
    BOOKS.zest.title,
  ]);
  expect(roleModels(profile)).toEqual([ROLE_MODELS.artistic, ROLE_MODELS.curiosity, ROLE_MODELS.social]);
});

it('nobody is given the same book or role model twice', () => {
  fc.assert(
    fc.property(anyRespondent, (input) => {
      const profile = profileOf(input);
      expect(new Set(bookRecommendations(profile).map(({ title }) => title)).size).toBe(4);
      expect(new Set(roleModels(profile).map(({ name }) => name)).size).toBe(3);
    }),
  );
});
