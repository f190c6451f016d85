import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { openSocket, type RawSocket } from './raw-socket.ts';
import { useTinyApi } from './tiny-api.ts';
import { abandoned, reached } from './tiny-schema.ts';

const database = useDatabase();
const api = useTinyApi(database);
const KEEP_ALIVE_MS = 12_000;

// The gate is in this process: its timers go as the tests say, while what is sent and heard goes its own way.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

async function openSession(options: { autoPong?: boolean } = {}): Promise<RawSocket> {
  const socket = await openSocket(api().url, options);
  socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${await api().userToken()}` } });
  expect((await socket.next()).type).toBe('connection_ack');
  return socket;
}

/** Everything that was sent in either direction has arrived, also what was answered to it. */
async function settle(socket: RawSocket): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    socket.send({ type: 'ping' });
    expect((await socket.next()).type).toBe('pong');
  }
}

it('a socket is pinged every 12 seconds, and one that does not answer is cut off before the next', async () => {
  const [sound, silent] = [await openSession(), await openSession({ autoPong: false })];
  let pings = 0;
  for (const { socket } of [sound, silent]) socket.on('ping', () => (pings += 1));
  vi.advanceTimersByTime(KEEP_ALIVE_MS - 1);
  await Promise.all([settle(sound), settle(silent)]);
  expect(pings).toBe(0);
  vi.advanceTimersByTime(1);
  await Promise.all([settle(sound), settle(silent)]);
  expect(pings).toBe(2);
  const next = once(sound.socket, 'ping');
  vi.advanceTimersByTime(KEEP_ALIVE_MS);
  expect((await silent.closed).code).toBe(1006);
  await next;
  await settle(sound);
  sound.socket.close();
});

it('a stream on which nothing happens has a comment every 12 seconds', async () => {
  const leaving = new AbortController();
  const { body } = await fetch(`${api().url}/graphql/stream`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${await api().userToken()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'subscription { ticks(to: -12) { count } }' }),
  });
  const reader = body!.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe(':\n\n');
  // Not by a wait of vitest's, which would move the timers on.
  while (!reached.has(-12)) await api().fetch('/healthz');
  for (let comments = 0; comments < 2; comments += 1) {
    const next = read();
    vi.advanceTimersByTime(KEEP_ALIVE_MS - 1);
    expect(await Promise.race([next, api().fetch('/healthz')])).toMatchObject({ status: 200 });
    vi.advanceTimersByTime(1);
    expect(await next).toBe(':\n\n');
  }
  leaving.abort();
  await vi.waitUntil(() => abandoned.includes(-12), { timeout: 10_000 });
});
