import type { Server, ServerResponse } from 'node:http';
import { Server as Listener, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 50;
const SHORT_TURN_MS = 0.25;

export interface DrainOptions {
  /** How long a connection on which nothing comes is kept, in milliseconds. */
  spellMs: number;
  /** After how many milliseconds what is left is cut. */
  limitMs: number;
}

export interface Drain {
  /** Nobody can connect any more: whoever asks has to turn to another server. */
  readonly hasBegun: boolean;
  /** Resolves when nobody can connect any more. Whom the server sends away before comes back to it. */
  begin(): Promise<void>;
  /** Resolves when all connections are closed. */
  end(): Promise<void>;
}

/**
 * Lets a server stop without failing a request that reached it. A client that keeps its connection may be sending over it
 * in the moment in which it is closed, and cannot know then whether that was carried out. So each answer says that it is
 * the last of its connection, and one without a request is closed only when a spell has passed in which none came.
 * Call it before the server listens.
 */
export function createDrain(server: Server, { spellMs, limitMs }: DrainOptions): Drain {
  const connections = new Set<Socket>();
  const open = new Set<ServerResponse>();
  let hasBegun = false;
  let closed = Promise.resolve();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (hasBegun) sayLast(response);
    open.add(response);
    response.once('close', () => open.delete(response));
  });

  return {
    get hasBegun() {
      return hasBegun;
    },
    async begin() {
      await letIn(server, spellMs);
      hasBegun = true;
      for (const response of open) sayLast(response);
      closed = closeListener(server);
    },
    async end() {
      await within(spellMs, closed);
      // One that was made ahead of time is not idle to an HTTP server, which waits for its first request.
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
      await closeConnections(server, limitMs);
    },
  };
}

function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

/**
 * Resolves when nobody waits before the listener, which would reset them as it closes: at the end of a turn of the event
 * loop in which none came, and which was too short for one to come behind it. A turn lets in one.
 */
async function letIn(server: Server, limitMs: number): Promise<void> {
  let came = 0;
  const count = () => {
    came += 1;
  };
  server.on('connection', count);
  const deadline = performance.now() + limitMs;
  // What is left of this turn may not look at the listener any more.
  await nextTurn();
  for (let isQuiet = false; !isQuiet && performance.now() < deadline; ) {
    const before = came;
    const from = performance.now();
    await nextTurn();
    isQuiet = came === before && performance.now() - from < SHORT_TURN_MS;
  }
  server.off('connection', count);
}

/** Resolves when no connection is left. An HTTP server's own `close` would cut the idle ones at once. */
const closeListener = (server: Server): Promise<void> =>
  new Promise((resolve) => Listener.prototype.close.call(server, () => resolve()));

async function within(ms: number, closed: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([closed, wait(ms, undefined, { signal: over.signal })]);
  over.abort();
}

async function closeConnections(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeIdle = setInterval(() => server.closeIdleConnections(), POLL_MS);
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(cut);
}
