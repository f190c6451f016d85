import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Announced, IntakeFault, takeIn } from '../../src/files/intake.ts';
import { chunked, sha256Of } from '../support/files.ts';

const announced = (bytes: Uint8Array, more: Partial<Announced> = {}): Announced => ({
  ...{ size: bytes.length, contentType: 'application/octet-stream', sha256: null },
  ...more,
});

async function take(bytes: Uint8Array, as: Announced, chunkSize = 7) {
  const intake = takeIn(chunked(bytes, chunkSize), as);
  const passed = Buffer.concat(await Array.fromAsync(intake.bytes));
  return { passed, sha256: intake.sha256() };
}

const faultOf = (bytes: Uint8Array, as: Announced, chunkSize = 7) =>
  take(bytes, as, chunkSize).then(
    () => null,
    (error: unknown) => (error instanceof IntakeFault ? error.found : error),
  );

describe('bytes on their way in', () => {
  it('pass as they are, in whatever pieces they come, with their checksum', async () => {
    const pieces = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20_000 }), fc.integer({ min: 1, max: 9_000 }));
    await fc.assert(
      fc.asyncProperty(pieces, async ([bytes, chunkSize]) => {
        const { passed, sha256 } = await take(bytes, announced(bytes, { sha256: sha256Of(bytes) }), chunkSize);
        expect(passed.equals(bytes)).toBe(true);
        expect(sha256).toBe(sha256Of(bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('are refused where they are more or fewer than announced, or others', async () => {
    const bytes = Buffer.from('exactly this');
    expect(await faultOf(bytes, announced(bytes, { size: 11 }))).toBe('LONGER');
    expect(await faultOf(bytes, announced(bytes, { size: 13 }))).toBe('SHORTER');
    expect(await faultOf(Buffer.alloc(0), announced(bytes))).toBe('SHORTER');
    expect(await faultOf(bytes, announced(bytes, { sha256: sha256Of(Buffer.from('another')) }))).toBe('OTHER_CHECKSUM');
  });

  it('are read no further than announced', async () => {
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1_000;
        yield Buffer.alloc(1_000);
      }
    }
    const { bytes } = takeIn(endless(), announced(Buffer.alloc(5_000)));
    await expect(Array.fromAsync(bytes)).rejects.toThrow('LONGER');
    expect(given).toBeLessThanOrEqual(6_000);
  });

  it('are held back until one can see whether they are what they claim', async () => {
    const gzip = gzipSync('x'.repeat(50_000), { level: 0 });
    expect(await faultOf(gzip, announced(gzip, { contentType: 'application/gzip' }), 1)).toBeNull();
    const { bytes } = takeIn(chunked(gzip.toReversed(), 100), announced(gzip, { contentType: 'application/gzip' }));
    const passed: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const chunk of bytes) passed.push(chunk);
      })(),
    ).rejects.toThrow('OTHER_CONTENT');
    expect(passed).toEqual([]);
  });

  it.each([
    ['NUL', Buffer.from('a,b\n1,\0\n'), 'NO_TEXT'],
    ['half a character at the end', Buffer.from('naïve').subarray(0, 3), 'NO_TEXT'],
    ['Latin-1', Buffer.from('naïve', 'latin1'), 'NO_TEXT'],
    ['UTF-16', Buffer.from('a,b', 'utf16le'), 'NO_TEXT'],
    ['characters that are cut between two pieces', Buffer.from('ä€😀'.repeat(500)), null],
    ['a byte order mark', Buffer.from('\uFEFFa,b'), null],
  ])('that claim to be text are refused unless they are UTF-8: %s', async (_what, bytes, found) => {
    expect(await faultOf(bytes, announced(bytes, { contentType: 'text/csv' }), 1)).toBe(found);
  });
});
