import type { Interest } from './dimensions.ts';
import type { Finding } from './finding.ts';
import { LEARNING, MATERIAL, type Reading, SETTINGS, SURROUNDINGS } from './manners.ts';
import type { Profile } from './profile.ts';
import { bandWord, cite, citeWithBand } from './sentence.ts';
import { citeIndustry } from './summaries.ts';

/** How the respondent may learn best. */
export function learningStyle({ of, interests, holland }: Profile): string {
  const names = ['loveOfLearning', 'openness', 'conscientiousness', 'extraversion'] as const;
  return [
    ...names.map((name) => manner(of[name], LEARNING[name])),
    `As ${cite(interests.first)} comes first among your interests, ${MATERIAL[holland.ranked.first]}.`,
  ].join(' ');
}

/** Where the respondent may work best. */
export function workEnvironment({ of, interests, industries, holland }: Profile): string {
  const names = ['extraversion', 'conscientiousness', 'agreeableness', 'neuroticism'] as const;
  return [
    settingSentence(interests.first, holland.ranked.first),
    ...names.map((name) => manner(of[name], SURROUNDINGS[name])),
    `Look first at ${citeIndustry(industries.first)}, which no other field exceeds in your list.`,
  ].join(' ');
}

function settingSentence(first: Finding, interest: Interest): string {
  return `Your ${cite(first)} is ${bandWord(first)} and none of your interests is higher, so the likeliest setting for you is ${SETTINGS[interest]}.`;
}

function manner(finding: Finding, clauses: Record<Reading, string>): string {
  return `With ${citeWithBand(finding)}, ${clauses[readingOf(finding.score)]}.`;
}

function readingOf(score: number): Reading {
  if (score >= 61) return 'high';
  return score >= 41 ? 'middle' : 'low';
}
