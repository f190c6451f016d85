import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { limitMessages, limitSilence, messageCheck } from '../../src/gate/socket-limits.ts';

class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 1;
  closes: unknown[] = [];
  terminated = false;
  readonly sent: { data: string; done: (error?: Error) => void }[] = [];
  send(data: string, done: (error?: Error) => void): void {
    this.sent.push({ data, done });
  }
  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
    this.readyState = 2;
  }
  terminate(): void {
    this.terminated = true;
  }
}
const fake = () => {
  const socket = new FakeSocket();
  return { socket, asSocket: socket as unknown as WebSocket };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('messages', () => {
  it('may come in a burst, then at their pace; beyond that the socket is cut', () => {
    const { socket, asSocket } = fake();
    const heard = vi.fn();
    socket.on('message', heard);
    limitMessages(asSocket, { perSecond: 2, burst: 3 });
    for (let count = 0; count < 3; count += 1) socket.emit('message');
    vi.advanceTimersByTime(1_000);
    socket.emit('message');
    socket.emit('message');
    expect([socket.closes, heard.mock.calls.length]).toEqual([[], 5]);
    socket.emit('message');
    socket.emit('message');
    expect(socket.closes).toEqual([[1013, 'Too many messages']]);
    expect(heard.mock.calls.length).toBeLessThanOrEqual(6);
    vi.advanceTimersByTime(1_000);
    expect(socket.terminated).toBe(true);
  });

  it('are refused by depth and by the length of an id, wherever the depth is', () => {
    const parse = (text: string) => JSON.parse(text, messageCheck(3, 4));
    expect(parse('{"id": "1234", "a": [[1], 2]}')).toEqual({ id: '1234', a: [[1], 2] });
    for (const text of ['[[[[]]]]', '{"a": {"b": {"c": {}}}}', '[1, [[2], [[3]]]]', '{"id": "12345"}']) {
      expect(() => parse(text)).toThrow();
    }
  });
});

describe('a message on its way out', () => {
  it('may take so long, and then the socket is cut', () => {
    const { socket, asSocket } = fake();
    limitSilence(asSocket, 5_000);
    asSocket.send('slow', () => undefined);
    vi.advanceTimersByTime(4_999);
    expect(socket.closes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(socket.closes).toEqual([[1013, 'Slow consumer']]);
  });

  it('that the network takes at once needs no clock', () => {
    const { socket, asSocket } = fake();
    socket.bufferedAmount = 0;
    limitSilence(asSocket, 5_000);
    asSocket.send('quick', () => undefined);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that has left, or cannot, tells its sender so far and no further, and harms nobody', () => {
    const { socket, asSocket } = fake();
    const done = vi.fn();
    limitSilence(asSocket, 5_000);
    asSocket.send('quick', done);
    expect(socket.sent.map(({ data }) => data)).toEqual(['quick']);
    socket.sent[0]!.done(new Error('broken'));
    expect(done.mock.calls).toEqual([[]]);
    vi.advanceTimersByTime(60_000);
    expect(socket.closes).toEqual([]);
  });
});
