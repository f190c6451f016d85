import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schemaOfClasses } from './classes.ts';

interface Described {
  place: string;
  description: string;
}

function* describedBy(type: GraphQLNamedType): Generator<Described> {
  yield { place: type.name, description: type.description ?? '' };
  if (isEnumType(type)) {
    for (const value of type.getValues()) yield entry(`${type.name}.${value.name}`, value.description);
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) yield entry(`${type.name}.${field.name}`, field.description);
  } else if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield entry(`${type.name}.${field.name}`, field.description);
      for (const argument of field.args) {
        yield entry(`${type.name}.${field.name}(${argument.name})`, argument.description);
      }
    }
  }
}

const entry = (place: string, description: string | null | undefined): Described => ({
  place,
  description: description ?? '',
});

const schema = await schemaOfClasses();
const all = Object.values(schema.getTypeMap())
  .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type) && type !== schema.getQueryType())
  .flatMap((type) => [...describedBy(type)]);

describe('the documentation in the schema', () => {
  it('covers types, fields, enum values and input fields of every file', () => {
    const places = all.map(({ place }) => place);
    expect(places).toEqual(
      expect.arrayContaining([
        'Node.id',
        'UserErrorCode.NOT_FOUND',
        'JobEventEdge.node',
        'LedgerConnection.totalCount',
        'RateLimited.retryAfterSeconds',
        'SubmitManyPayload.rows',
        'ViaIsInput.humor',
        'GrantTokensInput.reason',
        'JobFilter.includeDeleted',
        'AssessmentReport.engine',
        'JobStats.successRate',
        'JSON',
        'Cursor',
        'DateTime',
      ]),
    );
  });

  it('leaves nothing without a sentence', () => {
    expect(all.filter(({ description }) => !/^\S.{8,}[.]$/s.test(description)).map(({ place }) => place)).toEqual([]);
  });

  it('says more than the name', () => {
    const letters = (text: string) =>
      text
        .toLowerCase()
        .replace(/^(the|a|an) /, '')
        .replace(/[^a-z]/g, '');
    const bare = all.filter(
      ({ place, description }) => letters(description) === letters(place.split('.').at(-1) ?? ''),
    );
    expect(bare.map(({ place }) => place)).toEqual([]);
  });
});
