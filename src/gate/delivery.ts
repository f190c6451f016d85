import type { Writable } from 'node:stream';
import { MessageType } from 'graphql-ws';
import type WebSocket from 'ws';
import type { Answers } from './fresh-subscription.ts';
import type { Written } from './shared-text.ts';
import { cutOff } from './socket-limits.ts';
import { textFrame } from './text-frame.ts';

export interface Delivery {
  socket: WebSocket;
  /** What the socket writes its own frames to, each whole; it must not compress. */
  link: Writable;
  /** Of the subscription. */
  id: string;
  /** As {@link printPayload} has it. */
  payloadOf: Written<Uint8Array>;
  /** How long a reader may leave an answer unread, beyond what the network holds for him. */
  stalledMs: number;
  /** Called before each answer is sent. */
  onNext: () => void;
}

/** A result, as JSON, with the end of its message. */
export const printPayload = (json: string): Uint8Array => Buffer.from(`${json}}`);

/**
 * Sends the answers of a subscription as `next` messages itself, one when the last has left, and tells graphql-ws only how
 * it ended. graphql-ws would print each message anew for each of its receivers, and `ws` would encode it anew.
 */
export function deliver(answers: Answers, delivery: Delivery): AsyncIterableIterator<never> {
  const { socket, id, payloadOf, onNext } = delivery;
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`);
  return {
    async next() {
      await answers.handTo((answer) => {
        if (socket.readyState !== socket.OPEN) return false;
        onNext();
        return send(delivery, textFrame(head, payloadOf(answer)));
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

/**
 * Whoever does not read is cut off. That a frame could not be sent is told by the socket, which closes.
 * @returns true when the frame has left for the network, which mostly is at once
 */
function send({ socket, link, stalledMs }: Delivery, frame: Buffer): true | Promise<true> {
  let left: (() => void) | undefined;
  link.write(frame, () => left?.());
  if (socket.bufferedAmount === 0) return true;
  return new Promise((resolve) => {
    const stalled = setTimeout(() => cutOff(socket, 'Slow consumer'), stalledMs);
    left = () => {
      clearTimeout(stalled);
      resolve(true);
    };
  });
}
