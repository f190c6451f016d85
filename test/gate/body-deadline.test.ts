import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bodyWithin } from '../../src/gate/body-deadline.ts';

const LIMIT_MS = 150;
const app = express();
app.use(bodyWithin(LIMIT_MS), express.json(), (request, response) => void response.json(request.body));
const server = createServer(app);
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

/** Sends a request bit by bit; answers with what came back until the connection was closed. */
async function sendSlowly(parts: string[], pauseMs: number): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await closed;
  return answer;
}

const head =
  'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n';

it('lets a body pass that comes in time', async () => {
  const answer = await sendSlowly([head, '{"a":', '12}'], 5);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK.*\{"a":12\}$/s);
});

it('cuts a request whose body does not come to its end', async () => {
  expect(await sendSlowly([head, '{"a":'], LIMIT_MS * 2)).toBe('');
});

it('does not cut an answer that takes longer than the body may', async () => {
  const slow = express().use(bodyWithin(LIMIT_MS), express.json(), (_request, response) => {
    setTimeout(() => response.json({ ok: true }), LIMIT_MS * 2);
  });
  const other = createServer(slow);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method,
      ...(method === 'POST' && { body: '{}', headers: { 'content-type': 'application/json' } }),
    });
    expect(await answer.json()).toEqual({ ok: true });
  }
  other.closeAllConnections();
  other.close();
});
