import { graphql, isInputObjectType } from 'graphql';
import { Arg, Query, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { INDUSTRIES, OCEAN, RIASEC, VIA_IS } from '../../src/kinds/assessment/dimensions.ts';
import { SubmitAssessmentInput } from '../../src/schema/assessment-input.ts';
import { GraphQLStrictJson } from '../../src/schema/json.ts';
import { schemaOfClasses } from './classes.ts';

@Resolver()
class InputQuery {
  @Query(() => GraphQLStrictJson)
  received(@Arg('input', () => SubmitAssessmentInput) input: SubmitAssessmentInput): unknown {
    return input;
  }
}

const schema = await schemaOfClasses(InputQuery);

const scores = (names: readonly string[], score = 50) => Object.fromEntries(names.map((name) => [name, score]));
const input = { riasec: scores(RIASEC), ocean: scores(OCEAN), viaIs: scores(VIA_IS) };

const receive = (sent: object) =>
  graphql({
    schema,
    source: 'query ($input: SubmitAssessmentInput!) { received(input: $input) }',
    variableValues: { input: sent },
  });

describe('the input of an assessment', () => {
  it.each([
    ['RiasecInput', RIASEC],
    ['OceanInput', OCEAN],
    ['ViaIsInput', VIA_IS],
    ['IndustryScoreInput', INDUSTRIES],
  ])('asks for every dimension that the engine scores: %s', (name, dimensions) => {
    const type = schema.getType(name);
    if (!isInputObjectType(type)) throw new Error(`${name} is no input type`);
    const fields = Object.values(type.getFields()).map((field) => [field.name, String(field.type)]);
    expect(Object.fromEntries(fields)).toEqual(Object.fromEntries(dimensions.map((name) => [name, 'Int!'])));
  });

  it('arrives as it was sent, with the usual assessment and engine where none is named', async () => {
    const { data, errors } = await receive(input);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ received: { ...input, assessmentName: 'AI-Driven Talent Mapping', engine: 'RULES' } });
    const whole = {
      ...input,
      assessmentName: 'Custom Assessment',
      industryScore: scores(INDUSTRIES, 101),
      rawResponses: { IPIP50: [{ questionId: 'OCEAN_E1', value: 5 }] },
      engine: 'LANGUAGE_MODEL',
      idempotencyKey: 'k',
    };
    expect((await receive(whole)).data).toEqual({ received: whole });
  });

  it.each([
    ['a missing score', { ...input, riasec: scores(RIASEC.slice(1)) }],
    ['an unknown score', { ...input, ocean: scores([...OCEAN, 'luck']) }],
    ['a score of 3.5', { ...input, ocean: { ...scores(OCEAN), openness: 3.5 } }],
    ['a score as text', { ...input, ocean: { ...scores(OCEAN), openness: '50' } }],
    ['a missing block', { riasec: input.riasec, ocean: input.ocean }],
    ['raw answers that cannot be stored', { ...input, rawResponses: { a: '\0' } }],
  ])('is refused with %s', async (_what, sent) => {
    const { data, errors } = await receive(sent);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
  });
});
