import { createServer } from 'node:net';

/** The stand-in for real sources, with faults of its own: beside the project, on machines that have one. */
export const SHARED_UPSTREAM = new URL('../../../shared/upstream/serve.mjs', import.meta.url);

/** Below those of which the system gives one to each connection that somebody makes in the meantime. */
const PORTS = { from: 20_000, count: 10_000 };

/** A port that was free a moment ago, and that nobody is given who does not ask for it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    const socket = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => socket.close(resolve));
    if (isFree) return port;
  }
}
