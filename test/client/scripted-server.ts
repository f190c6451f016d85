import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** A subscription that a client has begun, and what can be said to it. */
export interface Subscription {
  /** Which it is, over all sockets, from 1. */
  number: number;
  variables: { after?: unknown };
  next(data: unknown): void;
  /** A message with errors beside or instead of data. */
  nextErrors(...codes: string[]): void;
  error(code: string, retryable?: boolean): void;
  complete(): void;
  close(code: number, reason?: string): void;
  /** Goes away without a word. */
  cut(): void;
}

export interface ScriptedServer {
  url: string;
  /** What each `connection_init` brought. */
  inits: unknown[];
  /** The variables of each subscription, in order. */
  asked: { after?: unknown }[];
  /** How many subscriptions the client has ended. */
  ended: number;
  /** Sockets that are open. */
  open(): number;
}

export interface Script {
  onSubscribe?: (subscription: Subscription) => void;
  /** Answers `connection_init` with this close code; null to let it in. */
  refuse?: (init: number) => number | null;
  /** Does not answer pings, as if the link were dead. */
  isMute?: boolean;
}

/** A server that speaks `graphql-transport-ws` and says what a test wants, true or not. It ends with the test. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' });
  await once(sockets, 'listening');
  const server: ScriptedServer = {
    url: `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    inits: [],
    asked: [],
    ended: 0,
    open: () => sockets.clients.size,
  };
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data) => hear(server, script, socket, JSON.parse(String(data)) as Message));
  });
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    await once(sockets, 'close');
  });
  return server;
}

interface Message {
  type: string;
  id: string;
  payload?: { variables?: { after?: unknown } };
}

function hear(server: ScriptedServer, script: Script, socket: WebSocket, { type, id, payload }: Message): void {
  const send = (message: object) => socket.send(JSON.stringify(message));
  if (type === 'connection_init') {
    server.inits.push(payload);
    const code = script.refuse?.(server.inits.length) ?? null;
    if (code === null) send({ type: 'connection_ack' });
    else socket.close(code, 'Forbidden');
  } else if (type === 'ping') {
    if (!script.isMute) send({ type: 'pong' });
  } else if (type === 'complete') server.ended += 1;
  else if (type === 'subscribe') {
    const variables = payload?.variables ?? {};
    server.asked.push(variables);
    const errorsOf = (codes: string[], retryable = false) =>
      codes.map((code) => ({ message: code, extensions: { code, retryable } }));
    script.onSubscribe?.({
      number: server.asked.length,
      variables,
      next: (data) => send({ id, type: 'next', payload: { data } }),
      nextErrors: (...codes) => send({ id, type: 'next', payload: { data: null, errors: errorsOf(codes) } }),
      error: (code, retryable) => send({ id, type: 'error', payload: errorsOf([code], retryable) }),
      complete: () => send({ id, type: 'complete' }),
      close: (code, reason) => socket.close(code, reason),
      cut: () => socket.terminate(),
    });
  }
}

const STATUS: Record<string, string> = { STARTED: 'PROCESSING', PROGRESSED: 'PROCESSING' };

/** The data of one message of `jobEvents`. */
export const jobEvent = (seq: number, type = 'STARTED', status = STATUS[type] ?? type) => ({
  jobEvents: { seq, type, status, jobId: 'a' },
});
