import { archetypeOf } from './archetypes.ts';
import type { Level } from './bands.ts';
import type { Block, Dimension, Industry, Virtue } from './dimensions.ts';
import { pickExtremes } from './extremes.ts';
import { type Finding, findingsOf } from './finding.ts';
import { type HollandProfile, hollandProfile } from './holland.ts';
import { type IndustryRank, rankIndustries } from './industries.ts';
import type { AssessmentInput } from './input.ts';
import { type Ranked, rank } from './ranked.ts';
import { riskTolerance, virtueMeans } from './scores.ts';
import { findWarnings } from './warnings.ts';

/** All that is computed from an input, before anything is said about it. */
export interface Profile {
  /** All 35 dimensions, in canonical order. */
  findings: readonly Finding[];
  of: Record<Dimension, Finding>;
  /** Ties in the order R I A S E C. */
  interests: Ranked<Finding>;
  /** The most favourable first, ties in canonical order. */
  traits: Ranked<Finding>;
  /** Ties in canonical order. */
  characterStrengths: Ranked<Finding>;
  /** The most favourable of all dimensions first, ties in canonical order. */
  overall: Ranked<Finding>;
  /** Three to six dimensions, ordered by distance from the middle. */
  strengths: Ranked<Finding>;
  /** Three to six others, ordered by distance from the middle. */
  weaknesses: Ranked<Finding>;
  /** Traits and character strengths that are no strength yet, the least favourable first. */
  growth: Ranked<Finding>;
  archetype: string;
  holland: HollandProfile;
  virtues: Record<Virtue, number>;
  /** Ties in the order of the weights table. */
  industries: Ranked<IndustryRank>;
  field: Record<Industry, IndustryRank>;
  riskTolerance: Level;
  warnings: string[];
}

/** Computes every number and every order that the report rests on. */
export function profileOf(input: AssessmentInput): Profile {
  const findings = findingsOf(input);
  const holland = hollandProfile(input.riasec);
  const industries = rankIndustries(input);
  const extremes = pickExtremes(findings);
  const growing = findings.filter((each) => each.block !== 'riasec' && !extremes.strengths.all.includes(each));
  const block = (name: Block) => byFavour(findings.filter((finding) => finding.block === name));
  return {
    findings,
    of: Object.fromEntries(findings.map((finding) => [finding.dimension, finding])) as Record<Dimension, Finding>,
    interests: block('riasec'),
    traits: block('ocean'),
    characterStrengths: block('viaIs'),
    overall: byFavour(findings),
    ...extremes,
    // Interests are left out: nobody has to practise what does not interest them.
    growth: rank(growing, ({ favour }) => -favour),
    archetype: archetypeOf(holland.ranked.first, holland.ranked.second),
    holland,
    virtues: virtueMeans(input.viaIs),
    industries,
    field: Object.fromEntries(industries.all.map((rank) => [rank.industry, rank])) as Record<Industry, IndustryRank>,
    riskTolerance: riskTolerance(input.ocean),
    warnings: findWarnings(input),
  };
}

function byFavour(findings: readonly Finding[]): Ranked<Finding> {
  return rank(findings, (finding) => finding.favour);
}
