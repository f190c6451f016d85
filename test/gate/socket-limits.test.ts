import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { closeAtExpiry, limitMessages, messageCheck, Tally } from '../../src/gate/socket-limits.ts';

class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  closes: unknown[] = [];
  terminated = false;
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

describe('the expiry of a token', () => {
  it('closes the socket in its moment', () => {
    const { socket, asSocket } = fake();
    closeAtExpiry(asSocket, new Date(Date.now() + 60_000));
    vi.advanceTimersByTime(59_999);
    expect(socket.closes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(socket.closes).toEqual([[4403, 'Token expired']]);
  });

  it('may be further away than a timer reaches', () => {
    const { socket, asSocket } = fake();
    const days = 40 * 86_400_000;
    closeAtExpiry(asSocket, new Date(Date.now() + days));
    vi.advanceTimersByTime(days - 1);
    expect(socket.closes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(socket.closes).toHaveLength(1);
  });

  it('leaves no timer behind a socket that has closed', () => {
    const { socket, asSocket } = fake();
    closeAtExpiry(asSocket, new Date(Date.now() + 60_000));
    socket.emit('close');
    expect(vi.getTimerCount()).toBe(0);
  });
});

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

it('what a key holds is given back when its socket closes', () => {
  const tally = new Tally();
  const sockets = [fake(), fake()];
  for (const { asSocket } of sockets) tally.holdUntilClosed('a', asSocket);
  expect([tally.count('a'), tally.count('b')]).toEqual([2, 0]);
  for (const { socket } of sockets) socket.emit('close');
  expect(tally.count('a')).toBe(0);
});
