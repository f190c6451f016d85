import { isDeepStrictEqual } from 'node:util';
import type { World } from './machine-model.ts';
import { type Picture, pictureOf } from './picture.ts';

/** One moment of an act: what it did to the world then, or null where it cannot have been as it was answered. */
export type Moment = (world: World) => World | null;

/** What an act was, how it was answered, and each way in which that could have come about: its moments in order. */
export interface Account {
  said: string;
  ways: Moment[][];
}

export const look = (isSo: (world: World) => boolean): Moment => {
  return (world) => (isSo(world) ? world : null);
};

/**
 * Looks for an order of the moments of acts that ran at once in which every answer was true, and which leads to what the
 * database shows.
 * @returns the world after it
 * @throws Unexplained
 */
export function explain(world: World, accounts: readonly Account[], picture: Picture): World {
  const near: World[] = [];
  for (const ways of combinations(accounts.map((account) => account.ways))) {
    const found = search(world, ways, picture, near);
    if (found) return found;
  }
  throw new Unexplained(world, picture, near);
}

function* combinations(choices: readonly Moment[][][]): Generator<Moment[][]> {
  const [first, ...rest] = choices;
  if (!first) return yield [];
  for (const way of first) for (const others of combinations(rest)) yield [way, ...others];
}

function search(world: World, ways: readonly Moment[][], picture: Picture, near: World[]): World | null {
  if (ways.every((way) => way.length === 0)) {
    if (isDeepStrictEqual(pictureOf(world), picture)) return world;
    near.push(world);
    return null;
  }
  for (const [index, [moment, ...later]] of ways.entries()) {
    const next = moment?.(world);
    if (!next) continue;
    const found = search(next, ways.with(index, later), picture, near);
    if (found) return found;
  }
  return null;
}

/** No order of the acts explains their answers and what the database shows after them. */
class Unexplained extends Error {
  override readonly name = 'Unexplained';

  constructor(world: World, picture: Picture, near: readonly World[]) {
    const [nearest] = near;
    const why = nearest
      ? `the answers have an order, but then it should be (-) and is (+)\n${difference(pictureOf(nearest), picture)}`
      : `the answers have no order; it is now\n${difference(pictureOf(world), picture)}`;
    super(why);
  }
}

/** The parts in which two pictures differ, a line for each. */
function difference(expected: unknown, found: unknown, path = ''): string {
  if (isDeepStrictEqual(expected, found)) return '';
  const isWhole = (value: unknown) => typeof value !== 'object' || value === null;
  if (isWhole(expected) || isWhole(found)) {
    return `  ${path}: - ${JSON.stringify(expected)} + ${JSON.stringify(found)}\n`;
  }
  const [left, right] = [expected as Record<string, unknown>, found as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].map((key) => difference(left[key], right[key], path === '' ? key : `${path}.${key}`)).join('');
}
