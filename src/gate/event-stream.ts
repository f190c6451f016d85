import type { Request, RequestHandler, Response } from 'express';
import type { GraphQLFormattedError } from 'graphql';
import { print } from 'graphql-sse';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Authenticate } from './authentication.ts';
import type { FormatError } from './error-format.ts';
import { apiError } from './errors.ts';
import {
  type Answers,
  prepareSubscription,
  reasonsOf,
  type SubscriptionParts,
  subscribeAnew,
} from './fresh-subscription.ts';
import type { Places } from './places.ts';
import type { OperationRequest } from './preparation.ts';
import { type Written, writeOnce } from './shared-text.ts';
import { watchToken } from './token-watch.ts';
import type { Viewer } from './viewer.ts';

const KEEP_ALIVE_MS = 12_000;
/** How long a reader may leave a message unread, beyond what the network holds for him. */
const STALLED_MS = 5_000;
const RETRY_AFTER_MS = 10_000;
const COMMENT = ':\n\n';
const ACCEPTED = /text\/event-stream|text\/\*|\*\/\*/i;
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would gather the events of a response.
  'x-accel-buffering': 'no',
};

export interface StreamParts extends SubscriptionParts {
  places: Places;
  authenticate: Authenticate;
  formatError: FormatError;
  metrics: Metrics;
  log: Log;
}

export interface EventStreams {
  /** Answers a request with one subscription. It wants a parsed JSON body. */
  readonly handler: RequestHandler;
  /** Ends all streams, and takes no more. */
  stop(): void;
}

/**
 * Serves subscriptions as server-sent events, one a request, for those whose network lets no WebSocket through: the
 * "distinct connections mode" of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.
 *
 * Who may not connect is refused by an HTTP status. What is wrong with the operation arrives as a `next` with `errors`
 * and a `complete`. A stream that ends without `complete` was cut, and may be resumed: the server stops, the token has
 * ended, or the reader did not read. Nothing gathers for him here: the next event is asked for when the last was taken.
 */
export function createEventStreams(parts: StreamParts): EventStreams {
  const { operations, connections } = parts.metrics;
  const open = new Set<Response>();
  const textOf = writeOnce(parts.formatError, printNext);
  let isStopping = false;

  return {
    async handler(request, response) {
      operations.inc({ transport: 'stream' });
      if (!ACCEPTED.test(request.get('accept') ?? '*/*')) throw apiError('NOT_ACCEPTABLE');
      const operation = operationOf(request.body);
      const { authorization } = request.headers;
      const who = await parts.authenticate(authorization);
      if (!who) throw apiError('UNAUTHENTICATED');
      if (isStopping) throw apiError('SERVICE_UNAVAILABLE');
      if (response.destroyed) return;
      takePlace(parts.places, who.viewer, request, response);
      open.add(response);
      connections.inc({ transport: 'stream' });
      response.writeHead(200, HEADERS).write(COMMENT);
      const unwatch = watchToken(parts, { authorization, expiresAt: who.expiresAt }, () => cut(response));
      response.once('close', () => {
        open.delete(response);
        connections.dec({ transport: 'stream' });
        unwatch();
      });
      const args = prepareSubscription(parts, who.viewer, operation);
      if ('schema' in args) await relay(textOf, parts, await subscribeAnew(args, parts), response);
      else await conclude(response, args.map(parts.formatError));
    },
    stop() {
      isStopping = true;
      for (const response of open) cut(response);
    },
  };
}

/** @throws RATE_LIMITED where the address or the viewer holds as many connections as it may */
function takePlace(places: Places, viewer: Viewer, request: Request, response: Response): void {
  if (!places.isAddressFree(request) || !places.takeForViewer(viewer, response)) {
    throw apiError('RATE_LIMITED', { retryAfterMs: RETRY_AFTER_MS });
  }
  places.holdAddress(request, response);
}

/** Sends what a subscription brings, as fast as it is read, and gives the subscription up when nobody reads any more. */
async function relay(
  textOf: Written<string>,
  { formatError }: StreamParts,
  answers: Answers,
  response: Response,
): Promise<void> {
  if (isOver(response)) return void answers.return?.();
  response.once('close', () => void answers.return?.());
  const keepAlive = setInterval(() => !response.writableNeedDrain && response.write(COMMENT), KEEP_ALIVE_MS);
  response.once('close', () => clearInterval(keepAlive));
  try {
    await answers.handTo(async (answer) => {
      if (!isOver(response)) await write(response, textOf(answer));
      return !isOver(response);
    });
    await conclude(response);
  } catch (error) {
    await conclude(response, reasonsOf(error).map(formatError));
  }
}

/** Ends a stream without a goodbye, which says that it may be resumed. */
function cut(response: Response): void {
  response.end();
  setTimeout(() => response.destroy(), STALLED_MS).unref();
}

/** Whether nothing more can be said: it was ended, or the reader has gone. */
const isOver = (response: Response): boolean => response.writableEnded || response.destroyed;

/** Says goodbye, after the errors that end the subscription, if any. */
async function conclude(response: Response, errors?: readonly GraphQLFormattedError[]): Promise<void> {
  if (isOver(response)) return;
  if (errors) await write(response, printNext(JSON.stringify({ errors })));
  if (!isOver(response)) response.end(print<false, 'complete'>({ event: 'complete', data: null }));
}

/** What graphql-sse prints of a result, from the JSON of it. */
const printNext = (json: string): string => `event: next\ndata: ${json}\n\n`;

/** Resolves when the text has left for the network, or the stream has closed. A reader who does not read is cut off. */
function write(response: Response, text: string): Promise<void> {
  return new Promise((resolve) => {
    const stalled = setTimeout(() => response.destroy(), STALLED_MS);
    const done = () => {
      clearTimeout(stalled);
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(text, done);
  });
}

/** @throws BAD_REQUEST for what is no operation */
function operationOf(body: unknown): OperationRequest {
  const { query, operationName, variables } = (body ?? {}) as Record<string, unknown>;
  if (typeof query !== 'string' || query === '') throw malformed('query', 'text');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw malformed('operationName', 'text');
  if (variables !== undefined && (typeof variables !== 'object' || Array.isArray(variables)))
    throw malformed('variables', 'an object');
  return { query, operationName, variables: variables as OperationRequest['variables'] };
}

const malformed = (field: string, form: string) =>
  apiError('BAD_REQUEST', { message: `\`${field}\` must be ${form}.` });
