import type { Server } from 'node:http';

const POLL_MS = 50;

/**
 * Takes no new connection, lets running requests end, and closes their connections as they become idle.
 * @param limitMs after which what is left is cut
 */
export async function drainServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeIdle = setInterval(() => server.closeIdleConnections(), POLL_MS);
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(cut);
}
