import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import type { RunContext } from '../../runner/context.ts';
import { type Kind, KindError } from '../kind.ts';

const MAX_WORDS = 1_000_000;

const input = z.strictObject({
  leastLength: z.int('must be a whole number').min(1, 'must be from 1 to 50').max(50, 'must be from 1 to 50'),
});

const output = z.strictObject({
  words: z.int(),
  distinct: z.int(),
  /** Null where there is none. */
  mostFrequent: z.string().nullable(),
});

/** A text in, a table of its words out, the most frequent first. */
export const wordCount: Kind<z.output<typeof input>, z.output<typeof output>> = {
  policy: { price: 1, maxAttempts: 3, runLimitMs: 60_000 },
  input,
  output,
  outputFiles: 1,
  run,
};

async function run(
  { leastLength }: z.output<typeof input>,
  { files, report, signal }: RunContext,
): Promise<z.output<typeof output>> {
  const { input: text } = files;
  if (!text) throw new KindError('There is no text to count', { code: 'INVALID_INPUT', retryable: false });
  const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
  const counts = new Map<string, number>();
  let words = 0;
  let current = 0;
  for await (const line of createInterface({ input: Readable.from(await text.read()), signal })) {
    for (const { segment, isWordLike } of segmenter.segment(line)) {
      if (!isWordLike || segment.length < leastLength) continue;
      const word = segment.toLowerCase();
      counts.set(word, (counts.get(word) ?? 0) + 1);
      words += 1;
    }
    if (counts.size > MAX_WORDS) {
      throw new KindError('The text has too many different words', { code: 'INVALID_INPUT', retryable: false });
    }
    current += Buffer.byteLength(line) + 1;
    report({ percent: Math.min(99, Math.floor((current / text.size) * 100)), stage: 'counting', current });
  }
  signal.throwIfAborted();
  const rows = [...counts].sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1));
  const table = stringify(rows, { header: true, columns: ['word', 'count'], escape_formulas: true });
  await files.write({ name: 'words.csv', contentType: 'text/csv' }, table);
  return { words, distinct: rows.length, mostFrequent: rows[0]?.[0] ?? null };
}
