import { randomBytes, randomUUID } from 'node:crypto';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  CODECS,
  COMPRESSION_ALGORITHMS,
  type CompressionAlgorithm,
  isAvailable,
} from '../../../src/kinds/compress/codecs.ts';
import { type CompressInput, compress } from '../../../src/kinds/compress/index.ts';
import { KindError } from '../../../src/kinds/kind.ts';
import type { Progress } from '../../../src/runner/context.ts';
import { openRunFiles } from '../../../src/runner/run-files.ts';
import { chunked, rowsOfText, useStorage } from '../../support/files.ts';
import { runContext } from '../../support/run-context.ts';

const storage = useStorage();

const decompress: Record<CompressionAlgorithm, (bytes: Buffer) => Buffer> = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ZSTD: (bytes) => zlib.zstdDecompressSync(bytes),
};

async function run(bytes: Uint8Array, given: CompressInput, { signal = new AbortController().signal } = {}) {
  const storedAs = await storage().put(bytes);
  const input = { name: 'demand.csv', contentType: 'text/csv', size: bytes.length, storedAs };
  const openStorage = async () => storage().storage;
  const { files, written } = openRunFiles(openStorage, { input, reserved: [randomUUID()] }, signal);
  const reports: Progress[] = [];
  const output = await compress.run(given, runContext({ signal, files, report: (one) => void reports.push(one) }));
  return { output, written, reports, compressed: await storage().get(written[0]!.storedAs) };
}

describe('a file that is compressed', () => {
  const given = fc.constantFrom(...COMPRESSION_ALGORITHMS).chain((algorithm) =>
    fc.record({
      algorithm: fc.constant(algorithm),
      level: fc.integer({ min: CODECS[algorithm].levels.least, max: CODECS[algorithm].levels.most }),
    }),
  );
  const content = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
    fc.integer({ min: 1, max: 200_000 }).map((size) => rowsOfText(size)),
    fc.integer({ min: 1, max: 200_000 }).map((size) => randomBytes(size)),
    fc.integer({ min: 1, max: 200_000 }).map((size) => Buffer.alloc(size)),
  );

  it('decompresses to the same bytes, whatever it holds, by each algorithm at each level', async () => {
    await fc.assert(
      fc.asyncProperty(given, content, async (how, bytes) => {
        const { output, written, compressed } = await run(bytes, how);
        expect(decompress[how.algorithm](compressed).equals(bytes)).toBe(true);
        expect(output).toEqual({
          ...how,
          originalSize: bytes.length,
          compressedSize: compressed.length,
          ratio: Math.round((compressed.length / bytes.length) * 10_000) / 10_000,
        });
        expect(compress.output.parse(output)).toEqual(output);
        expect(written[0]).toMatchObject({ size: compressed.length });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['GZIP', 'demand.csv.gz', 'application/gzip'],
    ['BROTLI', 'demand.csv.br', 'application/x-brotli'],
    ['ZSTD', 'demand.csv.zst', 'application/zstd'],
  ] as const)('is named after its source and its algorithm: %s', async (algorithm, name, contentType) => {
    const { written } = await run(rowsOfText(1_000), { algorithm, level: CODECS[algorithm].levels.standard });
    expect(written).toMatchObject([{ name, contentType }]);
  });

  it('tells how many bytes have been read', async () => {
    const { reports } = await run(rowsOfText(1_000_000), { algorithm: 'GZIP', level: 1 });
    expect(reports.length).toBeGreaterThan(5);
    expect(reports.map(({ current = 0 }) => current)).toEqual(
      reports.map(({ current = 0 }) => current).toSorted((a, b) => a - b),
    );
    expect(reports.at(-1)).toEqual({ percent: 99, stage: 'compressing', current: 1_000_000, expected: 1_000_000 });
  });

  it('is not held in memory', async () => {
    const size = 80_000_000;
    const rows = rowsOfText(100_000);
    const source = async function* () {
      for (let at = 0; at < size; at += rows.length) yield* chunked(rows);
    };
    let most = 0;
    const before = process.memoryUsage().rss;
    const write = async (_file: unknown, bytes: AsyncIterable<Uint8Array>) => {
      let written = 0;
      for await (const chunk of bytes) {
        written += chunk.length;
        most = Math.max(most, process.memoryUsage().rss - before);
      }
      return { size: written };
    };
    const input = { name: 'big.csv', contentType: 'text/csv', size, read: async () => source() };
    const output = await compress.run({ algorithm: 'ZSTD', level: 3 }, runContext({ files: { input, write } }));
    expect(output).toMatchObject({ originalSize: size });
    expect(most).toBeLessThan(64_000_000);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const running = run(rowsOfText(8_000_000), { algorithm: 'BROTLI', level: 11 }, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('cancelled')), 100);
    await expect(running).rejects.toThrow(/cancelled|aborted/);
  });

  it('is none where there is no file, or where this Node lacks the algorithm, and neither is tried again', async () => {
    const verdictOf = async (act: Promise<unknown>) =>
      await act.then(
        () => null,
        (error: unknown) => (error instanceof KindError ? [error.retryable, error.message] : error),
      );
    const none = compress.run({ algorithm: 'GZIP', level: 6 }, runContext());
    expect(await verdictOf(Promise.resolve(none))).toEqual([false, 'There is no file to compress']);
    const open = vi.spyOn(CODECS.ZSTD, 'open').mockReturnValue(null);
    expect(isAvailable('ZSTD')).toBe(false);
    const lacking = run(Buffer.from('x'), { algorithm: 'ZSTD', level: 3 });
    expect(await verdictOf(lacking)).toEqual([false, "This worker's Node cannot compress with ZSTD: it needs Node 24"]);
    open.mockRestore();
    expect(COMPRESSION_ALGORITHMS.map(isAvailable)).toEqual([true, true, true]);
  });
});

describe('the input of a compression', () => {
  it('is an algorithm and a level that it knows', () => {
    expect(compress.input.parse({ algorithm: 'GZIP' })).toEqual({ algorithm: 'GZIP', level: 6 });
    expect(compress.input.parse(compress.input.parse({ algorithm: 'BROTLI' }))).toEqual({
      algorithm: 'BROTLI',
      level: 6,
    });
    for (const wrong of [
      {},
      { algorithm: 'LZ4' },
      { algorithm: 'GZIP', level: 1.5 },
      { algorithm: 'GZIP', file: 'x' },
    ]) {
      expect(compress.input.safeParse(wrong).success).toBe(false);
    }
  });
});
