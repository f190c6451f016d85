import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Lease } from '../lifecycle/attempt.ts';
import type { Log } from '../log.ts';
import type { HeartbeatCommand, HeartbeatData, HeartbeatNews } from './heartbeat-thread.ts';

export interface HeartbeatOptions extends HeartbeatData {
  log: Log;
  /** Receives the leases that the database says are not ours any more. */
  onLost(leases: readonly Lease[]): void;
}

export interface Heartbeat {
  /** Beats for an attempt too, from the next beat on. */
  add(lease: Lease): void;
  remove(lease: Lease): void;
  /**
   * Beats under the name of a queue pool from now on. Resolves after the first such beat: the pool's locks are then known
   * to be a living worker's.
   */
  join(poolId: string): Promise<void>;
  /** Whether the last beat did not come through: then those of other workers may not either. */
  isFailing(): boolean;
  /** Takes the worker out of the books and ends the thread. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 3_000;
const RESTART_MS = 500;

const isSource = import.meta.url.endsWith('.ts');
const entry = isSource
  ? new URL('./heartbeat-thread.ts', import.meta.url)
  : new URL('./heartbeat-thread.js', import.meta.url);

/** Starts the thread that proves that this worker lives, also while the main thread is busy. A dead one is replaced. */
export function startHeartbeat({ log, onLost, ...data }: HeartbeatOptions): Heartbeat {
  const leases = new Map<string, Lease>();
  let pool: { id: string; joined: PromiseWithResolvers<void> } | undefined;
  let stopping = false;
  let failing = false;
  let exited = Promise.withResolvers<void>();
  let thread = start();

  function start(): Worker {
    exited = Promise.withResolvers();
    const fresh = new Worker(entry, { workerData: data satisfies HeartbeatData });
    fresh.on('message', (news: HeartbeatNews) => {
      if (news.type === 'lost') return onLost(news.leases);
      if (failing && news.type === 'beaten') log.info('heartbeats come through again');
      failing = news.type === 'failed';
      if (news.type === 'failed') log.warn({ reason: news.message }, 'a heartbeat failed');
      else if (news.poolId === pool?.id) pool.joined.resolve();
    });
    fresh.on('error', (error) => log.error({ err: error }, 'the heartbeat thread died'));
    fresh.on('exit', () => {
      failing = true;
      exited.resolve();
      if (!stopping) void delay(RESTART_MS).then(restart);
    });
    return fresh;
  }

  function restart(): void {
    if (stopping) return;
    thread = start();
    for (const lease of leases.values()) tell({ type: 'add', lease });
    if (pool) tell({ type: 'pool', poolId: pool.id });
  }

  function tell(command: HeartbeatCommand): void {
    thread.postMessage(command);
  }

  return {
    add(lease) {
      leases.set(lease.leaseToken, lease);
      tell({ type: 'add', lease });
    },
    remove(lease) {
      leases.delete(lease.leaseToken);
      tell({ type: 'remove', lease });
    },
    join(poolId) {
      if (pool?.id !== poolId) {
        pool = { id: poolId, joined: Promise.withResolvers() };
        tell({ type: 'pool', poolId });
      }
      return pool.joined.promise;
    },
    isFailing: () => failing,
    async stop() {
      stopping = true;
      tell({ type: 'stop' });
      const limit = setTimeout(() => void thread.terminate(), STOP_LIMIT_MS);
      await exited.promise;
      clearTimeout(limit);
    },
  };
}
