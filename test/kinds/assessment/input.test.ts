import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ASSESSMENT_NAMES,
  type AssessmentInput,
  assessmentInput,
  SUPPORTED_ASSESSMENT_NAME,
} from '../../../src/kinds/assessment/input.ts';
import { anyRespondent, respondent } from './respondents.ts';

function faults(input: unknown): { path: PropertyKey[]; message: string }[] {
  const { error } = assessmentInput.safeParse(input);
  return (error?.issues ?? []).map(({ path, message }) => ({ path: [...path], message }));
}

function withScore(value: unknown): unknown {
  const input = respondent(50);
  return { ...input, riasec: { ...input.riasec, realistic: value } };
}

function withAnswer(answer: unknown): unknown {
  return { ...respondent(50), rawResponses: { ocean: [{ questionId: 'OCEAN_E1', value: 3 }, answer] } };
}

function withMeta(json: string): unknown {
  return withAnswer({ questionId: 'A', value: 1, meta: JSON.parse(json) });
}

describe('the names of assessments', () => {
  it('are three, of which one has an engine', () => {
    expect(ASSESSMENT_NAMES).toHaveLength(3);
    expect(ASSESSMENT_NAMES).toContain(SUPPORTED_ASSESSMENT_NAME);
  });
});

describe('a score', () => {
  it.each([
    [101, 'must be at most 100'],
    [-1, 'must be at least 0'],
    [3.5, 'must be a whole number'],
    [Number.NaN, 'must be a finite number'],
    [Number.POSITIVE_INFINITY, 'must be a finite number'],
    ['50', 'must be a whole number'],
    [null, 'must be a whole number'],
    [undefined, 'is required'],
  ])('of %s is refused at its path', (value, message) => {
    expect(faults(withScore(value))).toEqual([{ path: ['riasec', 'realistic'], message }]);
  });

  it('of minus zero is zero', () => {
    const { riasec } = assessmentInput.parse(withScore(-0));
    expect(Object.is(riasec.realistic, 0)).toBe(true);
  });

  it('that is wrong hides no other that is wrong', () => {
    const input = respondent(50, { realistic: 101, hope: -1 });
    expect(faults(input).map(({ path }) => path)).toEqual([
      ['riasec', 'realistic'],
      ['viaIs', 'hope'],
    ]);
  });
});

describe('an input', () => {
  it('is taken as it is when it is valid', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        expect(assessmentInput.parse(input)).toEqual(input);
      }),
    );
  });

  it.each(['riasec', 'ocean', 'viaIs'])('without %s is refused', (block) => {
    expect(faults({ ...respondent(50), [block]: undefined })).toEqual([{ path: [block], message: 'is required' }]);
  });

  it('of another sort is refused', () => {
    for (const input of [null, 3, 'scores', []])
      expect(faults(input)).toEqual([{ path: [], message: 'must be an object' }]);
  });

  it('with a field that is not known is refused, without repeating its name', () => {
    const input = respondent(50);
    const message = 'has a field that is not known';
    expect(faults({ ...input, secret: 1 })).toEqual([{ path: [], message }]);
    expect(faults({ ...input, ocean: { ...input.ocean, secret: 1 } })).toEqual([{ path: ['ocean'], message }]);
    expect(faults(withAnswer({ questionId: 'A', value: 1, secret: 1 }))).toEqual([
      { path: ['rawResponses', 'ocean', 1], message },
    ]);
  });

  it('may leave out the optional parts or set them to null', () => {
    const input: AssessmentInput = respondent(50);
    expect(assessmentInput.parse({ ...input, industryScore: null, rawResponses: null })).toStrictEqual(input);
  });

  it('has to score all fields of work when it scores any', () => {
    expect(faults({ ...respondent(50), industryScore: { teknologi: 50 } })).toHaveLength(23);
  });
});

