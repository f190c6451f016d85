import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { WakeUp } from '../entities/wake-up.ts';

/** The channel on which wake-ups travel: job ids, separated by commas. An empty payload is a listener's own ping. */
export const CHANNEL = 'assay_wake';

/**
 * From one sending to the next: meanwhile wake-ups gather, and one that comes alone leaves at once. NOTIFY takes a lock on the
 * whole database at commit: few, large ones cost least.
 */
const GATHER_MS = 10;

/** PostgreSQL carries less than 8,000 bytes a notification, which is 216 ids of 36 characters. */
const IDS_PER_NOTIFICATION = 200;

export interface WakeUpPublisher {
  /** Sends soon, coalesced with others. Never throws: a wake-up that is lost is made good by the readers' poll. */
  publish(wakeUps: readonly WakeUp[]): void;
  /** Sends what is waiting. */
  stop(): Promise<void>;
}

/** Sends wake-ups to all processes on this database, outside the transactions that caused them. */
export function createWakeUpPublisher({ orm, log }: { orm: MikroORM; log: Logger }): WakeUpPublisher {
  const waiting = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  let leaving: NodeJS.Immediate | undefined;
  let sending: Promise<void> = Promise.resolve();

  async function send(): Promise<void> {
    const ids = [...waiting];
    waiting.clear();
    for (let at = 0; at < ids.length; at += IDS_PER_NOTIFICATION) {
      const payload = ids.slice(at, at + IDS_PER_NOTIFICATION).join(',');
      await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(orm.em.fork().getKysely());
    }
  }

  function flush(): Promise<void> {
    clearImmediate(leaving);
    leaving = undefined;
    sending = sending.then(send).catch((error: unknown) => log.warn({ err: error }, 'a wake-up was not sent'));
    return sending;
  }

  /** With all that this turn of the event loop brings. */
  function leave(): void {
    leaving = setImmediate(() => void flush());
    gathering = setTimeout(() => {
      gathering = undefined;
      if (waiting.size > 0) leave();
    }, GATHER_MS);
  }

  return {
    publish(wakeUps) {
      for (const { jobId } of wakeUps) waiting.add(jobId);
      if (!gathering) leave();
    },
    async stop() {
      clearTimeout(gathering);
      gathering = undefined;
      await flush();
    },
  };
}
