import { graphql } from 'graphql';
import { Arg, ID, Query, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { Job as JobRow } from '../../src/entities/job.ts';
import { Result as ResultRow } from '../../src/entities/result.ts';
import { Node } from '../../src/schema/node.ts';
import { schemaOfClasses } from './classes.ts';

const rows: Record<string, object> = {
  j: Object.assign(Object.create(JobRow.prototype) as object, { id: 'j', kind: 'PROBE', status: 'QUEUED', name: 'x' }),
  r: Object.assign(Object.create(ResultRow.prototype) as object, { id: 'r', status: 'QUEUED', isPublic: false }),
};

@Resolver()
class NodeQuery {
  @Query(() => Node, { nullable: true })
  node(@Arg('id', () => ID) id: string): object | null {
    return rows[id] ?? null;
  }
}

describe('a node', () => {
  it('is known as a job or a result by its row', async () => {
    const source = `
      { a: node(id: "j") { ...it } b: node(id: "r") { ...it } c: node(id: "x") { ...it } }
      fragment it on Node { __typename id ... on Job { kind } ... on Result { isPublic } }`;
    const { data, errors } = await graphql({ schema: await schemaOfClasses(NodeQuery), source });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      a: { __typename: 'Job', id: 'j', kind: 'PROBE' },
      b: { __typename: 'Result', id: 'r', isPublic: false },
      c: null,
    });
  });
});
