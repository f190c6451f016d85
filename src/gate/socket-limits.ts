import type { WebSocket } from 'ws';

const CUT_OFF_MS = 1_000;

/** Close codes beyond those of the protocol's library. */
export const CLOSE = { BAD_MESSAGE: 4400, FORBIDDEN: 4403, TRY_LATER: 1013 } as const;

/** Ends a socket whose reader does not read: it cannot take part in a closing handshake, so it does not get long. */
export function cutOff(socket: WebSocket, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.close(CLOSE.TRY_LATER, reason);
  setTimeout(() => socket.terminate(), CUT_OFF_MS).unref();
}

/**
 * Cuts a socket off whose reader leaves a message unread for `ms`, beyond what the network holds for him. Nothing gathers
 * for him here meanwhile, since each subscription waits for its message to leave; but he holds what he does not use.
 *
 * Nobody hears that a message could not be sent: its reader has gone, which his socket tells by closing, and graphql-ws would
 * print it to the console as if it were a fault of the server.
 */
export function limitSilence(socket: WebSocket, ms: number): void {
  const send = socket.send.bind(socket) as (data: string | Buffer, done: () => void) => void;
  socket.send = ((data: string | Buffer, done?: () => void) => {
    let stalled: NodeJS.Timeout | undefined;
    send(data, () => {
      clearTimeout(stalled);
      done?.();
    });
    // Mostly the network takes it at once.
    if (socket.bufferedAmount > 0) stalled = setTimeout(() => cutOff(socket, 'Slow consumer'), ms);
  }) as WebSocket['send'];
}

/** Closes a socket that sends more messages than `perSecond`, after a burst; what it still sends is not looked at. */
export function limitMessages(socket: WebSocket, { perSecond, burst }: { perSecond: number; burst: number }): void {
  let left = burst;
  let at = performance.now();
  socket.prependListener('message', () => {
    const now = performance.now();
    left = Math.min(burst, left + ((now - at) / 1_000) * perSecond) - 1;
    at = now;
    if (left >= 0) return;
    cutOff(socket, 'Too many messages');
    socket.removeAllListeners('message');
  });
}

/**
 * A reviver for `JSON.parse` that refuses a message that is nested too deep or has too long an operation id; the protocol's
 * library then closes with 4400.
 */
export function messageCheck(maxDepth: number, maxIdLength: number): (key: string, value: unknown) => unknown {
  const levels = new WeakMap<object, number>();
  return (key, value) => {
    if (typeof value !== 'object' || value === null) return value;
    let level = 1;
    for (const member of Object.values(value)) level = Math.max(level, 1 + (levels.get(member) ?? 0));
    if (level > maxDepth) throw new Error('nested too deep');
    levels.set(value, level);
    if (key === '' && 'id' in value && String(value.id).length > maxIdLength) throw new Error('id too long');
    return value;
  };
}
