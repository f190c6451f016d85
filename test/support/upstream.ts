import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished, type TestContext } from 'vitest';
import { startProcess } from './process.ts';
import { freePort, SHARED_UPSTREAM } from './upstream-process.ts';

/** What a source of a test answers. */
export type Answer = (
  request: { offset: number; limit: number; url: URL },
  response: ServerResponse,
  incoming: IncomingMessage,
) => void;

export interface Upstream {
  /** Without a slash at its end. */
  origin: string;
  /** What was asked so far, as path and query. */
  asked: string[];
  /** The tokens it was asked with. */
  tokens: (string | undefined)[];
}

/** A source in this process; it ends with the test. */
export async function startUpstream(answer: Answer): Promise<Upstream> {
  const upstream: Upstream = { origin: '', asked: [], tokens: [] };
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://source');
    upstream.asked.push(incoming.url ?? '');
    upstream.tokens.push(incoming.headers.authorization);
    const number = (name: string) => Number(url.searchParams.get(name));
    answer({ offset: number('offset'), limit: number('limit'), url }, response, incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  upstream.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;
}

/** Answers with JSON. */
export const give = (response: ServerResponse, body: unknown, status = 200, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** A source that has these rows and behaves. */
export const rowsOf =
  (rows: readonly unknown[]): Answer =>
  ({ offset, limit }, response) =>
    give(response, { total: rows.length, data: rows.slice(offset, offset + limit) });

/** So many rows, `r0001` and on. */
export const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `r${String(index + 1).padStart(4, '0')}`,
    name: `ROW ${index + 1}`,
  }));

/** Starts the stand-in for real sources as a process of its own, which ends with the test. @returns its origin */
export async function startShared(context: TestContext, ...options: string[]): Promise<string> {
  context.skip(!existsSync(SHARED_UPSTREAM), 'needs the stand-in for sources at ../shared/upstream/serve.mjs');
  const port = await freePort();
  const upstream = startProcess(process.execPath, [fileURLToPath(SHARED_UPSTREAM), '--port', String(port), ...options]);
  onTestFinished(() => upstream[Symbol.asyncDispose]());
  await upstream.waitForOutput(/upstream on/);
  return `http://127.0.0.1:${port}`;
}
