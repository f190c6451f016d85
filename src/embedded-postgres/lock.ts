import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Connection } from './connection.ts';
import { EmbeddedPostgresError } from './error.ts';

// An arbitrary number ("assay" in ASCII) in the database `postgres`, in which nobody else takes locks.
const LOCK_KEY = 0x6173736179;
const RETAKE_MS = 250;
const RETAKE_MAX_MS = 10_000;
// The server sees the end of a killed process a moment after the process is gone.
const PATIENCE_MS = 1_000;

/** A data folder that is ours until `release`, or until our process ends. */
export interface DataFolderLock {
  /** Gives the folder back after `act`, which gets the connection that holds the lock by now. */
  release(act: (holder: Connection) => Promise<void>): Promise<void>;
}

/**
 * Takes the data folder for this process: an advisory lock of a session in its own server, so a crash frees it. When
 * that session is cut while we live (the server crashed or was killed), a new one is made and takes the lock again.
 * @param connection belongs to the lock from now on
 * @param reconnect connects again, starting the server if need be
 * @throws EmbeddedPostgresError when another process has the folder
 */
export async function lockDataFolder(
  connection: Connection,
  dataDir: string,
  reconnect: (port: number) => Promise<Connection>,
): Promise<DataFolderLock> {
  let holder = connection;
  const released = new AbortController();
  let retaking: Promise<void> = Promise.resolve();

  const retake = async () => {
    for (let wait = 0; !released.signal.aborted; wait = Math.min(wait * 2 + RETAKE_MS, RETAKE_MAX_MS)) {
      await delay(wait, undefined, { ref: false, signal: released.signal }).catch(() => undefined);
      const next = released.signal.aborted ? undefined : await reconnect(holder.port).catch(() => undefined);
      if (!next) continue;
      if (await tryLock(next.client).catch(() => false)) return hold(next);
      await next.client.end().catch(() => undefined);
    }
  };
  const hold = (next: Connection) => {
    holder = next;
    holder.client.once('end', () => {
      if (!released.signal.aborted) retaking = retake();
    });
  };

  const deadline = Date.now() + PATIENCE_MS;
  while (!(await tryLock(connection.client))) {
    if (Date.now() > deadline) throw await inUseError(connection.client, dataDir);
    await delay(50);
  }
  hold(connection);
  return {
    release: async (act) => {
      released.abort();
      await retaking;
      await act(holder);
      await holder.client.end().catch(() => undefined);
    },
  };
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [LOCK_KEY]);
  return rows[0]?.locked === true;
}

async function inUseError(client: Client, dataDir: string): Promise<EmbeddedPostgresError> {
  const { rows } = await client.query<{ name: string }>(
    `select application_name as name from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and datname = current_database()`,
  );
  const who = rows[0] ? ` (process ${rows[0].name.replace('assay ', '')})` : '';
  return new EmbeddedPostgresError(
    `The data folder ${dataDir} is in use by another assay${who}. Stop that one, or choose another data folder.`,
  );
}
