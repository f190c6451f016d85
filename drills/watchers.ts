import type { Postgres } from '../chaos/postgres.ts';
import { createAssayClient, type FeedEvent } from '../src/client/index.ts';
import type { User } from './site.ts';

/** Somebody who follows all of his jobs over a socket of his own, and comes back wherever he finds a server. */
export interface Watcher {
  readonly userId: string;
  /** The numbers of the events, by job, as they came. */
  readonly seqs: ReadonlyMap<string, readonly number[]>;
  /** How his sockets were closed by the server. */
  readonly closes: readonly number[];
  /** How often a socket was opened. */
  readonly connects: number;
  /** Events of others, and positions that stand for events which could not be told. */
  readonly faults: readonly string[];
  readonly hasBegun: boolean;
  close(): void;
}

/** @param first which of the addresses comes first */
export function startWatcher(urls: readonly string[], { id: userId, token }: User, first: number): Watcher {
  const seqs = new Map<string, number[]>();
  const closes: number[] = [];
  const faults: string[] = [];
  let [tries, connects] = [0, 0];
  let [hasBegun, isClosed] = [false, false];
  class RovingSocket extends WebSocket {
    constructor(_address: string, protocol: string) {
      const url = urls[(first + tries) % urls.length] ?? '';
      tries += 1;
      super(`${url.replace('http', 'ws')}/graphql`, protocol);
      this.addEventListener('open', () => {
        connects += 1;
      });
      this.addEventListener('close', ({ code }) => !isClosed && closes.push(code));
    }
  }
  const client = createAssayClient({ url: urls[0] ?? '', token, webSocketImpl: RovingSocket });
  const take = (message: FeedEvent) => {
    hasBegun = true;
    if ('position' in message) {
      if (message.reason !== 'START') faults.push(message.reason);
    } else if (message.userId !== userId) faults.push(`${message.jobId} is another’s`);
    else if (message.type !== 'PROGRESSED') seqs.set(message.jobId, [...(seqs.get(message.jobId) ?? []), message.seq]);
  };
  const follow = async () => {
    for await (const message of client.watchMine()) take(message);
  };
  follow().catch((error: unknown) => faults.push(String(error)));
  return {
    ...{ userId, seqs, closes, faults },
    get connects() {
      return connects;
    },
    get hasBegun() {
      return hasBegun;
    },
    close() {
      isClosed = true;
      client.close();
    },
  };
}

/** Events that some watcher was not told, was told twice, or out of order; all have come before the first event. */
export async function misses(postgres: Pick<Postgres, 'query'>, watchers: readonly Watcher[]): Promise<string[]> {
  const rows = await postgres.query<{ user_id: string; job_id: string; seq: number }>(
    'select j.user_id, j.id as job_id, j.seq from audit_v1.jobs j',
  );
  const byUser = Map.groupBy(rows, ({ user_id }) => user_id);
  return watchers.flatMap(({ userId, seqs, faults }) => [
    ...faults,
    ...(byUser.get(userId) ?? []).flatMap(({ job_id, seq }) => {
      const told = seqs.get(job_id) ?? [];
      const isWhole = told.length === seq && told.every((number, index) => number === index + 1);
      return isWhole ? [] : [`${job_id}: ${told.join(' ')} of ${seq}`];
    }),
  ]);
}
