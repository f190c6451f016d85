import { createClient, type Sink } from 'graphql-ws/client';
import { AssayError, errorOf, mayPass, type SentError } from './errors.ts';
import { authorizationOf, type Token } from './operation.ts';

/** Silence after which the socket is tested, and how long its answer may take: a link can be dead without a close. */
const TEST_AFTER_MS = 10_000;
const ANSWER_WITHIN_MS = 5_000;
/** How long a socket without subscriptions stays open for the next one. */
const IDLE_MS = 1_000;
/** Tokens that may be refused one after another, where each is asked for anew. */
const MOST_REFUSALS = 3;

const FORBIDDEN = 4403;
/** Closes after which it makes sense to come back: shutdown, lost link, overload, and a server that was too slow. */
const PASSING = [1000, 1001, 1005, 1006, 1012, 1013, 1014, 4408, 4499];

/** What a subscription gets, message by message, or why it is over. */
export type Receiver = Sink<{ data?: unknown; errors?: readonly unknown[] | null }>;

/** One socket for all subscriptions of a client, opened when it is needed. It does not come back by itself. */
export interface Connection {
  /** Begins a subscription. `payload` is read again each time it is sent. @returns what ends it, at once */
  subscribe(payload: { query: string; variables: Record<string, unknown> }, receiver: Receiver): () => void;
  /** The error that a reason stands for, where trying again makes no sense; undefined where it does. */
  finalError(reason: unknown): Error | undefined;
  close(): void;
}

export interface ConnectionOptions {
  /** Told when the API has accepted the socket, and when it is closed, by whomever. */
  onChange?: (isOpen: boolean) => void;
  /** The WebSocket's, beginning with `ws:` or `wss:`. */
  url: string;
  token: Token;
  webSocketImpl?: unknown;
}

/** @throws Error where there is no WebSocket implementation, neither a global one nor a given one */
export function openConnection({ url, token, webSocketImpl, onChange }: ConnectionOptions): Connection {
  let refusals = 0;
  let limit: ReturnType<typeof setTimeout> | undefined;
  const authorize = async () => {
    try {
      return { authorization: await authorizationOf(token) };
    } catch (cause) {
      refusals += 1;
      throw new TokenUnavailable('The token could not be had.', { cause });
    }
  };
  const client = createClient({
    url,
    webSocketImpl,
    connectionParams: authorize,
    // Coming back is decided where the position is known, by each subscription for itself.
    retryAttempts: 0,
    lazyCloseTimeout: IDLE_MS,
    connectionAckWaitTimeout: ANSWER_WITHIN_MS,
    keepAlive: TEST_AFTER_MS,
    on: {
      connected: () => {
        refusals = 0;
        onChange?.(true);
      },
      closed: (event) => {
        clearTimeout(limit);
        if (closeOf(event)?.code === FORBIDDEN) refusals += 1;
        onChange?.(false);
      },
      ping: (received) => {
        if (!received) limit = setTimeout(() => client.terminate(), ANSWER_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(limit);
      },
    },
  });
  const isFixed = typeof token === 'string';

  function finalError(reason: unknown): Error | undefined {
    if (reason instanceof AssayError) return reason;
    if (reason instanceof TokenUnavailable) return refusals < MOST_REFUSALS ? undefined : asError(reason.cause);
    if (Array.isArray(reason)) return finalRefusal(reason);
    const close = closeOf(reason);
    return close && finalClose(close);
  }

  function finalRefusal(errors: readonly SentError[]): Error | undefined {
    const error = errorOf(errors);
    return mayPass(errors) || (error.code === 'UNAUTHENTICATED' && !isFixed) ? undefined : error;
  }

  function finalClose({ code, reason }: Close): Error | undefined {
    if (PASSING.includes(code)) return undefined;
    if (code !== FORBIDDEN) return new AssayError('SOCKET_CLOSED', `The socket was closed: ${code} ${reason}`);
    if (!isFixed && refusals < MOST_REFUSALS) return undefined;
    return new AssayError('UNAUTHENTICATED', `UNAUTHENTICATED: ${reason || 'The token was refused.'}`);
  }

  return {
    subscribe: (payload, receiver) => client.subscribe(payload, receiver),
    finalError,
    close() {
      clearTimeout(limit);
      // A connection that is still being made may fail; nobody waits for it any more.
      Promise.resolve(client.dispose()).catch(() => undefined);
    },
  };
}

/** The token function failed; `cause` is what it threw. */
class TokenUnavailable extends Error {}

interface Close {
  code: number;
  reason: string;
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

function closeOf(event: unknown): Close | undefined {
  const { code, reason } = (event ?? {}) as { code?: unknown; reason?: unknown };
  return typeof code === 'number' && typeof reason === 'string' ? { code, reason } : undefined;
}
