/** How long to wait between repetitions, in milliseconds. */
export interface Backoff {
  /** Before the first repetition; each further one doubles it. */
  firstMs: number;
  capMs: number;
}

/**
 * The wait before the `count`-th repetition (from 1). Half of it is certain, so that nothing is repeated at once; the
 * other half is drawn, so that what failed together does not come back together.
 */
export function backoffMs(count: number, { firstMs, capMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(capMs, firstMs * 2 ** (count - 1));
  return Math.round(full / 2 + (random() * full) / 2);
}
