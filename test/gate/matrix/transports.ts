import { expect } from 'vitest';
import { ERRORS, isErrorCode } from '../../../src/gate/errors.ts';
import { openSocket, subscribe } from '../raw-socket.ts';
import { openStream } from '../stream-reader.ts';

export const TRANSPORTS = ['http', 'socket', 'stream'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Operation {
  query: string;
  variables: Record<string, unknown>;
}

/** The first answer to an operation. */
export interface Body {
  data?: Record<string, unknown> | null;
  errors?: { extensions: { code: string } }[];
}

/** A code, wherever it stands in an answer; else whether the answer holds anything. */
export function outcomeOf({ data, errors }: Body): unknown {
  const [error] = errors ?? [];
  if (error) return error.extensions.code;
  const [code] = JSON.stringify(data).match(/(?<="code":")\w+/) ?? [];
  return code ?? (holdsAnything(data) ? 'something' : 'nothing');
}

function holdsAnything(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.values(value).some(holdsAnything);
  return Boolean(value);
}

/** Sends one operation, and takes the first answer; of a socket that is closed before that, the code of the close. */
type Send = (url: string, operation: Operation, token: string | undefined) => Promise<Body | number>;

export const SEND: Record<Transport, Send> = {
  async http(url, operation, token) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(operation),
    });
    const body = (await response.json()) as Body;
    const code = body.errors?.[0]?.extensions.code;
    expect(response.status).toBe(isErrorCode(code) && code !== 'BAD_USER_INPUT' ? ERRORS[code].status : 200);
    return body;
  },
  async socket(url, { query, variables }, token) {
    const { socket, send, next, closed } = await openSocket(url);
    const end = closed.then(({ code }) => code);
    send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
    const ack = await Promise.race([next(), end]);
    if (typeof ack === 'number') return ack;
    send(subscribe('1', query, variables));
    const { type, payload } = await next();
    socket.terminate();
    await end;
    return type === 'error' ? { errors: payload as NonNullable<Body['errors']> } : (payload as Body);
  },
  async stream(url, operation, token) {
    const stream = await openStream(url, token ?? null, operation);
    if (stream.response.status !== 200) {
      const body = (await stream.response.json()) as Body;
      expect(stream.response.status).toBe(ERRORS[body.errors?.[0]?.extensions.code as 'FORBIDDEN'].status);
      return body;
    }
    const event = await stream.next();
    stream.leave();
    return event?.data as Body;
  },
};
