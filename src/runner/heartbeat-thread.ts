import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { Lease } from '../lifecycle/attempt.ts';
import { type Beat, beat, retire } from '../lifecycle/heartbeat.ts';
import { STOP_CHANNEL } from '../lifecycle/stop-channel.ts';

export interface HeartbeatData extends Omit<Beat, 'poolId' | 'leases'> {
  /** PostgreSQL connection string. */
  url: string;
  heartbeatMs: number;
}

export type HeartbeatCommand =
  | { type: 'add' | 'remove'; lease: Lease }
  /** The name under which the worker locks queue tasks from now on. */
  | { type: 'pool'; poolId: string }
  | { type: 'stop' };

export type HeartbeatNews =
  | { type: 'beaten'; poolId: string }
  | { type: 'lost'; leases: Lease[] }
  | { type: 'failed'; message: string };

const { url, heartbeatMs, ...identity } = workerData as HeartbeatData;
/** A link that does not answer is given up in time for another beat within the lease. */
const limitMs = Math.max(250, Math.floor(identity.leaseMs / 4));
const leases = new Map<string, Lease>();
/** Told to be over before they were known here: a cancel can be quicker than the word that the attempt has begun. */
const endedEarly = new Set<string>();
let poolId: string | undefined;
let isRegistered = false;
let client: pg.Client | undefined;
let stopped = false;
let waiting = new AbortController();

const tell = (news: HeartbeatNews) => parentPort?.postMessage(news);

parentPort?.on('message', (command: HeartbeatCommand) => {
  if (command.type === 'add') add(command.lease);
  else if (command.type === 'remove') leases.delete(command.lease.leaseToken);
  else if (command.type === 'pool') poolId = command.poolId;
  else stopped = true;
  if (command.type === 'pool' || command.type === 'stop') waiting.abort();
});

function add(lease: Lease): void {
  leases.set(lease.leaseToken, lease);
  if (endedEarly.delete(lease.leaseToken)) lose([lease]);
}

/** Every worker hears of every attempt that was ended; most are another's, and forgotten before long. */
function end(leaseToken: string): void {
  const lease = leases.get(leaseToken);
  if (lease) lose([lease]);
  else {
    endedEarly.add(leaseToken);
    setTimeout(() => endedEarly.delete(leaseToken), identity.leaseMs).unref();
  }
}

async function connect(): Promise<pg.Client> {
  const fresh = new pg.Client({
    connectionString: url,
    application_name: 'assay-heartbeat',
    connectionTimeoutMillis: limitMs,
    query_timeout: limitMs,
    statement_timeout: limitMs,
    keepAlive: true,
  });
  // The query that fails tells all; without a listener an idle link that breaks would end the thread.
  fresh.on('error', () => undefined);
  fresh.on('notification', ({ payload }) => payload && end(payload));
  try {
    await fresh.connect();
    await fresh.query(`listen ${STOP_CHANNEL}`);
    return fresh;
  } catch (error) {
    await fresh.end().catch(() => undefined);
    throw error;
  }
}

async function beatOnce(pool: string): Promise<void> {
  client ??= await connect();
  const lost = await beat(client, { ...identity, poolId: pool, leases: [...leases.values()] });
  isRegistered = true;
  tell({ type: 'beaten', poolId: pool });
  // A lease that was given back while the statement ran is not lost.
  lose(lost.filter(({ leaseToken }) => leases.has(leaseToken)));
}

function lose(lost: Lease[]): void {
  for (const { leaseToken } of lost) leases.delete(leaseToken);
  if (lost.length > 0) tell({ type: 'lost', leases: lost });
}

async function disconnect(): Promise<void> {
  const broken = client;
  client = undefined;
  await broken?.end().catch(() => undefined);
}

/** Waits for the next beat; a new pool or the stop cannot wait. */
async function pause(ms: number): Promise<void> {
  await delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
  waiting = new AbortController();
}

let failures = 0;
while (!stopped) {
  const startedAt = performance.now();
  let pauseMs = heartbeatMs;
  if (poolId !== undefined) {
    try {
      await beatOnce(poolId);
      failures = 0;
    } catch (error) {
      if (failures === 0) tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
      await disconnect();
      pauseMs = Math.min(heartbeatMs, 100 * 2 ** failures);
      failures += 1;
    }
  }
  await pause(Math.max(0, pauseMs - (performance.now() - startedAt)));
}
if (client && isRegistered) await retire(client, identity.workerId).catch(() => undefined);
await disconnect();
parentPort?.close();
