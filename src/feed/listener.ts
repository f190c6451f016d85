import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { CHANNEL } from './publisher.ts';

/** What is done with what is heard. */
export interface Hearing {
  onWakeUp: (jobIds: string[]) => void;
  /** The connection is new: whatever was sent before it stood is lost, and must be looked up. */
  onConnect: () => void;
}

export interface ListenerOptions extends Hearing {
  /** A direct connection: a pooler that shares sessions loses LISTEN. */
  url: string;
  log: Logger;
}

export interface Listener {
  /** True while notifications really arrive, as far as the last ping could tell. */
  isListening(): boolean;
  stop(): Promise<void>;
}

const PING_EVERY_MS = 1_500;
const PING_TIMEOUT_MS = 2_000;
/** A notification may come after the answer to the statement that sent it, so one that is not heard yet proves nothing. */
const UNHEARD_PINGS = 2;
const CONNECT_TIMEOUT_MS = 3_000;
const RECONNECT_AFTER_MS = [100, 250, 500, 1_000, 2_000];

/**
 * The one LISTEN connection of a process. It reconnects for ever, and it tests itself: each ping is a notification to
 * itself that must come back, so that a link that is half open or no longer listens is found within five seconds.
 */
export function startListener(options: ListenerOptions): Listener {
  const stopping = new AbortController();
  let listening = false;
  const running = keepListening();

  async function keepListening(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      try {
        await listenUntilBroken(() => {
          if (failures > 0) options.log.info('the listening connection stands again');
          failures = 0;
        });
      } catch (error) {
        if (!stopping.signal.aborted) options.log.warn({ err: error }, 'the listening connection broke');
      }
      listening = false;
      const pause = RECONNECT_AFTER_MS[Math.min(failures, RECONNECT_AFTER_MS.length - 1)];
      await wait(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function listenUntilBroken(onListening: () => void): Promise<void> {
    const broken = new AbortController();
    const breakOff = (reason: unknown) => broken.abort(reason);
    const onStop = () => breakOff(new Error('stopping'));
    // A socket of our own, because only it can be given up at once: a goodbye over a half-open link is never answered.
    const socket = new Socket();
    broken.signal.addEventListener('abort', () => socket.destroy());
    const client = new pg.Client({
      connectionString: options.url,
      application_name: 'assay-listen',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: PING_TIMEOUT_MS,
      keepAlive: true,
      stream: () => socket,
    });
    let unheard = 0;
    client.on('error', breakOff);
    client.on('notification', ({ payload }) => {
      if (payload) options.onWakeUp(payload.split(','));
      else unheard = 0;
    });
    stopping.signal.addEventListener('abort', onStop);
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      listening = true;
      onListening();
      options.onConnect();
      while (!broken.signal.aborted) {
        unheard += 1;
        await client.query(`select pg_notify('${CHANNEL}', '')`);
        if (unheard >= UNHEARD_PINGS) throw new Error('the connection stands but hears no notifications');
        await wait(PING_EVERY_MS, undefined, { signal: broken.signal });
      }
    } catch (error) {
      throw broken.signal.aborted ? broken.signal.reason : error;
    } finally {
      stopping.signal.removeEventListener('abort', onStop);
      breakOff(undefined);
    }
  }

  return {
    isListening: () => listening,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
