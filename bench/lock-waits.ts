import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const EVERY_MS = 10;

/** The longest time that anybody waited for a lock, by the name of the connection that waited; to within 10 milliseconds. */
export interface LockWaits {
  longestMs: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Looks who waits for a lock, over a connection of its own. */
export async function watchLockWaits(url: string): Promise<LockWaits> {
  const client = new pg.Client({ connectionString: url, application_name: 'assay-bench-locks' });
  await client.connect();
  const longestMs = new Map<string, number>();
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<{ name: string; ms: number }>(WAITING);
      for (const { name, ms } of rows) longestMs.set(name, Math.max(ms, longestMs.get(name) ?? 0));
      await delay(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    longestMs,
    async stop() {
      stopping.abort();
      await watching;
      await client.end();
    },
  };
}

/** Of relations only: that one transaction waits for another one’s row, or for its turn to commit, is no migration’s doing. */
const WAITING = `select application_name as name, extract(epoch from clock_timestamp() - waitstart)::float8 * 1000 as ms
  from pg_locks join pg_stat_activity using (pid) where not granted and locktype = 'relation' and waitstart is not null`;
