/**
 * The known name that was probably meant: the same without the prefix, else the one that differs in the fewest letters,
 * where they are few enough for a slip of the pen.
 */
export function suggestName(name: string, known: readonly string[]): string | undefined {
  const bare = name.replace(/^ASSAY_/, '');
  if (known.includes(bare)) return bare;
  const ranked = known.map((candidate) => ({ candidate, edits: editsBetween(name, candidate) }));
  const best = ranked.reduce((least, next) => (next.edits < least.edits ? next : least));
  return best.edits <= Math.max(2, Math.floor(name.length / 5)) ? best.candidate : undefined;
}

/** Levenshtein distance, one row of its table at a time. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column < row.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (b[column - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
