import { at } from './figures.ts';

/** Rows of cells under each other, each column as wide as its widest cell. Columns of words begin at the left. */
export function alignRows(rows: readonly (readonly string[])[], words = 0): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => (column < words ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** The median, and between which values it lies. */
export function spread(values: readonly (number | undefined)[], digits = 0): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '-';
  const [median, least, most] = [at(known, 0.5), Math.min(...known), Math.max(...known)];
  return `${median.toFixed(digits)} (${least.toFixed(digits)}-${most.toFixed(digits)})`;
}
