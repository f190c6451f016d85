import { graphql } from 'graphql';
import { Arg, Query, Resolver } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { JobFilter } from '../../src/schema/filters.ts';
import { schemaOfClasses } from './classes.ts';

let received: JobFilter | undefined;

@Resolver()
class FilterQuery {
  @Query(() => Boolean)
  jobs(@Arg('filter', () => JobFilter) filter: JobFilter): boolean {
    received = filter;
    return true;
  }
}

describe('a filter of jobs', () => {
  it('leaves out deleted jobs and restricts nothing else by itself', async () => {
    const { errors } = await graphql({ schema: await schemaOfClasses(FilterQuery), source: '{ jobs(filter: {}) }' });
    expect(errors).toBeUndefined();
    expect({ ...received }).toEqual({ includeDeleted: false });
  });

  it('brings moments as dates and names as constants', async () => {
    const source = `{ jobs(filter: { kind: [SYNC] status: FAILED createdAfter: "2026-01-31T14:00:00+02:00" }) }`;
    const { errors } = await graphql({ schema: await schemaOfClasses(FilterQuery), source });
    expect(errors).toBeUndefined();
    expect(received).toMatchObject({
      kind: ['SYNC'],
      status: ['FAILED'],
      createdAfter: new Date('2026-01-31T12:00:00Z'),
    });
  });
});
