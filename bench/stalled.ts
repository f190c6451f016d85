import { setTimeout as delay } from 'node:timers/promises';
import { within } from './patience.ts';
import { linksOf } from './tcp-links.ts';
import type { Watcher } from './watcher.ts';

/** What became of a socket that nobody reads. */
export interface Stalled {
  /** Milliseconds after it was stalled when the server gave it up; undefined where it did not. */
  cutAfter: number | undefined;
  /** For how long nothing more had fitted into the network then, in milliseconds. */
  stoodFor: number | undefined;
  /** What its reader finds when he reads on. */
  told: string;
}

const LOOK_MS = 100;
const READ_MS = 5_000;

/** Stops reading at once. The result is there when the signal has come and all has been read that was still there. */
export async function stall(watchers: readonly Watcher[], port: number, signal: AbortSignal): Promise<Stalled[]> {
  for (const { socket } of watchers) socket.pause();
  const begunAt = performance.now();
  const observed = new Map(watchers.map((watcher) => [watcher, { held: -1, changedAt: begunAt, cutAt: Number.NaN }]));
  while (!signal.aborted) {
    const links = await linksOf(port);
    const now = performance.now();
    for (const [watcher, state] of observed) {
      const link = links.get(watcher.port);
      if (!link?.isEstablished) state.cutAt = Math.min(now, Number.isNaN(state.cutAt) ? now : state.cutAt);
      else if (link.held !== state.held) Object.assign(state, { held: link.held, changedAt: now });
    }
    await delay(LOOK_MS);
  }
  const told = await Promise.all(watchers.map(readOn));
  return [...observed.values()].map(({ cutAt, changedAt }, index) => ({
    cutAfter: Number.isNaN(cutAt) ? undefined : cutAt - begunAt,
    stoodFor: Number.isNaN(cutAt) ? undefined : cutAt - changedAt,
    told: told[index] ?? '',
  }));
}

/** Reads until the socket closes, or nobody seems to write any more. */
async function readOn({ socket }: Watcher): Promise<string> {
  let told = 'nothing';
  socket.on('message', (data: Buffer) => {
    if (data.includes('"OVERFLOW"')) told = 'OVERFLOW';
    else if (data.includes('"RESYNC"')) told = 'RESYNC';
  });
  let isClosed = false;
  socket.on('close', (code) => {
    isClosed = true;
    told = `close ${code}`;
  });
  socket.resume();
  await within(READ_MS, () => isClosed);
  socket.terminate();
  return told;
}
