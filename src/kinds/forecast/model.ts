/** Days after which demand repeats itself. */
export const WEEK = 7;

/**
 * Tells what comes after a history.
 * @param history demand day by day, the oldest first, without a gap
 * @param days how many days to tell, from the day after the history on
 * @returns demand day by day; never below zero
 */
export type Model = (history: readonly number[], days: number) => number[];

/** A list of `length` values. */
export function sequence<Value>(length: number, value: (index: number) => Value): Value[] {
  const values: Value[] = [];
  for (let index = 0; index < length; index += 1) values.push(value(index));
  return values;
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
