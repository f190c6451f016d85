import type { Finding } from './finding.ts';
import { type Ranked, rank } from './ranked.ts';
import { bandWord, cite, isClearlyFavourable, isClearlyUnfavourable, meaning } from './sentence.ts';

/** The score that speaks neither for nor against anybody. */
const MIDDLE = 50;
const FEWEST = 3;
const MOST = 6;

/**
 * The dimensions that stand out for and against the respondent, each list ordered by distance from the middle and no
 * dimension in both. Where fewer than three lie on one side, the nearest others fill up: their sentences say so.
 */
export function pickExtremes(findings: readonly Finding[]): Record<'strengths' | 'weaknesses', Ranked<Finding>> {
  const best = rank(findings, ({ favour }) => favour);
  const strengths = pick(best.all, isStrength);
  const rest = findings.filter((finding) => !strengths.all.includes(finding));
  const worst = rank(rest, ({ favour }) => -favour);
  return { strengths, weaknesses: pick(worst.all, isWeakness) };
}

function pick(ordered: readonly Finding[], standsOut: (finding: Finding) => boolean): Ranked<Finding> {
  const count = Math.min(MOST, Math.max(FEWEST, ordered.filter(standsOut).length));
  return rank(ordered.slice(0, count), ({ favour }) => Math.abs(favour - MIDDLE));
}

function isStrength({ favour }: Finding): boolean {
  return favour > MIDDLE;
}

function isWeakness({ favour }: Finding): boolean {
  return favour < MIDDLE;
}

/** A sentence on a dimension that {@link pickExtremes} names as a strength. */
export function strengthSentence(finding: Finding): string {
  const opening = `Your ${cite(finding)} is ${bandWord(finding)}`;
  if (isClearlyFavourable(finding)) return `${opening}: ${meaning(finding)}.`;
  if (isStrength(finding)) return `${opening}, a little ${side(finding)} the middle: ${meaning(finding)}.`;
  return `${opening}; it stands here because hardly any of your scores is more favourable, and it is where to begin if you want to ${finding.note.act} more often.`;
}

/** A sentence on a dimension that {@link pickExtremes} names as a weakness. */
export function weaknessSentence(finding: Finding): string {
  const { gap, excess } = finding.note;
  const opening = `Your ${cite(finding)} is ${bandWord(finding)}`;
  if (isClearlyUnfavourable(finding)) return `${opening}: ${gap}.`;
  if (isWeakness(finding)) return `${opening}, a little ${side(finding)} the middle: at times ${gap}.`;
  const reason = 'it stands here because hardly any of your scores is less favourable';
  if (isClearlyFavourable(finding)) return `${opening}; ${reason}, and even a good score has its risk: ${excess}.`;
  return `${opening}; ${reason}, and at times ${gap}.`;
}

function side({ score }: Finding): 'above' | 'below' {
  return score > MIDDLE ? 'above' : 'below';
}
