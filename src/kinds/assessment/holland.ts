import { type Interest, RIASEC } from './dimensions.ts';
import { type Ranked, rank } from './ranked.ts';

/** The letter of each interest. */
export const HOLLAND_LETTERS = {
  realistic: 'R',
  investigative: 'I',
  artistic: 'A',
  social: 'S',
  enterprising: 'E',
  conventional: 'C',
} as const satisfies Record<Interest, string>;

export type HollandLetter = (typeof HOLLAND_LETTERS)[Interest];

/** The interest of each letter. */
export const INTERESTS_BY_LETTER = {
  R: 'realistic',
  I: 'investigative',
  A: 'artistic',
  S: 'social',
  E: 'enterprising',
  C: 'conventional',
} as const satisfies Record<HollandLetter, Interest>;

/** How near the first two interests lie on Holland's hexagon: 1 adjacent, 2 alternate, 3 opposite. */
export type Consistency = 1 | 2 | 3;

export interface HollandProfile {
  ranked: Ranked<Interest>;
  /** The letters of the first three interests. */
  code: string;
  /** Highest score minus lowest. */
  differentiation: number;
  consistency: Consistency;
}

/** What the six interest scores say by themselves; ties in the order R I A S E C, whatever the order of the keys. */
export function hollandProfile(riasec: Record<Interest, number>): HollandProfile {
  const ranked = rank(RIASEC, (interest) => riasec[interest]);
  const letters = ranked.all.map((interest) => HOLLAND_LETTERS[interest]);
  return {
    ranked,
    code: letters.slice(0, 3).join(''),
    differentiation: riasec[ranked.first] - riasec[ranked.last],
    consistency: hexagonDistance(ranked.first, ranked.second),
  };
}

/** Steps between two different interests around the hexagon, which R I A S E C walks corner by corner. */
function hexagonDistance(one: Interest, other: Interest): Consistency {
  const steps = Math.abs(RIASEC.indexOf(one) - RIASEC.indexOf(other));
  return Math.min(steps, RIASEC.length - steps) as Consistency;
}
