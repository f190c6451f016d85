import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { RunContext, RunInput } from '../../runner/context.ts';
import { type Kind, KindError } from '../kind.ts';
import { CODECS, COMPRESSION_ALGORITHMS } from './codecs.ts';

const input = z
  .strictObject({ algorithm: z.enum(COMPRESSION_ALGORITHMS), level: z.int('must be a whole number').nullish() })
  .transform(({ algorithm, level }) => ({ algorithm, level: level ?? CODECS[algorithm].levels.standard }))
  .superRefine(({ algorithm, level }, context) => {
    const { least, most } = CODECS[algorithm].levels;
    if (level >= least && level <= most) return;
    context.addIssue({ code: 'custom', path: ['level'], message: `must be from ${least} to ${most} for ${algorithm}` });
  });
export type CompressInput = z.output<typeof input>;

const output = z.strictObject({
  algorithm: z.enum(COMPRESSION_ALGORITHMS),
  level: z.int(),
  /** Bytes. */
  originalSize: z.int(),
  compressedSize: z.int(),
  /** What is left of a byte: the compressed size by the original one. Above 1 where the file did not shrink. */
  ratio: z.number(),
});
export type CompressOutput = z.output<typeof output>;

/** A file in, the same file smaller out. It is never held in memory, whatever its size. */
export const compress: Kind<CompressInput, CompressOutput> = {
  policy: { price: 1, maxAttempts: 3, runLimitMs: 300_000 },
  input,
  output,
  outputFiles: 1,
  run,
};

async function run(
  { algorithm, level }: CompressInput,
  { files, report, signal }: RunContext,
): Promise<CompressOutput> {
  const { input: file } = files;
  if (!file) throw new KindError('There is no file to compress', { code: 'INVALID_INPUT', retryable: false });
  const { open, suffix, contentType } = CODECS[algorithm];
  const compressor = open(level, file.size);
  if (!compressor) {
    throw new KindError(`This worker's Node cannot compress with ${algorithm}: it needs Node 24`, { retryable: false });
  }
  let size = 0;
  await pipeline(
    counted(file, report),
    compressor,
    async (compressed: AsyncIterable<Buffer>) => {
      ({ size } = await files.write({ name: `${file.name}${suffix}`, contentType }, compressed));
    },
    { signal },
  );
  const ratio = file.size === 0 ? 1 : Math.round((size / file.size) * 10_000) / 10_000;
  return { algorithm, level, originalSize: file.size, compressedSize: size, ratio };
}

/** The bytes of a file, and word of how many have been read. */
async function* counted(file: RunInput, report: RunContext['report']): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of await file.read()) {
    yield chunk;
    current += chunk.length;
    const percent = Math.min(99, Math.floor((current / file.size) * 100));
    report({ percent, stage: 'compressing', current, expected: file.size });
  }
}
