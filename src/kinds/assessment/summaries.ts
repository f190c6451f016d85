import { INDUSTRY_LABELS, type Strength, VIRTUE_NAMES, VIRTUES, type Virtue } from './dimensions.ts';
import type { Finding } from './finding.ts';
import type { IndustryLevel, IndustryRank } from './industries.ts';
import { INDUSTRY_WEIGHTS } from './industry-weights.ts';
import type { Profile } from './profile.ts';
import { rank } from './ranked.ts';
import { cite, citeWithBand, isClearlyFavourable, isClearlyUnfavourable, meaning } from './sentence.ts';

/** How the level of a field of work reads in a sentence. */
export const LEVEL_WORDS: Record<IndustryLevel, string> = {
  VERY_SUITABLE: 'very suitable',
  SUITABLE: 'suitable',
  FAIR: 'a fair match',
  LESS_SUITABLE: 'less suitable',
};

/** A field of work with its score: "technology (73)". */
export function citeIndustry({ industry, score }: IndustryRank): string {
  return `${INDUSTRY_LABELS[industry]} (${score})`;
}

/** The archetype, the first character strengths, the most marked trait and the first field of work. */
export function shortSummary(profile: Profile): string {
  const field = profile.industries.first;
  return [
    archetypeSentence(profile),
    characterSentence(profile.characterStrengths),
    traitSentence(profile.traits.all),
    `Of the 24 fields of work, none fits you better than ${citeIndustry(field)}, which counts as ${LEVEL_WORDS[field.level]}.`,
  ].join(' ');
}

function archetypeSentence({ archetype, interests: { first, second }, holland }: Profile): string {
  const name = `${/^[AEIOU]/.test(archetype) ? 'an' : 'a'} ${archetype}`;
  if (holland.differentiation === 0) {
    return `You come out as ${name} by the fixed order of the interests alone, because all six are level with your ${citeWithBand(first)}.`;
  }
  return `You come out as ${name}: among your interests, ${cite(first)} and ${cite(second)} come first.`;
}

function characterSentence({ first, second, last }: Profile['characterStrengths']): string {
  if (first.score === last.score) return `Your 24 character strengths are all level with ${citeWithBand(first)}.`;
  return `Among your character strengths, ${cite(first)} and ${cite(second)} come first.`;
}

function traitSentence(traits: readonly Finding[]): string {
  const marked = rank(traits, ({ score }) => Math.abs(score - 50)).first;
  return `None of your traits lies further from the middle than ${cite(marked)}: ${meaning(marked)}.`;
}

/** The two most favourable scores, the highest virtue and what both mean for the first field of work. */
export function strengthSummary(profile: Profile): string {
  const field = profile.industries.first;
  return [
    bestSentence(profile.overall.first, profile.overall.second),
    `None of your six virtue means is higher than ${citeVirtue(rankVirtues(profile).first, profile)}.`,
    `Of your fields of work, ${citeIndustry(field)} comes first, and ${citeMainStrength(field, profile)} is what it asks for most.`,
  ].join(' ');
}

function bestSentence(first: Finding, second: Finding): string {
  if (isClearlyFavourable(second)) {
    return `Your ${cite(first)} and your ${cite(second)} speak for you most: ${meaning(first)}, and ${meaning(second)}.`;
  }
  if (isClearlyFavourable(first)) {
    return `Your ${citeWithBand(first)}, speaks for you most: ${meaning(first)}; next comes your ${citeWithBand(second)}.`;
  }
  return `None of your scores speaks clearly for you yet; ${cite(first)} and ${cite(second)} are the most favourable, so build on them step by step.`;
}

/** The two least favourable scores, the lowest virtue and the last field of work. */
export function weaknessSummary(profile: Profile): string {
  const field = profile.industries.last;
  const worst = rank(profile.weaknesses.all, ({ favour }) => -favour);
  return [
    worstSentence(worst.first, worst.second),
    `None of your six virtue means is lower than ${citeVirtue(rankVirtues(profile).last, profile)}.`,
    `Of your fields of work, ${citeIndustry(field)} comes last, and ${citeMainStrength(field, profile)} is what it would ask for most.`,
  ].join(' ');
}

function worstSentence(first: Finding, second: Finding): string {
  if (isClearlyUnfavourable(second)) {
    return `Your ${cite(first)} and your ${cite(second)} call for care: ${meaning(first)}, and ${meaning(second)}.`;
  }
  if (isClearlyUnfavourable(first)) {
    return `Your ${citeWithBand(first)}, calls for care: ${meaning(first)}; next comes your ${citeWithBand(second)}.`;
  }
  return `None of your scores speaks clearly against you; ${cite(first)} and ${cite(second)} are the least favourable, so watch for their excess as much as for their lack.`;
}

/** The six virtues, the highest mean first, ties in canonical order. */
export function rankVirtues({ virtues }: Profile) {
  return rank(VIRTUE_NAMES, (virtue) => virtues[virtue]);
}

function citeVirtue(virtue: Virtue, { virtues, of }: Profile): string {
  const parts = VIRTUES[virtue].map((name) => cite(of[name]));
  return `${virtue} (${virtues[virtue]}), the mean of ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** The character strength of greatest weight in a field; the table names it first. */
function citeMainStrength({ industry }: IndustryRank, { of }: Profile): string {
  const weights = Object.entries(INDUSTRY_WEIGHTS[industry].viaIs) as [Strength, number][];
  return cite(of[rank(weights, ([, weight]) => weight).first[0]]);
}
