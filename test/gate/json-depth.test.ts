import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isNestedDeeper } from '../../src/gate/json-depth.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function levels(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levels));
}

it('agrees with a parser about every JSON value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, maximum) => {
      expect(isNestedDeeper(bytes(JSON.stringify(value)), maximum)).toBe(levels(value) > maximum);
    }),
  );
});

it.each([
  ['brackets in text', '{"[[[[": "{{{{\\"[[[\\\\"}', 1],
  ['text without an end', '["[[[[[', 1],
  ['a backslash at the end', '["\\', 1],
])('counts levels, not %s', (_what, text, depth) => {
  expect([isNestedDeeper(bytes(text), depth), isNestedDeeper(bytes(text), depth - 1)]).toEqual([false, true]);
});

it('finds a million levels at once', () => {
  let looks = 0;
  const watched = new Proxy(bytes('['.repeat(1_000_000)), {
    get(target, key) {
      looks += 1;
      return Reflect.get(target, key);
    },
  });
  expect(isNestedDeeper(watched, 32)).toBe(true);
  expect(looks).toBeLessThan(1_000);
});
