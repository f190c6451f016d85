import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createDrain, type Drain } from '../../src/gate/drain.ts';
import type { Readiness } from '../../src/gate/readiness.ts';
import { useDatabase } from '../support/database.ts';
import { READY, startTinyApi } from './tiny-api.ts';

const database = useDatabase();
const SPELL_MS = 400;
const REQUEST = 'GET / HTTP/1.1\r\nhost: here\r\n\r\n';

type Answer = (response: ServerResponse) => void;
const sayYes: Answer = (response) => void response.end('yes');

/** A server on a port of its own that answers at once, unless told otherwise. */
async function open({
  answer = sayYes,
  limitMs = 10_000,
  spellMs = SPELL_MS,
}: {
  answer?: Answer;
  limitMs?: number;
  spellMs?: number;
} = {}) {
  const server = createServer();
  const drain = createDrain(server, { spellMs, limitMs });
  const listener: RequestListener = (_request, response) => answer(response);
  server.on('request', listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.closeAllConnections());
  return { drain, port: (server.address() as AddressInfo).port };
}

/** A connection that keeps all it hears. */
function speak(port: number) {
  const socket = connect(port, '127.0.0.1');
  const heard: string[] = [];
  const over = new Promise<string>((resolve, reject) => {
    socket
      .on('data', (chunk) => heard.push(String(chunk)))
      .once('close', () => resolve(heard.join('')))
      .once('error', reject);
  });
  over.catch(() => undefined);
  const next = async () => void (await once(socket, 'data'));
  return { socket, next, over, heard: () => heard.join('') };
}

/** Resolves when nobody can connect any more; the other promise is that of the end. */
async function begin(drain: Drain): Promise<{ stopped: Promise<void> }> {
  await drain.begin();
  return { stopped: drain.end() };
}

async function run(drain: Drain): Promise<void> {
  await (await begin(drain)).stopped;
}

const connectionOf = (answers: string) => [...answers.matchAll(/^connection: (\S+)/gim)].map(([, value]) => value);

it('answers what is on its way over a connection that seemed idle, and then says that it was the last', async () => {
  // Long enough for a busy machine to send the third request; it ends with the answer to that.
  const { drain, port } = await open({ spellMs: 30_000 });
  const { socket, next, over, heard } = speak(port);
  socket.write(REQUEST);
  await next();
  // The server has not heard of it when it is told to stop.
  socket.write(REQUEST);
  const { stopped } = await begin(drain);
  await vi.waitUntil(() => connectionOf(heard()).length === 2, { interval: 1, timeout: 10_000 });
  socket.write(REQUEST);
  expect(connectionOf(await over)).toEqual(['keep-alive', 'keep-alive', 'close']);
  expect(heard().match(/yes/g)).toHaveLength(3);
  await stopped;
});

it('lets in who has connected, and refuses the next', async () => {
  // Long enough for a busy machine to let in all of them; it ends as soon as nobody waits.
  const { drain, port } = await open({ spellMs: 5_000 });
  const waiting = Array.from({ length: 20 }, () => speak(port));
  for (const { socket } of waiting) socket.write(REQUEST);
  const stopped = run(drain);
  for (const { over } of waiting) expect(await over).toMatch(/^HTTP\/1.1 200 OK[\s\S]*yes$/);
  await stopped;
  await expect(speak(port).over).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('says with the answer to a running request that it is the last', async () => {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const { drain, port } = await open({ answer: resolve });
  const { socket, over } = speak(port);
  socket.write(REQUEST);
  const response = await promise;
  const { stopped } = await begin(drain);
  response.end('late');
  expect(await over).toMatch(/connection: close[\s\S]*late$/i);
  await stopped;
});

it('closes a connection on which nothing came for a spell, and waits no longer where there is none', async () => {
  const idle = await open();
  const { socket, next, over } = speak(idle.port);
  socket.write(REQUEST);
  await next();
  const from = performance.now();
  await run(idle.drain);
  expect(await over).toContain('keep-alive');
  expect(performance.now() - from).toBeGreaterThanOrEqual(SPELL_MS - 5);

  const empty = await open({ spellMs: 10_000 });
  const begun = performance.now();
  await run(empty.drain);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

it('closes a connection that was made ahead of time, and over which nothing has come yet', async () => {
  const { drain, port } = await open();
  const { socket, over } = speak(port);
  await once(socket, 'connect');
  const from = performance.now();
  await run(drain);
  expect(performance.now() - from).toBeLessThan(SPELL_MS + 5_000);
  expect(await over).toBe('');
});

it('closes a connection whose answer was under way, once it has it', async () => {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const { drain, port } = await open({ answer: resolve });
  const { socket, next, over } = speak(port);
  socket.write(REQUEST);
  const response = await promise;
  response.write('the first part, ');
  await next();
  const stopped = run(drain);
  await wait(SPELL_MS + 100);
  response.end('and the last');
  const from = performance.now();
  await stopped;
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(await over).toMatch(/keep-alive[\s\S]*and the last/);
});

it('cuts what is left at its limit', async () => {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const { drain, port } = await open({ answer: resolve, limitMs: 100 });
  const { socket, over } = speak(port);
  socket.write(REQUEST);
  await promise;
  await run(drain);
  expect(await over).toBe('');
});

/** Resolves when nobody can connect to a port any more. */
const untilRefused = (port: number) =>
  vi.waitUntil(
    async () => {
      const socket = connect(port, '127.0.0.1');
      const isRefused = await once(socket, 'connect').then(
        () => false,
        () => true,
      );
      socket.destroy();
      return isRefused;
    },
    { interval: 5, timeout: 30_000 },
  );

it('a gate that stops is ready no more for those who are still connected', async () => {
  const [asked, known] = [Promise.withResolvers<void>(), Promise.withResolvers<Readiness>()];
  let readiness = async () => READY;
  const api = await startTinyApi(database().url, {}, { readiness: () => readiness() });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const look = async () => {
    const [response] = (await once(get(`${api.url}/readyz`, { agent }), 'response')) as [IncomingMessage];
    const body: unknown = JSON.parse(String((await response.toArray())[0]));
    return [response.statusCode, response.headers.connection, body];
  };
  expect(await look()).toMatchObject([200, 'keep-alive', { ready: true }]);
  // Who asks while it stops: his connection is not closed as one on which nothing came.
  readiness = () => {
    asked.resolve();
    return known.promise;
  };
  const looked = look();
  await asked.promise;
  const stopped = api.stop();
  await untilRefused(Number(new URL(api.url).port));
  known.resolve(READY);
  expect(await looked).toMatchObject([503, 'close', { ready: false, database: true }]);
  await stopped;
  await expect(look()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
