/** What holds of the rows at every moment, with the query that finds those of which it does not. */
export interface Invariant {
  readonly id: string;
  readonly sentence: string;
  /**
   * A query of `subject` (whose row it is) and `found` (what is wrong with it, exact enough to tell two faults of one
   * subject apart). It may read `lease.time`, how long a silent worker counts as alive.
   */
  readonly broken: string;
  /** A living system breaks it for moments: a row counts only when it is found again after a lease and two rescues. */
  readonly settles?: boolean;
  /** What mends it without a guess; whatever has none needs a person. */
  readonly repair?: Repair;
}

export type Repair = 'sync status' | 'restore result' | 'remove orphans' | 'rescue' | 'requeue' | 'fail' | 'drop tasks';

/** Words of ours as a list of SQL literals. */
export const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ');
