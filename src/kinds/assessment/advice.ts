import type { Finding } from './finding.ts';
import type { Profile } from './profile.ts';
import { bandWord, cite, citeAsset, citeWithBand, isClearlyFavourable } from './sentence.ts';
import { TENSIONS } from './tensions.ts';

const MOST_TENSIONS = 3;

/** What is likely to move the respondent: one interest, two character strengths, one trait. */
export function coreMotivators({ interests, characterStrengths, traits }: Profile): string[] {
  return [
    motivator(interests.first, 'none of your interests is higher'),
    motivator(characterStrengths.first, 'none of your character strengths is higher'),
    motivator(characterStrengths.second, 'at most one of your character strengths is higher'),
    motivator(traits.first, 'none of your traits is more favourable'),
  ];
}

function motivator(finding: Finding, comparison: string): string {
  const { motive } = finding.note;
  if (isClearlyFavourable(finding)) return `${motive}: your ${cite(finding)} is ${bandWord(finding)}.`;
  return `${motive}, if only by comparison: your ${cite(finding)} is ${bandWord(finding)}, but ${comparison}.`;
}

/** One thing to make more of, and three to practise or to keep in proportion. */
export function skillSuggestion({ strengths, growth }: Profile): string[] {
  const asset = strengths.first;
  return [
    `Make more of your ${citeAsset(asset)}: ${asset.note.practice}.`,
    ...growth.all.slice(0, 3).map((finding) => {
      if (isClearlyFavourable(finding)) {
        return `Ask somebody you trust for a regular word on your ${cite(finding)}, because ${finding.note.excess}.`;
      }
      return `Because your ${cite(finding)} is ${bandWord(finding)}, ${finding.note.practice}.`;
    }),
  ];
}

/** Where scores may get into each other's way, and what the best of them may cost. */
export function possiblePitfalls({ of, overall }: Profile): string[] {
  const present = TENSIONS.filter(({ high, low }) => of[high].score >= 61 && of[low].score <= 40);
  const widest = present.toSorted((one, other) => width(other) - width(one));
  return [
    ...widest
      .slice(0, MOST_TENSIONS)
      .map(({ high, low, cost }) => `With your ${cite(of[high])} beside your ${cite(of[low])}, ${cost}.`),
    pitfall(overall.first),
    pitfall(overall.second),
  ];

  function width({ high, low }: (typeof TENSIONS)[number]): number {
    return of[high].score - of[low].score;
  }
}

function pitfall(finding: Finding): string {
  const { excess, gap } = finding.note;
  if (isClearlyFavourable(finding)) return `Your ${citeWithBand(finding)}, has its price: ${excess}.`;
  return `While your ${cite(finding)} is ${bandWord(finding)}, ${gap}.`;
}

/** Things to do outside work: two for the first strengths, one to grow by. */
export function extracurricular({ strengths, growth }: Profile): string[] {
  return [strengths.first, strengths.second, growth.first].map((finding) => {
    const { activity } = finding.note;
    if (isClearlyFavourable(finding)) return `${activity}: it suits your ${citeAsset(finding)}.`;
    return `${activity}: it is a way to work on your ${cite(finding)}.`;
  });
}
