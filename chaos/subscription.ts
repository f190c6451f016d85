import WebSocket from 'ws';
import type { Frame, Session } from './followings.ts';

const QUERY = `subscription ($jobId: ID!, $after: Int) {
  jobEvents(jobId: $jobId, after: $after) { seq type status round attempt jobId userId }
}`;
const CONNECT_LIMIT_MS = 5_000;

export interface Listening {
  after: number | undefined;
  /** After so many messages it is left. */
  frames: number;
  signal: AbortSignal;
}

/** The subscriptions of one user over one WebSocket, which is made anew when it is needed and broken. */
export interface FeedSocket {
  /** How many subscriptions are open. */
  readonly open: number;
  /** One subscription of a job, to its end. Never throws. */
  listen(jobId: string, listening: Listening): Promise<Session>;
  /** Cuts the connection, if there is one. */
  cut(): void;
}

/** One message of graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

type Sink = (message: Message) => void;

interface Connection {
  socket: WebSocket;
  sinks: Map<string, Sink>;
}

const BROKEN = 'broken';

/**
 * Speaks the protocol itself, because a client that repairs a connection unasked would hide what was sent twice and what
 * was not.
 */
export function openSocket(token: string, url: () => string): FeedSocket {
  let connecting: Promise<Connection> | undefined;
  let current: WebSocket | undefined;
  let open = 0;
  let ids = 0;

  function connect(): Promise<Connection> {
    const socket = new WebSocket(`${url().replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const sinks = new Map<string, Sink>();
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const limit = setTimeout(() => socket.terminate(), CONNECT_LIMIT_MS);
    current = socket;
    socket.on('open', () => send(socket, { type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.type === 'connection_ack') {
        clearTimeout(limit);
        resolve({ socket, sinks });
      } else if (message.type === 'ping') send(socket, { type: 'pong' });
      else sinks.get(message.id ?? '')?.(message);
    });
    socket.on('error', () => undefined); // a close follows
    socket.on('close', (code) => {
      clearTimeout(limit);
      connecting = undefined;
      reject(new Error(`close ${code}`));
      for (const sink of sinks.values()) sink({ type: BROKEN, payload: `close ${code}` });
    });
    return promise;
  }

  async function converse(jobId: string, { after, frames: limit, signal }: Listening): Promise<Session> {
    const frames: Frame[] = [];
    connecting ??= connect();
    const { socket, sinks } = await connecting;
    ids += 1;
    const id = String(ids);
    const { promise, resolve } = Promise.withResolvers<Pick<Session, 'end' | 'code'>>();
    const leave = () => {
      send(socket, { type: 'complete', id });
      resolve({ end: 'left' });
    };
    const take = (frame: Frame) => {
      if (frames.length < limit) frames.push(frame);
      if (frames.length >= limit) leave();
    };
    sinks.set(id, ({ type, payload }) => {
      if (type === 'complete') resolve({ end: 'complete' });
      else if (type === 'next') takeFrame(payload, take, resolve);
      else resolve(brokenBy(payload));
    });
    signal.addEventListener('abort', leave);
    send(socket, { type: 'subscribe', id, payload: { query: QUERY, variables: { jobId, after } } });
    const ended = await promise;
    sinks.delete(id);
    signal.removeEventListener('abort', leave);
    return { after, frames, ...ended };
  }

  return {
    get open() {
      return open;
    },
    async listen(jobId, listening) {
      open += 1;
      try {
        return await converse(jobId, listening);
      } catch (error) {
        return { after: listening.after, frames: [], end: 'broken', code: String(error) };
      } finally {
        open -= 1;
      }
    },
    cut: () => current?.terminate(),
  };
}

function send(socket: WebSocket, message: Message): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** An answer is a frame, or the error that came in its place. */
function takeFrame(
  payload: unknown,
  take: (frame: Frame) => void,
  end: (how: Pick<Session, 'end' | 'code'>) => void,
): void {
  const { data, errors } = payload as { data?: { jobEvents: Frame } | null; errors?: CodedError[] };
  if (data?.jobEvents) take(data.jobEvents);
  else end({ end: 'broken', code: String(errors?.[0]?.extensions.code) });
}

interface CodedError {
  extensions: { code: string };
}

function brokenBy(payload: unknown): Pick<Session, 'end' | 'code'> {
  if (!Array.isArray(payload)) return { end: 'broken', code: String(payload) };
  const code = (payload as CodedError[])[0]?.extensions.code;
  return { end: code === 'NOT_FOUND' ? 'refused' : 'broken', code: String(code) };
}