describe('an answer', () => {
  it.each([
    ['a questionId with a space', { questionId: 'A 1', value: 1 }, 'questionId'],
    ['a questionId in lower case', { questionId: 'a1', value: 1 }, 'questionId'],
    ['a questionId with a line feed at its end', { questionId: 'A1\n', value: 1 }, 'questionId'],
    ['an empty questionId', { questionId: '', value: 1 }, 'questionId'],
    ['a questionId of 129 characters', { questionId: 'A'.repeat(129), value: 1 }, 'questionId'],
    ['a value of 101', { questionId: 'A', value: 101 }, 'value'],
    ['a value of -1', { questionId: 'A', value: -1 }, 'value'],
    ['a text of 1,001 characters', { questionId: 'A', value: 'x'.repeat(1_001) }, 'value'],
    ['a list as its value', { questionId: 'A', value: [1] }, 'value'],
    ['no value', { questionId: 'A' }, 'value'],
    ['a text as its weight', { questionId: 'A', value: 1, weight: 'heavy' }, 'weight'],
    ['a weight beyond measure', { questionId: 'A', value: 1, weight: 1e9 }, 'weight'],
    ['a list as its meta', { questionId: 'A', value: 1, meta: [] }, 'meta'],
    ['a text that is not well-formed', { questionId: 'A', value: '\ud800' }, 'value'],
    ['a text with a null character', { questionId: 'A', value: 'a\u0000' }, 'value'],
  ])('with %s is refused at its path', (_, answer, field) => {
    const found = faults(withAnswer(answer));
    expect(found.map(({ path }) => path)).toEqual([['rawResponses', 'ocean', 1, field]]);
  });

  it.each([
    ['0', 0],
    ['100', 100],
    ['3.5', 3.5],
    ['a text of 1,000 characters', 'x'.repeat(1_000)],
    ['an empty text', ''],
    ['false', false],
  ])('may be %s', (_, value) => {
    expect(faults(withAnswer({ questionId: 'A-1_B.:', value }))).toEqual([]);
  });

  it('never finds its content in a message', () => {
    const secret = 'hunter2 ';
    for (const answer of [
      { questionId: secret, value: 1 },
      { questionId: 'A', value: secret.repeat(200) },
      { questionId: 'A', value: 1, weight: secret },
    ]) {
      const found = faults(withAnswer(answer));
      expect(found).not.toEqual([]);
      expect(JSON.stringify(found)).not.toContain('hunter2');
    }
  });
});

describe('an instrument', () => {
  const rawResponses = (json: string) => ({ ...respondent(50), rawResponses: JSON.parse(json) });

  it.each(['__proto__', 'constructor', 'prototype'])('cannot be named %s', (name) => {
    expect(faults(rawResponses(`{ "${name}": [] }`))).toEqual([
      { path: ['rawResponses', name], message: 'is not allowed as a name' },
    ]);
  });

  it('cannot have a name of foreign characters or of 65 characters', () => {
    for (const name of ['<b>', '', 'a'.repeat(65)]) {
      expect(faults({ ...respondent(50), rawResponses: { [name]: [] } }).map(({ path }) => path)).toEqual([
        ['rawResponses', name],
      ]);
    }
  });

  it('can be one of 20, with 1,000 answers at most', () => {
    const instruments = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`I${i}`, []]));
    expect(faults({ ...respondent(50), rawResponses: instruments(20) })).toEqual([]);
    expect(faults({ ...respondent(50), rawResponses: instruments(21) })).toHaveLength(1);
    const answers = (count: number) => Array.from({ length: count }, () => ({ questionId: 'A', value: 1 }));
    expect(faults({ ...respondent(50), rawResponses: { ocean: answers(1_000) } })).toEqual([]);
    expect(faults({ ...respondent(50), rawResponses: { ocean: answers(1_001) } })).toHaveLength(1);
  });

  it('has to be a list of answers', () => {
    expect(faults(rawResponses('{ "ocean": {} }'))).toEqual([
      { path: ['rawResponses', 'ocean'], message: 'must be a list of answers' },
    ]);
    expect(faults(rawResponses('[]'))).toEqual([
      { path: ['rawResponses'], message: 'must be an object of instruments' },
    ]);
  });
});

describe('the meta of an answer', () => {
  it('is kept as it is', () => {
    const input = withMeta('{ "seconds": 1.5, "device": { "kind": "phone", "tags": ["a", null] } }');
    expect(assessmentInput.parse(input)).toEqual(input);
  });

  it.each(['{ "__proto__": { "admin": true } }', '{ "a": { "constructor": 1 } }', '{ "a": [{ "prototype": 1 }] }'])(
    'cannot be %s',
    (json) => {
      expect(faults(withMeta(json)).map(({ message }) => message)).toEqual(['is not allowed as a name']);
    },
  );

  it('has each fault told, 20 at most', () => {
    const meta = (count: number) =>
      withMeta(JSON.stringify(Array.from({ length: count }, () => ({ prototype: 1 }))).replace(/.*/, '{ "a": $& }'));
    expect(faults(meta(2)).map(({ path }) => path)).toEqual([
      ['rawResponses', 'ocean', 1, 'meta', 'a', 0, 'prototype'],
      ['rawResponses', 'ocean', 1, 'meta', 'a', 1, 'prototype'],
    ]);
    expect(faults(meta(30))).toHaveLength(20);
  });

  it('cannot be nested without end', () => {
    const depth = 5_000;
    const json = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(faults(withMeta(json)).map(({ message }) => message)).toEqual(['is nested too deeply']);
  });
});
