/** How high a score or a derived value is, in the spelling of the stored report. */
export const LEVELS = ['VERY_HIGH', 'HIGH', 'MODERATE', 'LOW', 'VERY_LOW'] as const;

export type Level = (typeof LEVELS)[number];

/** The band of a whole score: 81–100, 61–80, 41–60, 21–40, 0–20. */
export function bandOf(score: number): Level {
  if (score >= 81) return 'VERY_HIGH';
  if (score >= 61) return 'HIGH';
  if (score >= 41) return 'MODERATE';
  if (score >= 21) return 'LOW';
  return 'VERY_LOW';
}

/** A band as it reads in a sentence. */
export const BAND_WORDS: Record<Level, string> = {
  VERY_HIGH: 'very high',
  HIGH: 'high',
  MODERATE: 'moderate',
  LOW: 'low',
  VERY_LOW: 'very low',
};
