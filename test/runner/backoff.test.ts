import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../src/runner/backoff.ts';

const fiveSeconds = { firstMs: 5_000, capMs: 300_000 };

it('doubles with each repetition, up to the cap', () => {
  const longest = [1, 2, 3, 4, 7, 50].map((count) => backoffMs(count, fiveSeconds, () => 1));
  expect(longest).toEqual([5_000, 10_000, 20_000, 40_000, 300_000, 300_000]);
});

it('waits at least half of the full time, and what is drawn decides the rest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, drawn) => {
      const full = backoffMs(count, fiveSeconds, () => 1);
      const waited = backoffMs(count, fiveSeconds, () => drawn);
      expect(waited).toBeGreaterThanOrEqual(full / 2);
      expect(waited).toBeLessThanOrEqual(full);
    }),
  );
});
