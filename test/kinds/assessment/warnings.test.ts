import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/kinds/assessment/input.ts';
import { findWarnings } from '../../../src/kinds/assessment/warnings.ts';
import { ipip50Answers, respondent } from './respondents.ts';

/** Answers of 1 to 5 in turn, which no straight line runs through, at 50 for every trait. */
const varied = ipip50Answers((_, item) => [2, 4, 4, 2, 3][item % 5] ?? 3);

const answers = (count: number, same: number): Answer[] =>
  Array.from({ length: count }, (_, index) => ({ questionId: `Q${index}`, value: index < same ? true : index % 100 }));

describe('disagreement', () => {
  it('of more than one point between given and item scores is told with both, per trait', () => {
    const middle = ipip50Answers(() => 3);
    const found = findWarnings({
      ...respondent(50, { openness: 52, neuroticism: 10 }),
      rawResponses: { ocean: middle },
    });
    expect(found.slice(0, 2)).toEqual([
      'Your openness was given as 52, but the 50 item answers come to 50; the given score counts.',
      'Your neuroticism was given as 10, but the 50 item answers come to 50; the given score counts.',
    ]);
  });

  it('of one point is not told', () => {
    const input = respondent(50, { openness: 51, neuroticism: 49 });
    const middle = ipip50Answers(() => 3);
    expect(
      findWarnings({ ...input, rawResponses: { ocean: middle } }).filter((warning) => /given/.test(warning)),
    ).toEqual([]);
  });

  it('is not looked for in an incomplete instrument or in one of another name', () => {
    expect(findWarnings({ ...respondent(0), rawResponses: { ocean: varied.slice(1) } })).toEqual([]);
    expect(findWarnings({ ...respondent(0), rawResponses: { bigFive: varied } })).toEqual([]);
    expect(findWarnings(respondent(0))).toEqual([]);
  });
});

describe('straight-lining', () => {
  it.each([
    [20, 18, true],
    [20, 17, false],
    [19, 19, false],
    [30, 27, true],
    [30, 26, false],
  ])('in %i answers of which %i are the same is told: %s', (count, same, told) => {
    const found = findWarnings({ ...respondent(50), rawResponses: { viaIs: answers(count, same) } });
    expect(found).toEqual(
      told
        ? [
            `In the instrument viaIs, ${same} of ${count} answers are the same, so the scores that rest on it may say little about you.`,
          ]
        : [],
    );
  });

  it('is told per instrument, in the order of their names', () => {
    const rawResponses = { viaIs: answers(20, 20), riasec: answers(20, 20) };
    const found = findWarnings({ ...respondent(50), rawResponses });
    expect(found.map((warning) => /instrument (\w+)/.exec(warning)?.[1])).toEqual(['riasec', 'viaIs']);
  });
});
