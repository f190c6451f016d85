import fc from 'fast-check';
import { INDUSTRIES, OCEAN, RIASEC, VIA_IS } from '../../../src/kinds/assessment/dimensions.ts';
import type { Answer, AssessmentInput } from '../../../src/kinds/assessment/input.ts';
import { IPIP50_KEY } from '../../../src/kinds/assessment/ipip50.ts';

/** Somebody whose every score is the same, but for those that are named. */
export function respondent(score: number, others: Partial<Record<string, number>> = {}): AssessmentInput {
  const block = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, others[name] ?? score])) as Record<Name, number>;
  return { riasec: block(RIASEC), ocean: block(OCEAN), viaIs: block(VIA_IS) };
}

/** An answer to each of the 50 items, as the function says. */
export function ipip50Answers(answerTo: (letter: string, item: number) => Answer['value']): Answer[] {
  return Object.values(IPIP50_KEY).flatMap(({ letter }) =>
    Array.from({ length: 10 }, (_, index) => ({
      questionId: `OCEAN_${letter}${index + 1}`,
      value: answerTo(letter, index + 1),
    })),
  );
}

const score = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 20, 21, 40, 41, 50, 60, 61, 80, 81, 100));

type Scores<Name extends string> = Record<Name, number>;

function block<Name extends string>(names: readonly Name[], value: fc.Arbitrary<number>): fc.Arbitrary<Scores<Name>> {
  const values = fc.array(value, { minLength: names.length, maxLength: names.length });
  return values.map((each) => Object.fromEntries(names.map((name, index) => [name, each[index]])) as Scores<Name>);
}

const answer = fc.record(
  {
    questionId: fc.stringMatching(/^[A-Z0-9\-_.:]{1,20}$/),
    value: fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.string({ unit: 'grapheme-ascii' }), fc.boolean()),
    weight: fc.integer({ min: -10, max: 10 }),
    meta: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer()),
  },
  { requiredKeys: ['questionId', 'value'] },
);

const fivePoint = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 50, maxLength: 50 });

const rawResponses = fc.record(
  {
    ocean: fivePoint.map((values) => {
      const rest = [...values];
      return ipip50Answers(() => rest.pop() ?? 3);
    }),
    viaIs: fc.array(answer, { maxLength: 30 }),
    riasec: fc.constantFrom(20, 30).map((count) => ipip50Answers(() => true).slice(0, count)),
  },
  { requiredKeys: [] },
);

function inputs(value: fc.Arbitrary<number>): fc.Arbitrary<AssessmentInput> {
  const parts = {
    riasec: block(RIASEC, value),
    ocean: block(OCEAN, value),
    viaIs: block(VIA_IS, value),
    industryScore: block(INDUSTRIES, value),
    rawResponses,
  };
  return fc.record(parts, { requiredKeys: ['riasec', 'ocean', 'viaIs'] });
}

/** Every valid input, with a good share of edges, ties and level profiles. */
export const anyRespondent: fc.Arbitrary<AssessmentInput> = fc.oneof(
  { weight: 4, arbitrary: inputs(score) },
  { weight: 1, arbitrary: score.chain((same) => inputs(fc.constantFrom(same, same, same, 100 - same))) },
  { weight: 1, arbitrary: score.map((same) => respondent(same)) },
);
