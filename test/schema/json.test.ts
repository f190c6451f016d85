import fc from 'fast-check';
import { GraphQLError, Kind, parseValue as parseLiteralText, type ValueNode, valueFromAST } from 'graphql';
import { describe, expect, it } from 'vitest';
import { GraphQLStrictJson } from '../../src/schema/json.ts';

const KIB_256 = 256 * 1024;

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

function refusal(read: () => unknown): GraphQLError {
  try {
    read();
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  throw new Error('The value was accepted');
}

const refused = (value: unknown) => refusal(() => GraphQLStrictJson.parseValue(value));

const literal = (text: string, variables?: Record<string, unknown>) =>
  GraphQLStrictJson.parseLiteral(parseLiteralText(text), variables);

/** A value in the notation of GraphQL, where keys have no quotes. */
function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}: ${print(member)}`)
    .join(' ')}}`;
}

describe('a JSON variable', () => {
  it('comes through as it is', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }).filter((value) => storable(value)),
        (value) => {
          expect(GraphQLStrictJson.parseValue(value)).toBe(value);
        },
      ),
    );
  });

  it.each([
    ['U+0000 in a string', { a: ['x\0y'] }, ['a', 0], 'U+0000'],
    ['U+0000 in a key', { a: { 'x\0y': 1 } }, ['a'], 'U+0000'],
    ['a lone high surrogate', ['ok', '\ud83d'], [1], 'well-formed'],
    ['a lone low surrogate in a key', { '\ude00': 1 }, [], 'well-formed'],
    ['infinity', [Number.POSITIVE_INFINITY], [0], 'finite'],
    ['NaN', { a: Number.NaN }, ['a'], 'finite'],
    ['an integer that a double cannot hold exactly', { a: 2 ** 53 }, ['a'], '2^53 - 1'],
    ['a large negative integer', { a: -(2 ** 53) }, ['a'], '2^53 - 1'],
    ['a key that sets a prototype', JSON.parse('{"a": {"__proto__": {"admin": true}}}'), ['a'], '__proto__'],
    ['a key that reaches a constructor', { constructor: 1 }, [], 'constructor'],
    ['a key that reaches a prototype', [{ prototype: 1 }], [0], 'prototype'],
    ['a date', { a: new Date(0) }, ['a'], 'must consist of'],
    ['a bigint', [1n], [0], 'must consist of'],
    ['undefined', { a: undefined }, ['a'], 'must consist of'],
    ['a map', new Map(), [], 'must consist of'],
  ])('is refused with %s, by rule and place', (_what, value, path, rule) => {
    const error = refused(value);
    expect(error.message).toContain(rule);
    expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT', fault: { path, rule: expect.stringContaining(rule) } });
  });

  it('keeps emoji, the largest exact integers, fractions and null', () => {
    const value = { '👩‍🚀': ['\u0001', Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.1, 5e-324, null, true] };
    expect(GraphQLStrictJson.parseValue(value)).toBe(value);
  });

  it('may have 32 levels and no more', () => {
    expect(GraphQLStrictJson.parseValue(nested(32))).toEqual(nested(32));
    expect(refused(nested(33)).message).toBe('JSON must have at most 32 levels');
    expect(refused(nested(100_000)).message).toBe('JSON must have at most 32 levels');
  });

  it.each([
    ['letters', (bytes: number) => 'x'.repeat(bytes - 2)],
    ['letters of two bytes', (bytes: number) => 'é'.repeat((bytes - 2) / 2)],
    ['quotes, which are escaped', (bytes: number) => '"'.repeat((bytes - 2) / 2)],
    ['numbers in a list', (bytes: number) => [...Array<number>((bytes - 4) / 2).fill(7), 10]],
    ['a long key', (bytes: number) => ({ ['k'.repeat(bytes - 6)]: 1 })],
  ])('may have 256 KiB and no more, counted in bytes of its text: %s', (_what, make) => {
    const largest = make(KIB_256);
    expect(GraphQLStrictJson.parseValue(largest)).toBe(largest);
    expect(refused(make(KIB_256 + 2)).message).toBe('JSON must have at most 256 KiB');
  });

  it('is measured exactly as it is serialized', () => {
    const filler = (value: unknown) => KIB_256 - Buffer.byteLength(JSON.stringify([value, '']));
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }).filter((value) => storable(value)),
        (value) => {
          const room = filler(value);
          expect(() => GraphQLStrictJson.parseValue([value, 'x'.repeat(room)])).not.toThrow();
          expect(refused([value, 'x'.repeat(room + 1)]).message).toBe('JSON must have at most 256 KiB');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('never comes back in the error', () => {
    const secret = 's3cret-value';
    const broken = [
      `${secret}\0`,
      `${secret}\ud800`,
      nested(40),
      secret.repeat(30_000),
      { __proto__: null, prototype: secret },
    ];
    for (const value of broken) {
      const error = refused({ inner: [value, secret] });
      expect(JSON.stringify(error)).not.toContain(secret);
    }
  });
});

