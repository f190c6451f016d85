import { bandOf, type Level } from './bands.ts';
import { type Block, type Dimension, OCEAN, RIASEC, VIA_IS } from './dimensions.ts';
import type { AssessmentInput } from './input.ts';
import { INTEREST_NOTES } from './interest-notes.ts';
import type { Note } from './note.ts';
import { STRENGTH_NOTES } from './strength-notes.ts';
import { TRAIT_NOTES } from './trait-notes.ts';

/** One dimension of one respondent, with what may be said about it. */
export interface Finding {
  block: Block;
  dimension: Dimension;
  score: number;
  band: Level;
  /** How much the score speaks for the respondent, 0 to 100: the score itself, but 100 minus neuroticism. */
  favour: number;
  /** The band in its favourable reading: VERY_HIGH where neuroticism is very low. */
  favourBand: Level;
  note: Note;
}

const OPPOSITE = {
  VERY_HIGH: 'VERY_LOW',
  HIGH: 'LOW',
  MODERATE: 'MODERATE',
  LOW: 'HIGH',
  VERY_LOW: 'VERY_HIGH',
} as const satisfies Record<Level, Level>;

/** All 35 dimensions: interests, traits, character strengths, each in canonical order. */
export function findingsOf({ riasec, ocean, viaIs }: Pick<AssessmentInput, Block>): Finding[] {
  return [
    ...RIASEC.map((name) => finding('riasec', name, riasec[name], INTEREST_NOTES[name])),
    ...OCEAN.map((name) => finding('ocean', name, ocean[name], TRAIT_NOTES[name])),
    ...VIA_IS.map((name) => finding('viaIs', name, viaIs[name], STRENGTH_NOTES[name])),
  ];
}

function finding(block: Block, dimension: Dimension, score: number, note: Note): Finding {
  const band = bandOf(score);
  if (dimension !== 'neuroticism') return { block, dimension, score, band, favour: score, favourBand: band, note };
  return { block, dimension, score, band, favour: 100 - score, favourBand: OPPOSITE[band], note };
}
