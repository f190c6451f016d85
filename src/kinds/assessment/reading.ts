import { BOOKS } from './books.ts';
import type { Interest, Strength } from './dimensions.ts';
import type { Profile } from './profile.ts';
import { ROLE_MODELS, type RoleModel } from './role-models.ts';
import { citeWithBand } from './sentence.ts';

export interface BookRecommendation {
  title: string;
  author: string;
  reason: string;
}

/** Two books for the first strengths and two to grow by. */
export function bookRecommendations({ strengths, growth }: Profile): BookRecommendation[] {
  const chosen = [strengths.first, strengths.second, growth.first, growth.second];
  return chosen.map((finding) => {
    const { title, author, about } = BOOKS[finding.dimension];
    return { title, author, reason: `Chosen for your ${citeWithBand(finding)}: it is ${about}.` };
  });
}

/** Somebody for the first interest, for the first character strength and for the second interest. */
export function roleModels({ interests, characterStrengths }: Profile): RoleModel[] {
  const chosen = [interests.first, characterStrengths.first, interests.second];
  return chosen.map(({ dimension }) => {
    const { name, title } = ROLE_MODELS[dimension as Interest | Strength];
    return { name, title };
  });
}
