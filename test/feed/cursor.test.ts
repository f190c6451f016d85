import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CURSOR_LENGTH, readCursor, writeCursor } from '../../src/feed/cursor.ts';
import type { Position } from '../../src/feed/position.ts';

/** A snapshot whose open transactions lie as far below its end as the distances say. */
const snapshot = fc
  .record({
    lowest: fc.bigInt({ min: 1n, max: 2n ** 60n }),
    distances: fc.array(fc.bigInt({ min: 1n, max: 2n ** 40n }), { maxLength: 12 }),
  })
  .map(({ lowest, distances }) => {
    const open: bigint[] = [];
    let next = lowest;
    for (const distance of distances) {
      open.push(next);
      next += distance;
    }
    return { next, open };
  });

const part = fc
  .record({
    until: snapshot,
    last: fc.bigInt({ min: 0n, max: 2n ** 61n }),
    rest: fc.bigInt({ min: 1n, max: 2n ** 61n }),
  })
  .map(({ until, last, rest }) => ({ until, last, end: last + rest }));

const position: fc.Arbitrary<Position> = fc.record({ logId: fc.uuid(), seen: snapshot, part: fc.option(part) });
const reader = fc.option(fc.uuid());

const somewhere: Position = {
  logId: randomUUID(),
  seen: { next: 5_536n, open: [] },
  part: null,
};

describe('a cursor', () => {
  it('is read as the position that was written, by the reader that it was written for', () => {
    fc.assert(
      fc.property(reader, position, (who, where) => {
        const cursor = writeCursor(who, where);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(readCursor(who, cursor)).toEqual(where);
      }),
    );
  });

  it('is nothing to anybody else', () => {
    fc.assert(
      fc.property(reader, reader, position, (who, other, where) => {
        fc.pre(who !== other);
        expect(readCursor(other, writeCursor(who, where))).toBeNull();
      }),
    );
  });

  it('is short while little is open, and has room for hundreds of open transactions', () => {
    expect(writeCursor(randomUUID(), somewhere).length).toBeLessThanOrEqual(41);
    const open = Array.from({ length: 700 }, (_, index) => 1_000_000n + 3n * BigInt(index));
    const busy = { next: 1_003_000n, open };
    const cursor = writeCursor(null, { ...somewhere, seen: busy, part: { until: busy, last: 9n, end: 2n ** 40n } });
    expect(cursor.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(readCursor(null, cursor)?.part?.until).toEqual(busy);
  });

  it('that lost, gained or changed a single character is none', () => {
    fc.assert(
      fc.property(position, fc.nat(), fc.constantFrom('A', 'z', '_', '=', ' ', ''), (where, place, character) => {
        const cursor = writeCursor(null, where);
        const at = place % (cursor.length + 1);
        for (const changed of [
          cursor.slice(0, at) + character + cursor.slice(at + 1),
          cursor.slice(0, at) + character + cursor.slice(at),
        ]) {
          if (changed !== cursor) expect(readCursor(null, changed)).toBeNull();
        }
      }),
    );
  });

  it('cannot be made up from bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(readCursor(null, Buffer.from(bytes).toString('base64url'))).toBeNull();
      }),
    );
    for (const text of ['', 'x', '\u0000', '𝕏', 'A'.repeat(MAX_CURSOR_LENGTH), 'A'.repeat(10_000_000)]) {
      expect(readCursor(null, text)).toBeNull();
    }
  });

  it.each<[string, Partial<Position>]>([
    ['an open transaction above the end', { seen: { next: 5n, open: [7n] } }],
    ['open transactions out of order', { seen: { next: 9n, open: [6n, 4n] } }],
    ['one open twice', { seen: { next: 9n, open: [6n, 6n] } }],
    ['the transaction 0', { seen: { next: 9n, open: [0n] } }],
    ['an end at 0', { seen: { next: 0n, open: [] } }],
    ['a number beyond all that a database counts', { seen: { next: 2n ** 64n, open: [] } }],
    ['a part that is over', { part: { until: { next: 9n, open: [] }, last: 4n, end: 4n } }],
    ['a part that ends beyond all rows', { part: { until: { next: 9n, open: [] }, last: 4n, end: 2n ** 63n } }],
  ])('with the right seal, but with %s, is none', (_what, wrong) => {
    const cursor = (() => {
      try {
        return writeCursor(null, { ...somewhere, ...wrong });
      } catch {
        return '';
      }
    })();
    expect(readCursor(null, cursor)).toBeNull();
  });
});
