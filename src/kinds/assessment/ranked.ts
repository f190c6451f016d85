/** Two or more items in order, the highest first. */
export interface Ranked<Item> {
  first: Item;
  second: Item;
  last: Item;
  all: readonly Item[];
}

/**
 * Orders items by a value, the highest first; ties keep their order. Throws a RangeError for fewer than two items.
 */
export function rank<Item>(items: readonly Item[], value: (item: Item) => number): Ranked<Item> {
  const all = items.toSorted((one, other) => value(other) - value(one));
  const [first, second] = all;
  const last = all.at(-1);
  if (first === undefined || second === undefined || last === undefined) {
    throw new RangeError('A ranking needs at least two items.');
  }
  return { first, second, last, all };
}
