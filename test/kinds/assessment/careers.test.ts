import { describe, expect, it } from 'vitest';
import { CAREERS } from '../../../src/kinds/assessment/careers.ts';
import { INDUSTRIES, RIASEC } from '../../../src/kinds/assessment/dimensions.ts';
import { HOLLAND_LETTERS } from '../../../src/kinds/assessment/holland.ts';

describe('the careers', () => {
  it('have names of their own', () => {
    expect(new Set(CAREERS.map(({ name }) => name)).size).toBe(CAREERS.length);
  });

  it('turn on three different interests each', () => {
    for (const { name, code } of CAREERS) expect(new Set(code).size, name).toBe(3);
  });

  it('cover every pair of leading interests and every field of work', () => {
    const letters = RIASEC.map((interest) => HOLLAND_LETTERS[interest]);
    const pairs = letters.flatMap((first) =>
      letters.filter((second) => second !== first).map((second) => first + second),
    );
    expect(new Set(CAREERS.map(({ code }) => code[0] + code[1]))).toEqual(new Set(pairs));
    expect(new Set(CAREERS.flatMap(({ industries }) => industries))).toEqual(new Set(INDUSTRIES));
  });
});
