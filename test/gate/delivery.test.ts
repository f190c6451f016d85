import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { deliver, printPayload } from '../../src/gate/delivery.ts';
import type { Answers } from '../../src/gate/fresh-subscription.ts';
import { writeOnce } from '../../src/gate/shared-text.ts';

const formatError = () => ({ message: 'masked' });
let sockets: WebSocketServer;
let client: WebSocket;
let server: WebSocket;
let link: Duplex;

beforeAll(async () => {
  sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(sockets, 'listening');
  const connected = once(sockets, 'connection');
  client = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  const [socket, request] = await connected;
  [server, link] = [socket, request.socket];
  await once(client, 'open');
});
afterAll(async () => {
  client.terminate();
  await new Promise((resolve) => sockets.close(resolve));
});

/** Answers that are there from the beginning. */
function answersOf(texts: readonly string[]): Answers {
  const handTo: Answers['handTo'] = async (take) => {
    for (const text of texts) if (!(await take({ data: { text } }))) return;
  };
  return { handTo, return: vi.fn() } as unknown as Answers;
}

function deliverTo(answers: Answers, { id = '1', onNext = () => {}, stalledMs = 5_000 } = {}) {
  const payloadOf = writeOnce(formatError, printPayload);
  return deliver(answers, { socket: server, link, id, payloadOf, stalledMs, onNext }).next();
}

/** The next messages, as the client's library reads them. */
function receive(count: number): Promise<object[]> {
  const messages: object[] = [];
  const { promise, resolve } = Promise.withResolvers<object[]>();
  const take = (data: Buffer) => {
    if (messages.push(JSON.parse(data.toString())) === count) {
      client.off('message', take);
      resolve(messages);
    }
  };
  client.on('message', take);
  return promise;
}

const next = (id: string, text: string) => ({ id, type: 'next', payload: { data: { text } } });

it('an answer arrives whole, whatever its length', async () => {
  // Around where the length of a frame takes two bytes more, and eight.
  const lengths = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 65_400, max: 65_600 }));
  const id = fc.string({ minLength: 1, maxLength: 128, unit: 'binary' });
  await fc.assert(
    fc.asyncProperty(lengths, fc.constantFrom('x', 'é', '😀', '"'), id, async (length, letter, id) => {
      const text = letter.repeat(length);
      const received = receive(1);
      await deliverTo(answersOf([text]), { id });
      expect(await received).toEqual([next(id, text)]);
    }),
    { numRuns: 60 },
  );
});

it('answers stand in their order among all that the socket sends', async () => {
  const received = receive(5);
  server.send('"before"');
  await deliverTo(answersOf(['one', 'two', 'three']), { onNext: () => undefined });
  server.send('"after"');
  const answers = ['one', 'two', 'three'].map((text) => next('1', text));
  expect(await received).toEqual(['before', ...answers, 'after']);
});

it('the next answer waits until the last has left, and whoever does not read is cut off', async () => {
  // Time passes only while he is waited for: once he is cut off he has as much of it as he needs to hear so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  client.pause();
  let asked = 0;
  const answers = answersOf(Array<string>(1_000).fill('x'.repeat(100_000)));
  const onNext = () => {
    asked += 1;
  };
  const closed = once(server, 'close');
  const over = deliverTo(answers, { stalledMs: 50, onNext });
  await vi.waitUntil(() => server.readyState === WebSocket.CLOSING, { timeout: 10_000, interval: 2 });
  expect(asked).toBeLessThan(1_000);
  expect(server.bufferedAmount).toBeLessThan(300_000);
  client.resume();
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1013, 'Slow consumer']);
  expect(await over).toEqual({ done: true, value: undefined });
});