describe('a JSON literal', () => {
  it('reads as the same value as a variable would', () => {
    fc.assert(
      fc.property(
        fc.letrec<{ json: unknown }>((tie) => ({
          json: fc.oneof(
            { maxDepth: 4, withCrossShrink: true },
            fc.oneof(fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.string({ unit: 'grapheme' })),
            fc.array(tie('json'), { maxLength: 4 }),
            fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('json'), { maxKeys: 4, noNullPrototype: true }),
          ),
        })).json,
        (value) => {
          expect(literal(print(value))).toEqual(value);
        },
      ),
    );
  });

  it('takes variables, leaving out those without a value', () => {
    const variables = { x: { deep: [1] }, none: null };
    expect(literal('{ a: $x b: $missing c: [$missing $none] }', variables)).toEqual({
      a: { deep: [1] },
      c: [null, null],
    });
    expect(literal('{ a: $x }')).toEqual({});
    expect(valueFromAST(parseLiteralText('[$x]'), GraphQLStrictJson, variables)).toEqual([{ deep: [1] }]);
  });

  it.each([
    ['9007199254740993', '2^53 - 1'],
    ['1e400', 'finite'],
    ['{ a: "\\u0000" }', 'U+0000'],
    ['{ __proto__: { admin: true } }', '__proto__'],
    ['[{ constructor: 1 }]', 'constructor'],
    ['[RED]', 'must consist of'],
    [print(nested(33)), '32 levels'],
    [`${'['.repeat(32)}[]${']'.repeat(32)}`, '32 levels'],
  ])('is refused by the same rules: %s', (text, rule) => {
    const error = refusal(() => literal(text));
    expect(error.message).toContain(rule);
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
  });

  it('may have 32 levels, variables included', () => {
    expect(literal(print(nested(32)))).toEqual(nested(32));
    expect(literal('[$x]', { x: nested(31) })).toEqual([nested(31)]);
    expect(refusal(() => literal('[$x]', { x: nested(32) })).message).toContain('32 levels');
  });

  it('is not read to its end where it names a large variable many times', () => {
    let reads = 0;
    const x = new Proxy(Array<number>(100_000).fill(1), {
      get: (list, key) => {
        reads++;
        return Reflect.get(list, key);
      },
    });
    expect(refusal(() => literal(`[${'$x '.repeat(100)}]`, { x })).message).toBe('JSON must have at most 256 KiB');
    expect(reads).toBeLessThan(500_000);
  });

  it('is not followed into depths where the stack would end', () => {
    let node: ValueNode = { kind: Kind.NULL };
    for (let level = 0; level < 100_000; level++) node = { kind: Kind.LIST, values: [node] };
    expect(refusal(() => GraphQLStrictJson.parseLiteral(node)).message).toBe('JSON must have at most 32 levels');
  });

  it('does not touch any prototype', () => {
    refusal(() => literal('{ __proto__: { polluted: true } }'));
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a JSON value on its way out', () => {
  it('is passed through, whatever it is', () => {
    const value = { a: nested(100) };
    expect(GraphQLStrictJson.serialize(value)).toBe(value);
  });
});

/** Says independently whether a value keeps the rules that fast-check's values can break. */
function storable(value: unknown): boolean {
  if (typeof value === 'string') return !/[\0\p{Surrogate}]/u.test(value);
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(storable);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, member]) => storable(key) && !['__proto__', 'constructor', 'prototype'].includes(key) && storable(member),
  );
}
