import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createErrorFormat } from '../../src/gate/error-format.ts';
import { answerUnread } from '../../src/gate/unread-request.ts';
import { createLog } from '../../src/log.ts';

let patient: Server;
let hasty: Server;
beforeAll(async () => {
  patient = await open({});
  // Looks often, so that a request that does not come to its end is given up soon.
  hasty = await open({ headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 });
});
afterAll(() => {
  for (const server of [patient, hasty]) {
    server.closeAllConnections();
    server.close();
  }
});

async function open(options: ServerOptions): Promise<Server> {
  const server = createServer(options, (request, response) => {
    if (request.url === '/begun') response.write('begun');
    else response.end('fine');
  });
  answerUnread(server, createErrorFormat(createLog({ level: 'silent' })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** All that comes back until the connection is closed, where each part is sent when the one before has its answer. */
async function send(server: Server, ...parts: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  const closed = once(socket, 'close');
  for (const part of parts) {
    socket.write(part);
    await Promise.race([once(socket, 'data'), closed]);
  }
  await closed;
  return answer;
}

const GOOD = 'GET / HTTP/1.1\r\nhost: assay\r\n\r\n';

describe('a request that cannot be read', () => {
  it.each([
    ['no HTTP', ['CANARY\r\n\r\n'], 400, 'BAD_REQUEST'],
    [
      'headers without an end',
      [`GET / HTTP/1.1\r\nhost: assay\r\ncanary: ${'CANARY'.repeat(5_000)}\r\n\r\n`],
      431,
      'PAYLOAD_TOO_LARGE',
    ],
    ['a body that does not come', ['POST / HTTP/1.1\r\nhost: assay\r\nconten'], 408, 'BAD_REQUEST'],
    ['no HTTP after a good request', [GOOD, 'CANARY\r\n\r\n'], 400, 'BAD_REQUEST'],
  ])('is answered as JSON, and its connection closed: %s', async (_what, parts, status, code) => {
    const answer = (await send(status === 408 ? hasty : patient, ...parts)).split('HTTP/1.1 ').at(-1) ?? '';
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^${status} `));
    expect(head).toContain('content-type: application/json');
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ extensions: { code, retryable: false, errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) } }],
    });
    expect(answer).not.toContain('CANARY');
  });

  it('breaks into no answer that has begun', async () => {
    const answer = await send(patient, 'GET /begun HTTP/1.1\r\nhost: assay\r\n\r\n', 'CANARY\r\n\r\n');
    expect(answer).toContain('begun');
    expect(answer).not.toContain('errors');
  });
});
