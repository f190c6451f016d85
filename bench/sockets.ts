import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { startApis } from './apis.ts';
import { megabytes } from './figures.ts';
import { idleFollowers } from './idle-followers.ts';
import { forEach } from './patience.ts';
import { openHandles, processorSeconds, residentBytes } from './process-state.ts';

const USERS = 50;
const CONNECTING = 20;
const SETTLING_MS = 5_000;

/**
 * What `count` sockets cost an API process that each follow all jobs of a user to whom nothing happens, for `seconds`; and
 * how the next one is refused, where so many are what one address may hold.
 */
export async function benchSockets(count: number, seconds: number): Promise<string[]> {
  // In development this machine may hold any number.
  await using apis = await startApis(1, { ASSAY_ENV: 'production', ASSAY_LIMIT_SOCKETS_PER_ADDRESS: String(count) });
  const { server, open } = await idleFollowers(apis, USERS);
  await open(0).then(({ socket }) => closed(socket));
  const fresh = { resident: await residentBytes(server.pid), handles: await openHandles(server.pid) };
  const begunAt = performance.now();
  const watchers = await forEach(Array.from({ length: count }), CONNECTING, (_, index) => open(index));
  const connectedIn = (performance.now() - begunAt) / 1_000;
  await delay(SETTLING_MS);
  const used = await processorSeconds(server.pid);
  await delay(seconds * 1_000);
  const share = ((await processorSeconds(server.pid)) - used) / seconds;
  const resident = await residentBytes(server.pid);
  const refusal = await knock(server.url);
  if (watchers[0]) await closed(watchers[0].socket);
  const next = await knock(server.url);
  for (const { socket } of watchers) socket.terminate();
  const isSound = refusal.startsWith('429') && next === 'let in' && watchers.length === count;
  if (!isSound) process.exitCode = 1;
  return [
    `${count} sockets of ${USERS} users, each with a subscription, connected in ${connectedIn.toFixed(1)} s`,
    `memory of the API ${megabytes(fresh.resident)} before, ${megabytes(resident)} with them: ` +
      `${((resident - fresh.resident) / count / 1_000).toFixed(1)} kB each; open handles before ${fresh.handles}`,
    `processor time, while nothing happens: ${(100 * share).toFixed(1)} % of one core, over ${seconds} s`,
    `socket ${count + 1}: ${refusal}; when one has gone: ${next}`,
  ];
}

async function closed(socket: WebSocket): Promise<void> {
  const gone = once(socket, 'close');
  socket.close(1_000);
  await gone;
}

/** @returns what a handshake comes to */
async function knock(url: string): Promise<string> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => undefined); // what follows a refusal
  socket.once('open', () => resolve('let in'));
  socket.once('unexpected-response', (_request, { statusCode, statusMessage, headers }) =>
    resolve(`${statusCode} ${statusMessage}, Retry-After ${headers['retry-after']}`),
  );
  const outcome = await promise;
  socket.terminate();
  return outcome;
}
