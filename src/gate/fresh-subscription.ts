import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { Config } from '../config.ts';
import type { Context, ContextOf } from '../context.ts';
import { within } from './deadline.ts';
import { toApiError } from './error-format.ts';
import type { OperationRequest, Preparation } from './preparation.ts';
import { type Answer, executeShared, selectionOf } from './shared-execution.ts';
import type { Viewer } from './viewer.ts';

/** What every transport of subscriptions needs. */
export interface SubscriptionParts {
  config: Pick<Config, 'limits'>;
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

/** What a subscription answers, event by event. */
export interface Answers extends AsyncIterableIterator<ExecutionResult> {
  /**
   * Hands on each answer when the one before is taken, until there are no more or `take` says no. That is what an
   * iteration does, with fewer promises on the way of each answer.
   */
  handTo(take: (answer: ExecutionResult) => boolean | Promise<boolean>): Promise<void>;
}

/**
 * graphql-js's `subscribe`, with five differences. What an event holds is not executed. Else each event is executed with a
 * context of its own, because one entity manager for a whole subscription would answer with rows as they once were. It is
 * executed once for all who select the same of it. A refused subscription is a stream that fails at once, which graphql-ws
 * sends as the protocol's `error` message and not as a first and last event. And neither its beginning nor the answer to one
 * event may take longer than an operation may: then it ends with TIMEOUT, and may be resumed where it was. The subscription
 * itself lasts as long as it is wanted.
 */
export async function subscribeAnew(
  args: ExecutionArgs,
  { contextOf, config }: Pick<SubscriptionParts, 'contextOf' | 'config'>,
): Promise<Answers> {
  const { viewer } = args.contextValue as Context;
  const { executionMs } = config.limits;
  const source = await within(executionMs, createSourceEventStream(args), giveUp).catch((error: Error) => error);
  if (source instanceof Error) return refused(source);
  if (!(Symbol.asyncIterator in source)) return refused(new SubscriptionRefused(source.errors ?? []));
  const selection = selectionOf(args);
  const key = `${selection.key} ${JSON.stringify(viewer)}`;
  const executeAnew = (event: unknown) => {
    const answer = execute({ ...args, rootValue: event, contextValue: contextOf(viewer) });
    return answer instanceof Promise ? within(executionMs, answer) : answer;
  };
  return answers(
    source[Symbol.asyncIterator](),
    (event) => selection.answerHeld(event, viewer) ?? executeShared(event, key, () => executeAnew(event)),
  );
}

/** A source of events that needs no promise to hand one on. */
interface HandedEvents extends AsyncIterator<unknown> {
  handTo(take: (event: unknown) => boolean | Promise<boolean>): Promise<void>;
}

/** Nobody waits for this stream any more. */
function giveUp(source: Awaited<ReturnType<typeof createSourceEventStream>>): void {
  if (Symbol.asyncIterator in source)
    void source[Symbol.asyncIterator]()
      .return?.()
      .catch(() => undefined);
}

const refused = (error: Error): Answers => {
  const events = { next: () => Promise.reject(error) };
  return answers(events, () => ({}));
};

function answers(events: AsyncIterator<unknown> | HandedEvents, answerTo: (event: unknown) => Answer): Answers {
  const end = async () => {
    await events.return?.();
    return { done: true, value: undefined } as const;
  };
  return {
    async handTo(take) {
      const takeAnswer = (event: unknown) => {
        const answer = answerTo(event);
        return answer instanceof Promise ? answer.then(take) : take(answer);
      };
      try {
        if ('handTo' in events) await events.handTo(takeAnswer);
        else
          for (let event = await events.next(); !event.done; event = await events.next()) {
            if (!(await takeAnswer(event.value))) break;
          }
      } finally {
        await end();
      }
    },
    async next() {
      const event = await events.next();
      return event.done ? event : { done: false, value: await answerTo(event.value) };
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
