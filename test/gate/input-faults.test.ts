import fc from 'fast-check';
import { GraphQLObjectType, GraphQLSchema, GraphQLString, getOperationAST, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { variableFaults } from '../../src/gate/input-faults.ts';
import { useDatabase } from '../support/database.ts';
import { type Answer, codeOf, useTinyApi } from './tiny-api.ts';
import { tinySchema } from './tiny-schema.ts';

const api = useTinyApi(useDatabase());
const MUTATION = 'mutation Submit($input: SubmitInput!) { submit(input: $input) }';
const good = { riasec: { realistic: 1, social: 2 } };

const send = async (query: string, variables?: unknown, accept?: string): Promise<Answer> =>
  api().ask({ query, variables }, { token: await api().userToken(), headers: accept ? { accept } : {} });
const detailsOf = ({ body }: Answer) => body.errors![0]!.extensions.details;

describe('variables of the wrong shape', () => {
  const faults: [string, unknown, unknown][] = [
    ['a missing field', { riasec: { social: 2 } }, [{ path: ['input', 'riasec', 'realistic'], rule: 'is required' }]],
    [
      'null for a required field',
      { riasec: { realistic: null, social: 2 } },
      [{ path: ['input', 'riasec', 'realistic'], rule: 'must not be null' }],
    ],
    [
      '3.5 for an Int',
      { riasec: { realistic: 3.5, social: 2 } },
      [{ path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' }],
    ],
    [
      '2^31 for an Int',
      { riasec: { realistic: 2 ** 31, social: 2 } },
      [{ path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' }],
    ],
    [
      'text for an Int',
      { riasec: { realistic: 'CANARY', social: 2 } },
      [{ path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' }],
    ],
    ['text for an object', { riasec: 'CANARY' }, [{ path: ['input', 'riasec'], rule: 'must be an object' }]],
    [
      'an unknown field',
      { ...good, staus: 'CANARY' },
      [{ path: ['input', 'staus'], rule: 'is not a field of SubmitInput' }],
    ],
    [
      'an unknown word of an enum',
      { ...good, colour: 'CANARY' },
      [{ path: ['input', 'colour'], rule: 'must be of type Colour' }],
    ],
    ['a number for an enum', { ...good, colour: 7 }, [{ path: ['input', 'colour'], rule: 'must be of type Colour' }]],
    [
      'a fault inside a list',
      { ...good, marks: [1, 'CANARY'] },
      [{ path: ['input', 'marks', 1], rule: 'must be of type Int' }],
    ],
    [
      'a fault inside JSON',
      { ...good, json: { a: ['CANARY\0'] } },
      [{ path: ['input', 'json', 'a', 0], rule: 'must not contain U+0000' }],
    ],
    ['no object at all', null, [{ path: ['input'], rule: 'must not be null' }]],
    ['nothing', undefined, [{ path: ['input'], rule: 'is required' }]],
    [
      'two faults',
      { riasec: { realistic: true } },
      [
        { path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' },
        { path: ['input', 'riasec', 'social'], rule: 'is required' },
      ],
    ],
  ];

  it.each(faults)('are BAD_USER_INPUT with place and rule, never the value: %s', async (_what, input, details) => {
    const answer = await send(MUTATION, { input });
    expect([answer.status, codeOf(answer), detailsOf(answer)]).toEqual([400, 'BAD_USER_INPUT', details]);
    expect(answer.text).not.toMatch(/CANARY|Did you mean|SECRET_STATE/);
  });

  it('are 400 for those who know the new form of answers, and 200 for those who accept only the old one', async () => {
    const status = async (accept?: string) => (await send(MUTATION, { input: {} }, accept)).status;
    expect(await status('application/graphql-response+json')).toBe(400);
    expect(await status('application/graphql-response+json, application/json;q=0.9')).toBe(400);
    expect(await status('*/*')).toBe(400);
    expect(await status('application/json')).toBe(200);
  });

  it('are reported up to 20 faults, however many there are', async () => {
    const answer = await send(MUTATION, { input: { ...good, marks: Array(50_000).fill('x') } });
    expect(detailsOf(answer)).toHaveLength(20);
  });

  it('are found without exception where graphql-js finds them, and nowhere else', () => {
    const schema = tinySchema();
    const operation = getOperationAST(parse(MUTATION))!;
    const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double(), fc.string(), fc.constant(null), fc.boolean());
    const riasec = fc.record({ realistic: value, social: value }, { requiredKeys: [] });
    const input = fc.oneof(
      fc.record({ riasec, marks: fc.array(value), json: fc.jsonValue() }, { requiredKeys: [] }),
      value,
    );
    fc.assert(
      fc.property(input, (given) => {
        const wellShaped =
          typeof given === 'object' &&
          given !== null &&
          isIntegers(given.riasec) &&
          (given.marks ?? []).every((mark) => (mark === null ? false : isInt(mark)));
        const hasNull = typeof given === 'object' && given !== null && (given.marks ?? []).includes(null);
        const found = variableFaults(schema, operation, { input: given });
        // JSON is refused for what it cannot hold, which is not a matter of shape.
        const isExact = !holdsInexact(given);
        if (!hasNull && isExact && !JSON.stringify(given ?? null).includes('__proto__'))
          expect(found.length === 0).toBe(wellShaped);
      }),
    );
  });
});

function holdsInexact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsInexact);
}

const isInt = (value: unknown) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
const isIntegers = (riasec: Record<string, unknown> | undefined) =>
  riasec !== undefined && isInt(riasec.realistic) && isInt(riasec.social);

describe('literals of the wrong shape', () => {
  const submit = (input: string) => `mutation { submit(input: ${input}) }`;
  const faults: [string, string, unknown][] = [
    [
      'a missing field',
      submit('{ riasec: { social: 1 } }'),
      { path: ['input', 'riasec', 'realistic'], rule: 'is required' },
    ],
    [
      'null',
      submit('{ riasec: { realistic: null, social: 1 } }'),
      { path: ['input', 'riasec', 'realistic'], rule: 'must not be null' },
    ],
    [
      'text for an Int',
      submit('{ riasec: { realistic: "CANARY", social: 1 } }'),
      { path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' },
    ],
    [
      '3.5 for an Int',
      submit('{ riasec: { realistic: 3.5, social: 1 } }'),
      { path: ['input', 'riasec', 'realistic'], rule: 'must be of type Int' },
    ],
    [
      'text for an object',
      submit('{ riasec: "CANARY" }'),
      { path: ['input', 'riasec'], rule: 'must be of type RiasecInput!' },
    ],
    [
      'an unknown field',
      submit('{ riasec: { realistic: 1, social: 1 }, staus: "CANARY" }'),
      { path: ['input', 'staus'], rule: 'is not a field of SubmitInput' },
    ],
    [
      'an unknown word of an enum',
      submit('{ riasec: { realistic: 1, social: 1 }, colour: CANARY }'),
      { path: ['input', 'colour'], rule: 'must be of type Colour' },
    ],
    [
      'a fault inside a list',
      submit('{ riasec: { realistic: 1, social: 1 }, marks: [1, "CANARY"] }'),
      { path: ['input', 'marks', 1], rule: 'must be of type Int' },
    ],
    [
      'a default of a variable',
      'mutation ($n: Int = "CANARY") { submit(input: { riasec: { realistic: $n, social: 1 } }) }',
      { path: ['n'], rule: 'must be of type Int' },
    ],
  ];

  it.each(faults)(
    'are GRAPHQL_VALIDATION_FAILED with place and rule, never the value: %s',
    async (_what, query, fault) => {
      const answer = await send(query);
      expect([answer.status, codeOf(answer), detailsOf(answer)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED', [fault]]);
      expect(answer.text).not.toMatch(/CANARY|Did you mean|SECRET_STATE/);
    },
  );

  it('are found in JSON too, and when only a variable makes them wrong', async () => {
    const literal = await send('{ json(value: { constructor: "CANARY" }) }');
    expect([literal.status, codeOf(literal)]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    const mixed = await send('query ($v: JSON) { json(value: { a: [$v, "CANARY"], b: [[[[[[$v]]]]]] }) }', {
      v: nested(30),
    });
    expect([mixed.status, codeOf(mixed), detailsOf(mixed)]).toEqual([
      200,
      'BAD_USER_INPUT',
      [{ path: ['value'], rule: 'is not valid' }],
    ]);
    expect(literal.text + mixed.text).not.toContain('CANARY');
  });
});

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

it('a schema that is asked for a variable of an output type leaves it to validation', () => {
  const query = new GraphQLObjectType({ name: 'Query', fields: { a: { type: GraphQLString } } });
  const operation = getOperationAST(parse('query ($q: Query) { a }'))!;
  expect(variableFaults(new GraphQLSchema({ query }), operation, { q: 1 })).toEqual([]);
});
