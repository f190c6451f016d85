import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A WebSocket that speaks whatever a test makes it say, and keeps what it hears until the test asks. */
export interface RawSocket {
  socket: WebSocket;
  /** Sends text as it is, and anything else as JSON. */
  send(message: unknown): void;
  /** The next message. */
  next(): Promise<Message>;
  /** How the socket was closed. */
  closed: Promise<{ code: number; reason: string }>;
  /** Messages that nobody has asked for yet. */
  waiting: Message[];
}

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** Why a handshake was refused: its HTTP status. */
class HandshakeRefused extends Error {
  readonly status: number | undefined;
  constructor(status: number | undefined) {
    super(`The handshake was refused with ${status}.`);
    this.status = status;
  }
}

/** Opens a socket to a gate. */
export async function openSocket(
  url: string,
  options: { protocols?: string[]; headers?: Record<string, string>; autoPong?: boolean } = {},
): Promise<RawSocket> {
  const { protocols = ['graphql-transport-ws'], ...rest } = options;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocols, rest);
  const waiting: Message[] = [];
  const asking: ((message: Message) => void)[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message;
    const ask = asking.shift();
    if (ask) ask(message);
    else waiting.push(message);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const refused = new Promise<never>((_resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => reject(new HandshakeRefused(response.statusCode)));
    socket.once('error', reject);
  });
  await Promise.race([once(socket, 'open'), refused]);
  refused.catch(() => undefined);
  socket.on('error', () => undefined);
  return {
    socket,
    waiting,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: () => {
      const message = waiting.shift();
      return message ? Promise.resolve(message) : new Promise((resolve) => asking.push(resolve));
    },
  };
}

/** Opens a socket and has it acknowledged. */
export async function openSession(url: string, token: string, headers?: Record<string, string>): Promise<RawSocket> {
  const socket = await openSocket(url, { ...(headers && { headers }) });
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
  const message = await socket.next();
  if (message.type !== 'connection_ack') throw new Error(`Expected connection_ack, but got ${message.type}.`);
  return socket;
}

/** A `subscribe` message. */
export const subscribe = (id: string, query: string, variables?: unknown) => ({
  id,
  type: 'subscribe',
  payload: { query, variables },
});
