import { clockMs } from './figures.ts';
import { within } from './patience.ts';
import { processorSeconds } from './process-state.ts';

/** One who delivers: a process that sends to all, and all who receive it. */
export interface Side {
  readonly name: string;
  /** Of the process that sends. */
  readonly pid: number;
  readonly sockets: number;
  /** Called for each delivery, with the number of the socket; set by whoever waits for them. */
  onDelivery: (place: number, text: Buffer) => void;
  /** Makes something that each socket hears of once, and commits it. */
  emit(): Promise<void>;
  /** When the last of it was committed, for each socket, or once for all: milliseconds since 1970. */
  commits(): Promise<readonly number[]>;
}

/** What one turn of a side came to. */
export interface Turn {
  deliveries: number;
  processorSeconds: number;
  /** Of each delivery: milliseconds since the commit. */
  latencies: number[];
}

const DELIVERY_LIMIT_MS = 60_000;
const QUIET_MS = 500;
const ASKING_MS = 2_000;
const ASKING_TURNS = 60;

/** One event after the other: the next one when all have the last. */
export async function measure(side: Side, events: number): Promise<Turn> {
  const latencies: number[] = [];
  const before = await processorSeconds(side.pid);
  for (let event = 0; event < events; event += 1) {
    const arrivals = await deliver(side);
    const commits = await side.commits();
    for (const [place, arrival] of arrivals.entries()) latencies.push(arrival - (commits[place % commits.length] ?? 0));
  }
  const used = (await processorSeconds(side.pid)) - before;
  return { deliveries: events * side.sockets, processorSeconds: used, latencies };
}

/** @returns when each socket had it: milliseconds since 1970 */
async function deliver(side: Side): Promise<Float64Array> {
  const arrivals = new Float64Array(side.sockets);
  let left = side.sockets;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  side.onDelivery = (place) => {
    arrivals[place] = clockMs();
    left -= 1;
    if (left === 0) resolve();
  };
  const limit = setTimeout(() => reject(new Error(`${side.name}: ${left} did not get it.`)), DELIVERY_LIMIT_MS);
  try {
    await Promise.all([side.emit(), promise]);
    return arrivals;
  } finally {
    clearTimeout(limit);
  }
}

/**
 * Emits until each socket of a server that says nothing at the beginning has heard something, and nothing more comes.
 * @throws when one hears nothing
 */
export async function settle(side: Side): Promise<void> {
  const deaf = new Set(Array.from({ length: side.sockets }, (_, place) => place));
  let heardAt = 0;
  side.onDelivery = (place) => {
    deaf.delete(place);
    heardAt = performance.now();
  };
  for (let turn = 0; deaf.size > 0; turn += 1) {
    if (turn === ASKING_TURNS) throw new Error(`${side.name}: ${deaf.size} hear nothing.`);
    await side.emit();
    await within(ASKING_MS, () => deaf.size === 0);
  }
  await within(DELIVERY_LIMIT_MS, () => performance.now() - heardAt > QUIET_MS);
}
