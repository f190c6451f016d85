import { bandOf, type Level } from './bands.ts';
import type { Strength, Virtue } from './dimensions.ts';
import { VIRTUE_NAMES, VIRTUES } from './dimensions.ts';

// Math.round takes halves up, towards plus infinity, which is what every score here asks for.

/** The mean of each virtue's character strengths, to one decimal, halves up. */
export function virtueMeans(strengths: Record<Strength, number>): Record<Virtue, number> {
  const mean = (names: readonly Strength[]) => {
    const sum = names.reduce((total, name) => total + strengths[name], 0);
    return Math.round((sum * 10) / names.length) / 10;
  };
  const means = VIRTUE_NAMES.map((virtue) => [virtue, mean(VIRTUES[virtue])] as const);
  return Object.fromEntries(means) as Record<Virtue, number>;
}

/** The band of the rounded mean of openness, extraversion and calm (100 minus neuroticism). */
export function riskTolerance(ocean: { openness: number; extraversion: number; neuroticism: number }): Level {
  return bandOf(Math.round((ocean.openness + ocean.extraversion + 100 - ocean.neuroticism) / 3));
}
