import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { Context, ContextOf } from '../context.ts';
import { toApiError } from './error-format.ts';
import type { OperationRequest, Preparation } from './preparation.ts';
import { executeShared, selectionOf } from './shared-execution.ts';
import type { Viewer } from './viewer.ts';

/** What every transport of subscriptions needs. */
export interface SubscriptionParts {
  schema: GraphQLSchema;
  preparation: Preparation;
  contextOf: ContextOf;
}

/** Prepares a viewer's subscription. Never throws: the errors are the answer. */
export function prepareSubscription(
  { schema, preparation, contextOf }: SubscriptionParts,
  viewer: Viewer,
  request: OperationRequest,
): ExecutionArgs | readonly GraphQLError[] {
  try {
    const document = preparation.prepare(request);
    if (!('kind' in document)) return document;
    const { operationName, variables: variableValues } = request;
    return { schema, document, operationName, variableValues, contextValue: contextOf(viewer) };
  } catch (error) {
    return [toApiError(error)];
  }
}

/** A subscription was refused before its first event, for these reasons. */
class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('The subscription was refused.');
    this.errors = errors;
  }
}

/** Why a stream of {@link subscribeAnew} failed. */
export const reasonsOf = (error: unknown): readonly unknown[] =>
  error instanceof SubscriptionRefused ? error.errors : [error];

/**
 * graphql-js's `subscribe`, with three differences. Each event is executed with a context of its own, because one entity
 * manager for a whole subscription would answer with rows as they once were. It is executed once for all who select the
 * same of it. And a refused subscription is a stream that
 * fails at once, which graphql-ws sends as the protocol's `error` message and not as a first and last event.
 */
export async function subscribeAnew(
  args: ExecutionArgs,
  contextOf: ContextOf,
): Promise<AsyncIterableIterator<ExecutionResult>> {
  const { viewer } = args.contextValue as Context;
  const source = await createSourceEventStream(args).catch((error: Error) => error);
  if (source instanceof Error) return refused(source);
  if (!(Symbol.asyncIterator in source)) return refused(new SubscriptionRefused(source.errors ?? []));
  const events = source[Symbol.asyncIterator]();
  const selection = selectionOf(args, viewer);
  const next = async (): Promise<IteratorResult<ExecutionResult>> => {
    const event = await events.next();
    if (event.done) return event;
    const value = await executeShared(event.value, selection, () =>
      execute({ ...args, rootValue: event.value, contextValue: contextOf(viewer) }),
    );
    return { done: false, value };
  };
  return stream(next, async () => {
    await events.return?.();
    return { done: true, value: undefined };
  });
}

const refused = (error: Error): AsyncIterableIterator<ExecutionResult> => stream(() => Promise.reject(error));

type Results = IteratorResult<ExecutionResult>;

function stream(next: () => Promise<Results>, end?: () => Promise<Results>): AsyncIterableIterator<ExecutionResult> {
  return {
    next,
    ...(end && { return: end }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
