import { INDUSTRIES, type Industry } from './dimensions.ts';
import { INDUSTRY_WEIGHTS } from './industry-weights.ts';
import type { AssessmentInput } from './input.ts';
import { type Ranked, rank } from './ranked.ts';

/** How well a field of work fits, in the spelling of the stored report. */
export const INDUSTRY_LEVELS = ['VERY_SUITABLE', 'SUITABLE', 'FAIR', 'LESS_SUITABLE'] as const;

export type IndustryLevel = (typeof INDUSTRY_LEVELS)[number];

export interface IndustryRank {
  industry: Industry;
  score: number;
  level: IndustryLevel;
}

type Blocks = Pick<AssessmentInput, 'riasec' | 'viaIs' | 'ocean'>;

/** The weighted mean of one field, 0 to 100, rounded with halves up. */
export function industryScore(industry: Industry, blocks: Blocks): number {
  const { riasec, viaIs, ocean } = INDUSTRY_WEIGHTS[industry];
  const parts = [
    ...weighted(riasec, blocks.riasec),
    ...weighted(viaIs, blocks.viaIs),
    ...weighted(ocean, blocks.ocean),
  ];
  const points = parts.reduce((sum, part) => sum + part.points, 0);
  const weights = parts.reduce((sum, part) => sum + part.weight, 0);
  return Math.min(100, Math.max(0, Math.round(points / weights)));
}

function weighted<Name extends string>(weights: Partial<Record<Name, number>>, scores: Record<Name, number>) {
  const names = Object.keys(weights) as Name[];
  return names.map((name) => {
    const signed = weights[name] ?? 0;
    const weight = Math.abs(signed);
    return { weight, points: weight * (signed < 0 ? 100 - scores[name] : scores[name]) };
  });
}

/** All 24 fields, ties in the table's order; scores given with the input count before computed ones. */
export function rankIndustries(input: Blocks & Pick<AssessmentInput, 'industryScore'>): Ranked<IndustryRank> {
  const fields = INDUSTRIES.map((industry) => {
    const score = input.industryScore?.[industry] ?? industryScore(industry, input);
    return { industry, score, level: levelOf(score) };
  });
  return rank(fields, (field) => field.score);
}

/** 80 and above very suitable, 70 suitable, 60 fair, below it less suitable. */
export function levelOf(score: number): IndustryLevel {
  if (score >= 80) return 'VERY_SUITABLE';
  if (score >= 70) return 'SUITABLE';
  return score >= 60 ? 'FAIR' : 'LESS_SUITABLE';
}
