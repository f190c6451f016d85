import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../../src/kinds/assessment/analysis.ts';
import { jsonSchemaOf, proseLike, proseOf, reworded } from '../../../../src/kinds/assessment/language-model/prose.ts';
import { reportSchema } from '../../../../src/kinds/assessment/report.ts';
import { anyRespondent, respondent } from '../respondents.ts';

const draft = proseOf(analyze(respondent(50)));

describe('the prose of a report', () => {
  it('put back where it came from is the report again, of anybody', () => {
    fc.assert(
      fc.property(anyRespondent, (input) => {
        const report = analyze(input);
        expect(reworded(report, proseOf(report))).toEqual(report);
        expect(proseLike(proseOf(report)).safeParse(proseOf(report)).error).toBeUndefined();
      }),
    );
  });

  it('of as many texts as the draft makes a report that can be stored, whatever they say', () => {
    const text = fc.string({ minLength: 10, maxLength: 1_000 });
    const others = fc.record(
      Object.fromEntries(
        Object.entries(draft).map(([name, value]: [string, string | string[]]) => [
          name,
          typeof value === 'string' ? text : fc.array(text, { minLength: value.length, maxLength: value.length }),
        ]),
      ),
    );
    fc.assert(
      fc.property(others, (other) => {
        const prose = proseLike(draft).parse(other);
        expect(reportSchema.safeParse(reworded(analyze(respondent(50)), prose)).error).toBeUndefined();
      }),
    );
  });
});

describe('the form that a model is asked for', () => {
  const { properties, required, ...form } = jsonSchemaOf(proseLike(draft));

  it('has every text, and no others', () => {
    expect(required).toEqual(Object.keys(draft));
    expect(Object.keys(properties as object)).toEqual(Object.keys(draft));
    expect(form).toEqual({ type: 'object', additionalProperties: false });
  });

  it('says how long each list is, and nothing of the length of a text, which some endpoints take amiss', () => {
    expect(properties).toMatchObject({
      shortSummary: { type: 'string' },
      strengths: { type: 'array', items: { type: 'string' }, minItems: 3, maxItems: 3 },
    });
    expect(JSON.stringify(properties)).not.toMatch(/Length/);
  });
});
