import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { FaultProxy } from '../chaos/proxy.ts';
import type { ApiProcess } from './apis.ts';

/** What was done to an installation. */
export interface Done {
  listenersEnded: number;
  socketsCut: number;
  restarts: number;
}

export interface Victims {
  pool: pg.Pool;
  servers: readonly ApiProcess[];
  /** In front of each of the servers. */
  proxies: readonly FaultProxy[];
}

const LISTENERS_MS = 2_500;
const CUTS_MS = 4_000;
const LISTENERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'assay-listen' and datname = current_database()`;

/** Ends the listening sessions, and cuts the sockets of one server after the other, until the signal. */
export async function disturb({ pool, proxies }: Victims, done: Done, signal: AbortSignal): Promise<void> {
  const endListeners = async () => {
    const { rowCount } = await pool.query(LISTENERS);
    done.listenersEnded += rowCount ?? 0;
  };
  let turn = 0;
  const cutSockets = () => {
    const links = proxies[turn % proxies.length]?.links() ?? [];
    for (const link of links) link.cut();
    done.socketsCut += links.length;
    turn += 1;
  };
  await Promise.all([
    repeat(LISTENERS_MS, signal, endListeners),
    repeat(CUTS_MS / proxies.length, signal, async () => cutSockets()),
  ]);
}

/** Restarts each server by a signal, one after the other, each `ms` after the one before is up again. */
export async function restartAll(
  { servers }: Victims,
  done: Done,
  { signal, ms }: { signal: 'SIGKILL' | 'SIGTERM'; ms: number },
): Promise<void> {
  for (const server of servers) {
    await delay(ms);
    await server.restart(signal);
    done.restarts += 1;
  }
}

async function repeat(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await delay(ms, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await act();
  }
}
