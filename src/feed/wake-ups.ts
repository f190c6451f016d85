import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { type Hearing, type Listener, startListener } from './listener.ts';
import { createWakeUpPublisher, type WakeUpPublisher } from './publisher.ts';

/**
 * How the processes tell each other which jobs have news. What the news is stands in the log alone, so whatever carries
 * this may lose, double and delay it; it has to say so only where it begins to hear anew.
 */
export interface WakeUps extends WakeUpPublisher {
  /** Hears what is published by any process, from the moment of `onConnect` on, until it is stopped. */
  subscribe(hearing: Hearing): Listener;
}

/**
 * Wake-ups by LISTEN and NOTIFY.
 * @param options.orm to send over
 * @param options.url of a direct connection to hear over: a pooler that shares sessions loses LISTEN
 */
export function createWakeUps({ orm, url, log }: { orm: MikroORM; url: string; log: Logger }): WakeUps {
  return {
    ...createWakeUpPublisher({ orm, log }),
    subscribe: (hearing) => startListener({ url, log, ...hearing }),
  };
}
