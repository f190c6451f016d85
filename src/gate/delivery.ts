import { MessageType } from 'graphql-ws';
import type WebSocket from 'ws';
import type { Answers } from './fresh-subscription.ts';
import type { TextOf } from './shared-text.ts';

export interface Delivery {
  socket: WebSocket;
  /** Of the subscription. */
  id: string;
  /** As JSON. */
  textOf: TextOf;
  /** Called before each answer is sent. */
  onNext: () => void;
}

/**
 * Sends the answers of a subscription as `next` messages itself, one when the last has left, and tells graphql-ws only how
 * it ended. graphql-ws would print each message anew for each of its receivers.
 */
export function deliver(answers: Answers, { socket, id, textOf, onNext }: Delivery): AsyncIterableIterator<never> {
  const head = `{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`;
  return {
    async next() {
      await answers.handTo((answer) => {
        if (socket.readyState !== socket.OPEN) return false;
        onNext();
        return send(socket, `${head}${textOf(answer)}}`);
      });
      return { done: true, value: undefined };
    },
    async return() {
      await answers.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** @returns true when the text has left for the network, which mostly is at once */
function send(socket: WebSocket, text: string): true | Promise<true> {
  let left: ((error?: Error | null) => void) | undefined;
  socket.send(text, (error) => left?.(error));
  if (socket.bufferedAmount === 0) return true;
  return new Promise((resolve, reject) => {
    left = (error) => (error ? reject(error) : resolve(true));
  });
}
