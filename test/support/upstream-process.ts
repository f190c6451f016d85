import { type AddressInfo, createServer } from 'node:net';

/** The stand-in for real sources, with faults of its own: beside the project, on machines that have one. */
export const SHARED_UPSTREAM = new URL('../../../shared/upstream/serve.mjs', import.meta.url);

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}
