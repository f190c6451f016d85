import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import { SCOPES, type ServiceScope } from '../../src/gate/scopes.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { OPEN_TO } from '../support/open-to.ts';

const database = useDatabase();
const api = useApi(database);

/** Some value of a type, as a literal: the shape is right, whatever the content is. */
function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType);
  if (isListType(type)) return '[]';
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) return `{ ${literalsOf(Object.values(type.getFields()).filter(isRequiredInputField))} }`;
  return { Int: '0', Float: '0', Boolean: 'false', DateTime: '"2026-01-01T00:00:00Z"' }[type.name] ?? '"x"';
}

const literalsOf = (given: (GraphQLArgument | GraphQLInputField)[]): string =>
  given.map(({ name, type }) => `${name}: ${literalOf(type)}`).join(' ');

/** For every root field of the schema, an operation that asks for it and nothing else. */
const schema = buildSchema();
const operations = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
  Object.values(root?.getFields() ?? {}).map((field) => {
    const operation = String(root?.name.toLowerCase());
    const given = literalsOf(field.args.filter(isRequiredArgument));
    const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
    return {
      name: `${operation} ${field.name}`,
      text: `${operation} { ${field.name}${given && `(${given})`} ${selection} }`,
    };
  }),
);

const UNADMITTED = ['UNAUTHENTICATED', 'FORBIDDEN'];

/** `admitted`, or the code of the guard. Whatever else is wrong with the operation is not the guard's to say. */
async function verdict(viewer: Viewer | null, text: string): Promise<unknown> {
  const answer = text.startsWith('subscription') ? await api().follow(viewer, text) : await api().ask(viewer, text);
  if (!('errors' in answer)) {
    await answer.return(undefined);
    return 'admitted';
  }
  const { errors } = answer;
  for (const { message } of errors)
    expect(message).not.toMatch(/^(Syntax Error|Cannot query|Unknown|Field|Argument|Expected)/);
  return errors.map(({ code }) => code).find((code) => UNADMITTED.includes(String(code))) ?? 'admitted';
}

describe('every root field of the schema', () => {
  it('has its line in the table of who is let through', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual(Object.keys(OPEN_TO).sort());
  });
});

describe.each(operations)('$name', ({ name, text }) => {
  const open = OPEN_TO[name] ?? [];
  const expected = (isOpen: boolean) => (isOpen ? 'admitted' : 'FORBIDDEN');

  it('is closed to anonymous callers, unless the table opens it', async () => {
    expect(await verdict(null, text)).toBe(open.includes('nobody') ? 'admitted' : 'UNAUTHENTICATED');
  });

  it('is as open to users as the table says', async () => {
    expect(await verdict(user(), text)).toBe(expected(open.includes('user')));
  });

  it('is as open to services as the table says, scope by scope', async () => {
    expect(await verdict(service(), text)).toBe(expected(open.includes('any service')));
    for (const scope of Object.keys(SCOPES) as ServiceScope[]) {
      const isOpen = open.includes('any service') || open.includes(scope);
      expect([scope, await verdict(service(scope), text)]).toEqual([scope, expected(isOpen)]);
    }
  });
});
