import { once } from 'node:events';
import { createServer } from 'node:net';

/** The stand-in for real sources, with faults of its own: beside the project, on machines that have one. */
export const SHARED_UPSTREAM = new URL('../../../shared/upstream/serve.mjs', import.meta.url);

/**
 * A port that was free a moment ago, below those that a system gives to outgoing connections and to whoever asks for any: one
 * of them could take it before the server that it is for has started, or while it is away.
 */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const socket = createServer().listen(port, '127.0.0.1');
  try {
    await once(socket, 'listening');
  } catch {
    return await freePort();
  }
  socket.close();
  await once(socket, 'close');
  return port;
}
