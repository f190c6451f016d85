import 'reflect-metadata';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { GraphQLSchema } from 'graphql';
import { sql } from 'kysely';
import {
  Arg,
  Authorized,
  buildSchemaSync,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  registerEnumType,
  Subscription,
} from 'type-graphql';
import type { Context } from '../../src/context.ts';
import { authChecker } from '../../src/gate/authorization.ts';
import { apiError } from '../../src/gate/errors.ts';
import { isUuid, requireId } from '../../src/gate/ids.ts';
import { viewerId } from '../../src/gate/viewer.ts';
import { GraphQLStrictJson } from '../../src/schema/json.ts';

/** What must never be seen by a client, in every error that the tiny schema throws. */
export const CANARY = 'CANARY password=hunter2 at /srv/app/db.ts';

const Colour = { RED: 'RED', SECRET_STATE: 'SECRET_STATE' } as const;
registerEnumType(Colour, { name: 'Colour' });

@InputType()
class RiasecInput {
  @Field(() => Int) realistic!: number;
  @Field(() => Int) social!: number;
}

@InputType()
class SubmitInput {
  @Field(() => RiasecInput) riasec!: RiasecInput;
  @Field(() => Colour, { nullable: true }) colour?: string;
  @Field(() => [Int], { nullable: true }) marks?: number[];
  @Field(() => GraphQLStrictJson, { nullable: true }) json?: unknown;
}

@ObjectType()
class Thing {
  @Field(() => String) name!: string;
}

@ObjectType()
class Tick {
  @Field(() => Int) count!: number;
}

/** The number of a fork of the entity manager, in the order in which forks were first seen. */
const forks = new WeakMap<EntityManager, number>();
let seenForks = 0;
function forkNumber(em: EntityManager): number {
  if (!forks.has(em)) forks.set(em, ++seenForks);
  return forks.get(em)!;
}

@Resolver(() => Thing)
class ThingResolver {
  @FieldResolver(() => [Thing])
  things(@Arg('first', () => Int, { defaultValue: 20 }) first: number): Thing[] {
    return first > 0 ? [{ name: 'thing' }] : [];
  }
}

@Resolver(() => Tick)
class TinyResolver {
  @Authorized()
  @Query(() => String)
  me(@Ctx() { viewer }: Context): string {
    return viewerId(viewer);
  }

  @Authorized('user')
  @Query(() => String, { nullable: true })
  forUsers(): string {
    return 'users';
  }

  @Authorized('jobs:read', 'sync:run')
  @Query(() => String)
  forReaders(): string {
    return 'readers';
  }

  @Authorized()
  @Query(() => Thing, { nullable: true })
  thing(@Arg('id', () => ID) id: string): Thing | null {
    return isUuid(requireId(id)) ? { name: 'thing' } : null;
  }

  @Authorized()
  @Query(() => GraphQLStrictJson, { nullable: true })
  json(@Arg('value', () => GraphQLStrictJson, { nullable: true }) value: unknown): unknown {
    return value;
  }

  @Authorized()
  @Query(() => String, { nullable: true })
  fails(@Arg('how', () => String) how: string): string {
    throw failure(how);
  }

  @Authorized()
  @Query(() => String, { nullable: true })
  async runs(@Ctx() { em }: Context, @Arg('statement', () => String) statement: string): Promise<string> {
    await sql.raw(statement).execute(em.getKysely());
    return 'ran';
  }

  @Authorized()
  @Query(() => String, { nullable: true })
  never(): Promise<string> {
    return new Promise(() => undefined);
  }

  @Authorized()
  @Query(() => Thing)
  root(): Thing {
    return { name: 'root' };
  }

  @Authorized('user')
  @Mutation(() => String)
  submit(@Arg('input', () => SubmitInput) input: SubmitInput): string {
    return `submitted ${input.riasec.realistic}`;
  }

  @Authorized()
  @Subscription(() => Tick, { subscribe: ({ args }) => ticks(args.to as number, args.failsAt as number | null) })
  ticks(
    @Root() count: number,
    @Arg('to', () => Int) _to: number,
    @Arg('failsAt', () => Int, { nullable: true }) failsAt: number | null,
  ): Tick {
    // Below zero it is not the stream that fails but the showing of one event.
    if (failsAt !== null && count === -failsAt) throw new Error(CANARY);
    return { count };
  }

  @Authorized('jobs:read')
  @Subscription(() => Tick, { subscribe: () => ticks(1, null) })
  readerTicks(@Root() count: number): Tick {
    return { count };
  }

  @Authorized()
  @Subscription(() => Tick, { subscribe: () => beginning.promise })
  neverBegins(): Tick {
    return { count: 0 };
  }

  @Authorized()
  @Subscription(() => Tick, { subscribe: () => ticks(NEVER_SHOWN, null) })
  neverShown(): Promise<Tick> {
    return new Promise(() => undefined);
  }

  @Authorized()
  @Subscription(() => Tick, { subscribe: () => flawForTwo() })
  flawed(): Tick {
    throw new Error(CANARY);
  }

  @Authorized()
  @Subscription(() => Tick, {
    subscribe: () => {
      throw apiError('NOT_FOUND');
    },
  })
  nothing(): Tick {
    return { count: 0 };
  }

  @FieldResolver(() => Int)
  fork(@Ctx() { em }: Context): number {
    return forkNumber(em);
  }
}

/** What `neverBegins` waits for, and may come too late. */
export const beginning = Promise.withResolvers<AsyncIterableIterator<number>>();

/** The numbers that the streams of `neverShown` and of a late beginning count to. */
export const NEVER_SHOWN = 7_001;
export const TOO_LATE = 7_002;

/** Streams that were given up, by the number that they were to count to. */
export const abandoned: number[] = [];

/** How far each stream has counted, by the number that it was to count to. */
export const reached = new Map<number, number>();

const FLAW = {};

let first: PromiseWithResolvers<void> | undefined;

/** The same event for two followers, at the moment when both are there. */
async function* flawForTwo() {
  const meeting = first ?? Promise.withResolvers<void>();
  first = first ? undefined : meeting;
  if (!first) meeting.resolve();
  await meeting.promise;
  yield FLAW;
}

/** Counts from 1; to 0 or less means to wait for ever. Fails at one number, where that is wanted. */
export function ticks(to: number, failsAt: number | null): AsyncIterableIterator<number> {
  let count = 0;
  let giveUp: () => void = () => undefined;
  return {
    async next() {
      count += 1;
      reached.set(to, count);
      if (to <= 0) await new Promise<void>((resolve) => (giveUp = resolve));
      if (count === failsAt) throw new Error(CANARY);
      return to <= 0 || count > to ? { done: true, value: undefined } : { done: false, value: count };
    },
    async return() {
      abandoned.push(to);
      giveUp();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function failure(how: string): Error {
  const error = new Error(CANARY);
  return how === 'plain' ? error : Object.assign(error, { code: how });
}

/** A schema of a few fields, behind the same gate as the real one. */
export function tinySchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [TinyResolver, ThingResolver],
    authChecker,
    validate: false,
    pubSub: { publish: () => undefined, subscribe: () => ticks(0, null) },
  });
}
