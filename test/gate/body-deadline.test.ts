import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express, { type RequestHandler } from 'express';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { bodyWithin } from '../../src/gate/body-deadline.ts';

const LIMIT_MS = 150;
const echo: RequestHandler = (request, response) => void response.json(request.body);

// The server is in this process: its clock goes as the tests say, however long a request is on its way.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

async function open(answer: RequestHandler) {
  const server = createServer(express().use(bodyWithin(LIMIT_MS), express.json(), answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

const HEAD =
  'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n';

/** Sends the beginning of a request; resolves when the server has heard it. */
async function begin() {
  const { server, port } = await open(echo);
  const heard = once(server, 'request');
  const socket = connect(port, '127.0.0.1');
  const chunks: string[] = [];
  socket.on('data', (data) => chunks.push(String(data))).on('error', () => undefined);
  const answer = once(socket, 'close').then(() => chunks.join(''));
  socket.write(`${HEAD}{"a":`);
  await heard;
  return { socket, answer };
}

it('lets a body pass that comes in time', async () => {
  const { socket, answer } = await begin();
  vi.advanceTimersByTime(LIMIT_MS - 1);
  socket.write('12}');
  expect(await answer).toMatch(/^HTTP\/1.1 200 OK.*\{"a":12\}$/s);
});

it('cuts a request whose body does not come to its end', async () => {
  const { answer } = await begin();
  vi.advanceTimersByTime(LIMIT_MS);
  expect(await answer).toBe('');
});

it.each(['GET', 'POST'])('does not cut an answer to %s that takes longer than the body may', async (method) => {
  const asked = Promise.withResolvers<Parameters<RequestHandler>[1]>();
  const { port } = await open((_request, response) => asked.resolve(response));
  const answer = fetch(`http://127.0.0.1:${port}`, {
    method,
    ...(method === 'POST' && { body: '{}', headers: { 'content-type': 'application/json' } }),
  });
  const response = await asked.promise;
  vi.advanceTimersByTime(LIMIT_MS * 2);
  response.json({ ok: true });
  expect(await (await answer).json()).toEqual({ ok: true });
});
