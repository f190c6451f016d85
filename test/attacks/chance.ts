import fc, { type GeneratorValue } from 'fast-check';

/** Where an attack takes its choices from: fast-check's, so that a seed makes the same attack again. */
export interface Chance {
  /** A whole number from 0 up to and without the end. */
  below(end: number): number;
  /** Whether it comes to pass that does so `percent` times of 100. */
  happens(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of some makers, each as often as its weight says. */
  weighted<T>(makers: readonly (readonly [weight: number, make: () => T])[]): T;
  many<T>(most: number, make: () => T): T[];
}

export function chanceOf(gen: GeneratorValue): Chance {
  const below = (end: number) => gen(within, end);
  const pick = <T>(from: readonly T[]) => from[below(from.length)] as T;
  return {
    below,
    pick,
    happens: (percent) => below(100) < percent,
    weighted(makers) {
      let left = below(makers.reduce((sum, [weight]) => sum + weight, 0));
      for (const [weight, make] of makers) {
        if (left < weight) return make();
        left -= weight;
      }
      throw new Error('There is nothing to choose from.');
    },
    many: (most, make) => Array.from({ length: below(most + 1) }, make),
  };
}

/** Without a leaning towards the smallest, which would make every choice the first. */
const within = (end: number) => fc.noBias(fc.nat({ max: Math.max(0, end - 1) }));
