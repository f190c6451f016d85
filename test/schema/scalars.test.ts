import { parseValue as parseLiteralText } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Cursor, DateTime } from '../../src/schema/scalars.ts';

describe('a cursor', () => {
  it('is text of 1 to 2,048 characters and comes through unchanged', () => {
    for (const text of ['x', 'y'.repeat(2_048), ' +/=\u00e9 ']) {
      expect(Cursor.parseValue(text)).toBe(text);
      expect(Cursor.parseLiteral(parseLiteralText(JSON.stringify(text)))).toBe(text);
      expect(Cursor.serialize(text)).toBe(text);
    }
  });

  it.each([
    ['an empty text', ''],
    ['a longer text', 'x'.repeat(2_049)],
    ['a number', 7],
    ['a list', ['x']],
    ['an object', {}],
  ])('is not %s', (_what, value) => {
    const refusal = expect.objectContaining({
      message: 'Cursor must be a string of 1 to 2048 characters',
      extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    });
    expect(() => Cursor.parseValue(value)).toThrow(refusal);
    expect(() => Cursor.serialize(value)).toThrow(refusal);
    const literal = typeof value === 'object' ? '{ a: 1 }' : JSON.stringify(value);
    expect(() => Cursor.parseLiteral(parseLiteralText(literal))).toThrow(refusal);
  });
});

describe('a moment', () => {
  it('is read as a Date and written in UTC', () => {
    const moment = DateTime.parseValue('2026-01-31T14:00:00+02:00');
    expect(moment).toEqual(new Date('2026-01-31T12:00:00Z'));
    expect(JSON.stringify(DateTime.serialize(moment))).toBe('"2026-01-31T12:00:00.000Z"');
  });

  it.each(['2026-01-31', '2026-02-30T00:00:00Z', 'yesterday'])('is not %s', (text) => {
    expect(() => DateTime.parseValue(text)).toThrow();
  });
});
