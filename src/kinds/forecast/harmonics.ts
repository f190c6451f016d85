import { type Model, sequence, WEEK } from './model.ts';

const YEAR = 365.25;
const WAVES_OF_A_YEAR = 2;
const RIDGE = 1;
/** How far back the regression's recent error is looked at, and how fast it is followed and forgotten, a day. */
const RECENT_DAYS = 60;
const FOLLOW = 0.1;
const FORGET = 0.97;

/**
 * A regression on the weekday, a straight line and the waves of the year (ridge, so that a short history bends it little),
 * corrected by its recent error, which dies out. The history has more than a year.
 */
export const harmonics: Model = (history, days) => {
  const weights = regress(
    history.map((_, day) => featuresOf(day)),
    history,
  );
  const told = (day: number) =>
    featuresOf(day).reduce((sum, feature, index) => sum + feature * (weights[index] ?? 0), 0);
  let error = 0;
  for (let day = Math.max(0, history.length - RECENT_DAYS); day < history.length; day += 1) {
    error += FOLLOW * ((history[day] ?? 0) - told(day) - error);
  }
  return sequence(days, (day) => Math.max(0, told(history.length + day) + error * FORGET ** day));
};

function featuresOf(day: number): number[] {
  const weekdays = sequence(WEEK - 1, (weekday) => (day % WEEK === weekday ? 1 : 0));
  const waves = sequence(WAVES_OF_A_YEAR, (wave) => (2 * Math.PI * (wave + 1) * day) / YEAR);
  return [1, day / YEAR, ...weekdays, ...waves.flatMap((angle) => [Math.sin(angle), Math.cos(angle)])];
}

/** The weights that explain `values` best, all but the first kept small. */
function regress(features: readonly number[][], values: readonly number[]): number[] {
  const size = features[0]?.length ?? 0;
  const rows = sequence(size, (row) => sequence<number>(size + 1, (column) => (row > 0 && row === column ? RIDGE : 0)));
  features.forEach((feature, day) => {
    const known = [...feature, values[day] ?? 0];
    for (const [index, row] of rows.entries()) {
      const factor = feature[index] ?? 0;
      // Of the weekdays all but one are 0.
      if (factor === 0) continue;
      for (let column = 0; column <= size; column += 1)
        row[column] = (row[column] ?? 0) + factor * (known[column] ?? 0);
    }
  });
  return solve(rows);
}

/** Gauss and Jordan, with the largest pivot. @param rows a regular square matrix with the right side as its last column */
function solve(rows: number[][]): number[] {
  let [left, solved]: [number[][], number[][]] = [rows, []];
  for (let at = 0; at < rows.length; at += 1) {
    const pivot = left.reduce((one, other) => (Math.abs(other[at] ?? 0) > Math.abs(one[at] ?? 0) ? other : one));
    const without = (row: number[]) => {
      const factor = (row[at] ?? 0) / (pivot[at] ?? 1);
      return row.map((value, column) => value - factor * (pivot[column] ?? 0));
    };
    left = left.filter((row) => row !== pivot).map(without);
    solved = [...solved.map(without), pivot];
  }
  return solved.map((row, at) => (row.at(-1) ?? 0) / (row[at] ?? 1));
}
