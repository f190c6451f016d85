import { setTimeout as wait } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Log } from '../log.ts';

const CHECK_LIMIT_MS = 3_000;

/** What `/readyz` shows. `workers` is for the reader: an API without workers still takes work. */
export interface Readiness {
  readonly ready: boolean;
  readonly database: boolean;
  readonly migrations: boolean;
  readonly feed: boolean;
  /** Worker processes with a fresh heartbeat; null while that cannot be known. */
  readonly workers: number | null;
}

export interface ReadinessParts {
  orm: MikroORM;
  /** A worker that was not heard of for longer counts as gone. */
  leaseMs: number;
  isListening: () => boolean;
  isMigrated: () => Promise<boolean>;
  log: Log;
}

/** Looks whether this process can do its work now: within 3 seconds, whatever the database does. */
export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  const { isListening, log } = parts;
  return async () => {
    const feed = isListening();
    const seen = await Promise.race([look(parts), wait(CHECK_LIMIT_MS, undefined, { ref: false })]).catch(
      (error: unknown) => void log.warn({ err: error }, 'The database did not answer.'),
    );
    const { migrations = false, workers = null } = seen ?? {};
    return { ready: Boolean(seen) && migrations && feed, database: Boolean(seen), migrations, feed, workers };
  };
}

async function look(parts: ReadinessParts): Promise<{ migrations: boolean; workers: number | null }> {
  const db = parts.orm.em.fork().getKysely();
  await sql`select 1`.execute(db);
  if (!(await parts.isMigrated())) return { migrations: false, workers: null };
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from workers
    where heartbeat_at > now() - make_interval(secs => ${parts.leaseMs / 1_000})`.execute(db);
  return { migrations: true, workers: rows[0]?.count ?? 0 };
}
