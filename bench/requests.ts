import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../chaos/api-client.ts';

/** How requests were answered. */
export interface Tally {
  answered: number;
  /** Nobody listened: a balancer turns to another process. */
  refused: number;
  /** Whatever else went wrong, by its name. */
  failed: Map<string, number>;
}

const EVERY_MS = 20;
const QUERY = '{ viewer { id tokenBalance } }';

/** Sends one request after the other to each of the servers until the signal. */
export async function sendRequests(urls: readonly string[], token: string, signal: AbortSignal): Promise<Tally> {
  const tally: Tally = { answered: 0, refused: 0, failed: new Map() };
  const send = async (url: string) => {
    const answer = await ask(url, token, QUERY);
    if (answer.outcome === 'answered') tally.answered += 1;
    else if (answer.outcome === 'refused' && answer.code === 'ECONNREFUSED') tally.refused += 1;
    else {
      const name = answer.outcome === 'refused' ? answer.code : answer.reason;
      tally.failed.set(name, (tally.failed.get(name) ?? 0) + 1);
    }
  };
  const sendAll = async (url: string) => {
    while (!signal.aborted) {
      await send(url);
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(urls.map(sendAll));
  return tally;
}
