import 'reflect-metadata';
import { isObjectType, isUnionType } from 'graphql';
import { Authorized, buildSchemaSync, Field, ObjectType, Query, Resolver, UseMiddleware } from 'type-graphql';
import { expect, it } from 'vitest';
import { buildSchema, markHeld } from '../src/build-schema.ts';

@ObjectType()
class Guarded {
  @Field(() => String) open!: string;
  @Authorized('user')
  @Field(() => String)
  asksForRole!: string;
  @UseMiddleware((_, next) => next())
  @Field(() => String)
  passesThrough!: string;
  @Field(() => String, { name: 'renamed' }) inTheObject!: string;
}

@Resolver()
class GuardedResolver {
  @Query(() => Guarded)
  guarded(): Partial<Guarded> {
    return {};
  }
}

const schema = buildSchema();

/** The fields of a type that read something. */
function readersOf(name: string, within = schema): string[] {
  const type = within.getType(name);
  if (!isObjectType(type)) throw new Error(`${name} is no object.`);
  const fields = Object.values(type.getFields());
  return fields.filter(({ extensions }) => extensions.isHeld !== true).map((field) => field.name);
}

it('knows which fields show what their object holds: of an event all but `job`', () => {
  expect(readersOf('JobEvent')).toEqual(['job']);
  for (const name of ['JobEventMetadata', 'JobProgress', 'FeedPosition']) expect(readersOf(name)).toEqual([]);
  expect(readersOf('Job')).toContain('queue');
  expect(readersOf('Viewer')).toContain('tokenBalance');
});

it('takes no root field for one that reads nothing', () => {
  for (const root of ['Query', 'Mutation', 'Subscription']) expect(readersOf(root).length).toBeGreaterThan(2);
});

it('takes no field for one that is open to all who see its object, where it asks for more or shows another property', () => {
  const guarded = buildSchemaSync({ resolvers: [GuardedResolver], authChecker: () => false, validate: false });
  markHeld(guarded);
  expect(readersOf(Guarded.name, guarded)).toEqual(['asksForRole', 'passesThrough', 'renamed']);
});

it('says at once of which type a message of a feed is', () => {
  const union = schema.getType('FeedEvent');
  const typeNameOf = isUnionType(union) && (union.extensions.typeNameOf as (value: unknown) => unknown);
  if (!typeNameOf) throw new Error('It cannot say.');
  expect([{ position: 'here' }, { seq: 1 }].map(typeNameOf)).toEqual(['FeedPosition', 'JobEvent']);
});
