import WebSocket from 'ws';

/** One subscription over a socket of its own. */
export interface Watch {
  /** Of the API. */
  url: string;
  token: string;
  query: string;
  variables?: Record<string, unknown>;
  /** The server says nothing at the beginning, and nobody knows when the subscription stands. */
  isSilent?: boolean;
  /** Each message with an event, as it came, but for the first where that tells of the beginning. */
  onNext(text: Buffer): void;
}

export interface Watcher {
  readonly socket: WebSocket;
  /** The port of our end. */
  readonly port: number;
  /** The first message: a snapshot or a position; empty where the server is silent. */
  readonly first: string;
}

/** Where the type stands in a message, whatever stands before it. */
const HEAD = 64;
const NEXT = '"type":"next"';

/**
 * Subscribes, and resolves with the first message: then the subscription stands. Of a silent server it resolves when it was
 * asked. Speaks graphql-transport-ws itself,
 * because what measures should cost as little as it can.
 */
export function watch({ url, token, query, variables, isSilent = false, onNext }: Watch): Promise<Watcher> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  const { promise, resolve, reject } = Promise.withResolvers<Watcher>();
  const send = (message: object) => socket.send(JSON.stringify(message));
  let port = 0;
  let isStanding = false;

  function stand(first: string): void {
    isStanding = true;
    resolve({ socket, port, first });
  }

  function take(data: Buffer): void {
    if (isStanding && data.subarray(0, HEAD).includes(NEXT)) {
      onNext(data);
      return;
    }
    const { type } = JSON.parse(data.toString()) as { type: string };
    if (type === 'connection_ack') {
      send({ type: 'subscribe', id: '1', payload: { query, variables } });
      if (isSilent) stand('');
    } else if (type === 'ping') send({ type: 'pong' });
    else if (type === 'next') stand(data.toString());
    else if (type === 'error') reject(new Error(`The subscription was refused: ${data.toString()}`));
  }

  socket.on('upgrade', ({ socket: link }) => {
    port = link.localPort ?? 0;
  });
  socket.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  socket.on('message', (data) => take(data as Buffer));
  socket.on('error', reject);
  socket.on('close', (code, reason) => reject(new Error(`The socket was closed: ${code} ${reason.toString()}`)));
  return promise;
}
