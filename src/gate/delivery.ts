import type { ExecutionResult } from 'graphql';
import { MessageType } from 'graphql-ws';
import type WebSocket from 'ws';
import type { TextOf } from './shared-text.ts';

export interface Delivery {
  socket: WebSocket;
  /** Of the subscription. */
  id: string;
  /** As JSON. */
  textOf: TextOf;
  /** Called before each result is sent. */
  onNext: () => void;
}

/**
 * Sends the results of a subscription as `next` messages itself, one when the last has left, and tells graphql-ws only how
 * it ended. graphql-ws would print each message anew for each of its receivers.
 */
export function deliver(
  results: AsyncIterableIterator<ExecutionResult>,
  { socket, id, textOf, onNext }: Delivery,
): AsyncIterableIterator<never> {
  const head = `{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`;
  const end = async () => {
    await results.return?.();
    return { done: true, value: undefined } as const;
  };
  return {
    async next() {
      try {
        for (let result = await results.next(); !result.done; result = await results.next()) {
          if (socket.readyState !== socket.OPEN) return await end();
          onNext();
          await send(socket, `${head}${textOf(result.value)}}`);
        }
        return { done: true, value: undefined };
      } catch (error) {
        await end(); // an iterator that failed is not told to end
        throw error;
      }
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Resolves when the text has left for the network. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(text, (error) => (error ? reject(error) : resolve()));
  });
}
