import { type GraphQLNamedType, graphql, isObjectType } from 'graphql';
import { Query, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { type Connection, JobConnection } from '../../src/schema/connection.ts';
import { schemaOfClasses } from './classes.ts';

const row = { id: 'j', name: 'x', progress: { percent: 40, stage: 'scoring' } };

@Resolver()
class JobsQuery {
  @Query(() => JobConnection)
  jobs(): Connection<object> {
    const pageInfo = { hasNextPage: true, hasPreviousPage: false, startCursor: 'c', endCursor: 'c' };
    return { edges: [{ cursor: 'c', node: row }], nodes: [row], pageInfo, totalCount: null };
  }
}

function fieldsOf(type: GraphQLNamedType | undefined): Record<string, string> {
  if (!isObjectType(type)) throw new Error(`${type?.name} is no object type`);
  return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, String(field.type)]));
}

describe('a connection', () => {
  it.each([
    ['Job', 'Job'],
    ['Result', 'Result'],
    ['JobEvent', 'JobEvent'],
    ['Ledger', 'LedgerEntry'],
  ])('of %s follows the Relay specification and adds nodes and totalCount', async (name, node) => {
    const schema = await schemaOfClasses();
    expect(fieldsOf(schema.getType(`${name}Connection`))).toEqual({
      edges: `[${name}Edge!]!`,
      nodes: `[${node}!]!`,
      pageInfo: 'PageInfo!',
      totalCount: 'Int',
    });
    expect(fieldsOf(schema.getType(`${name}Edge`))).toEqual({ cursor: 'String!', node: `${node}!` });
    expect(fieldsOf(schema.getType('PageInfo'))).toEqual({
      hasNextPage: 'Boolean!',
      hasPreviousPage: 'Boolean!',
      startCursor: 'String',
      endCursor: 'String',
    });
  });

  it('reads rows as they are', async () => {
    const source =
      '{ jobs { edges { cursor node { id } } nodes { name progress { percent stage message } } pageInfo { endCursor } totalCount } }';
    const { data, errors } = await graphql({ schema: await schemaOfClasses(JobsQuery), source });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      jobs: {
        edges: [{ cursor: 'c', node: { id: 'j' } }],
        nodes: [{ name: 'x', progress: { percent: 40, stage: 'scoring', message: null } }],
        pageInfo: { endCursor: 'c' },
        totalCount: null,
      },
    });
  });
});
