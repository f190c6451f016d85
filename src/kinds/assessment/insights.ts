import { BAND_WORDS } from './bands.ts';
import type { Consistency } from './holland.ts';
import type { Profile } from './profile.ts';
import { cite } from './sentence.ts';
import { citeIndustry, rankVirtues } from './summaries.ts';

const PAIRS: Record<Consistency, string> = {
  1: 'neighbours on Holland’s hexagon, so much work asks for both at once',
  2: 'two steps apart on Holland’s hexagon, so work that asks for both takes some searching',
  3: 'opposites on Holland’s hexagon, so few settings ask for both and a mixed role or a hobby may serve one of them',
};

/** What the scores say when they are seen together. */
export function insights(profile: Profile): string[] {
  const { interests, industries, of, virtues, holland } = profile;
  const { first, last } = rankVirtues(profile);
  return [
    `From your ${cite(interests.first)} to your ${cite(interests.last)} it is ${points(holland.differentiation)}: ${spread(holland.differentiation)}.`,
    `Your ${cite(interests.first)} and your ${cite(interests.second)} are ${PAIRS[holland.consistency]}.`,
    `Your ${cite(of.openness)}, ${cite(of.extraversion)} and ${cite(of.neuroticism)} together suggest a ${BAND_WORDS[profile.riskTolerance]} tolerance of risk.`,
    `Your virtue means reach from ${first} (${virtues[first]}) to ${last} (${virtues[last]}).`,
    `Your fields of work reach from ${citeIndustry(industries.first)} to ${citeIndustry(industries.last)}, a range of ${points(industries.first.score - industries.last.score)}.`,
  ];
}

function points(count: number): string {
  return count === 1 ? '1 point' : `${count} points`;
}

function spread(differentiation: number): string {
  if (differentiation >= 40) return 'your interests point clearly in one direction';
  if (differentiation >= 20) return 'your interests lean in one direction without shutting out the others';
  return 'your interests lie close together, so many kinds of work may suit you about equally';
}
