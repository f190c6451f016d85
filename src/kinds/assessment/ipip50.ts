import type { Trait } from './dimensions.ts';
import type { Answer } from './input.ts';

const ITEMS_PER_TRAIT = 10;

/**
 * The IPIP Big Five markers, 50 items, public domain: https://ipip.ori.org/newBigFive5broadKey.htm. Item ids are
 * `OCEAN_` + letter + number. Reversed items are those that speak against the trait; the published key scores emotional
 * stability, so its signs are turned round for neuroticism.
 */
export const IPIP50_KEY = {
  openness: { letter: 'O', reversed: [2, 4, 6] },
  conscientiousness: { letter: 'C', reversed: [2, 4, 6, 8] },
  extraversion: { letter: 'E', reversed: [2, 4, 6, 8, 10] },
  agreeableness: { letter: 'A', reversed: [1, 3, 5, 7] },
  neuroticism: { letter: 'N', reversed: [2, 4] },
} as const satisfies Record<Trait, { letter: string; reversed: readonly number[] }>;

/**
 * Trait scores (0 to 100) from the answers, or undefined unless each of the 50 items is answered exactly once with a
 * whole number from 1 to 5. Other items are left aside, and so are weights: every item counts the same.
 */
export function scoreIpip50(answers: readonly Answer[]): Record<Trait, number> | undefined {
  const values = new Map<string, number>();
  for (const { questionId, value } of answers) {
    if (!isItem(questionId)) continue;
    if (values.has(questionId) || !isFivePoint(value)) return undefined;
    values.set(questionId, value);
  }
  if (values.size < ITEMS_PER_TRAIT * Object.keys(IPIP50_KEY).length) return undefined;
  const traits = Object.keys(IPIP50_KEY) as Trait[];
  return Object.fromEntries(traits.map((trait) => [trait, traitScore(trait, values)])) as Record<Trait, number>;
}

function traitScore(trait: Trait, values: Map<string, number>): number {
  const { letter, reversed } = IPIP50_KEY[trait];
  let sum = 0;
  for (let item = 1; item <= ITEMS_PER_TRAIT; item += 1) {
    const value = values.get(`OCEAN_${letter}${item}`) ?? 0;
    sum += (reversed as readonly number[]).includes(item) ? 6 - value : value;
  }
  // (mean − 1) / 4 × 100, with the division last, so that halves are exact and go up.
  return Math.round(((sum - ITEMS_PER_TRAIT) * 100) / (4 * ITEMS_PER_TRAIT));
}

function isItem(questionId: string): boolean {
  return /^OCEAN_[OCEAN](?:[1-9]|10)$/.test(questionId);
}

function isFivePoint(value: Answer['value']): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 5;
}
