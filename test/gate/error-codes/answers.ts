import { rawRequest } from '../../support/file-api.ts';
import { type Message, openSession, type RawSocket, subscribe } from '../raw-socket.ts';
import { openStream } from '../stream-reader.ts';

/** One error as it came. */
export interface HeardError {
  message: string;
  extensions: { code: string; errorId: string; retryable: boolean; retryAfterMs?: number; details?: unknown };
}

/** A refusal as it came over some transport. */
export interface Refusal {
  errors: HeardError[];
  /** Where the refusal has a status of its own. */
  status?: number;
  retryAfter?: string | null;
}

export interface Asked {
  token?: string | null;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  /** Sent as it is where it is a text. */
  body?: unknown;
}

/** One request over HTTP on a connection of its own. */
export async function overHttp(url: string, asked: Asked): Promise<Refusal> {
  const { token, method = 'POST', path = '/graphql', headers, body } = asked;
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  const answer = await rawRequest(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: Buffer.from(text),
  });
  const { errors = [] } = JSON.parse(answer.body.toString()) as { errors?: HeardError[] };
  return { errors, status: answer.status, retryAfter: answer.headers['retry-after'] ?? null };
}

/** One subscription over a WebSocket; of several, the answer to the last. */
export async function overSocket(url: string, token: string, ...operations: object[]): Promise<Refusal> {
  const socket = await openSession(url, token);
  for (const [index, { query, variables }] of (operations as { query: string; variables?: object }[]).entries()) {
    socket.send(subscribe(String(index), query, variables));
  }
  const ended = socket.closed.then(({ code, reason }) => Promise.reject(new Error(`It was closed: ${code} ${reason}`)));
  ended.catch(() => undefined);
  const message = await Promise.race([answerTo(socket, String(operations.length - 1)), ended]);
  socket.socket.terminate();
  await socket.closed;
  return { errors: message.payload as HeardError[] };
}

async function answerTo(socket: RawSocket, id: string): Promise<Message> {
  for (;;) {
    const message = await socket.next();
    if (message.id === id) return message;
  }
}

/** One subscription as an event stream: refused by a status, or by its first event. */
export async function asStream(url: string, asked: Asked): Promise<Refusal> {
  const { token = null, headers, method, body } = asked;
  const init = { ...(method && { method, body: null }), ...(headers && { headers }) };
  const { response, next, leave } = await openStream(url, token, body ?? {}, init);
  if (response.status !== 200) {
    const { errors } = (await response.json()) as Refusal;
    return { errors, status: response.status, retryAfter: response.headers.get('retry-after') };
  }
  const event = await next();
  leave();
  return event?.data as Refusal;
}
