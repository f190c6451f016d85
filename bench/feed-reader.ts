import { createClient } from 'graphql-ws';
import type { FeedEvent } from '../src/client/index.ts';

/** One who follows all jobs that he may, over a socket to each of some API processes. */
export interface FeedReader {
  /** Null for a service, which follows everyone's. */
  readonly userId: string | null;
  /** Subscribes at one of the processes, from a cursor or from now on. */
  open(server: number, after?: string): AsyncIterator<FeedEvent, void>;
  close(): void;
}

/** Longer than it takes from one page to the next. */
const STAYING_MS = 5_000;

const queryOf = (field: 'myEvents' | 'allEvents') => `subscription ($after: Cursor) {
  feed: ${field}(after: $after) { __typename ... on JobEvent { type jobId userId seq cursor } ... on FeedPosition { position reason } }
}`;

/** Follows by the protocol's own client, which hides no repeat. */
export function openReader(urls: readonly string[], token: string, userId: string | null): FeedReader {
  const connectionParams = { authorization: `Bearer ${token}` };
  // By itself it would come back with the same cursor, and everything behind that would be told again; and it would close
  // the socket between two pages.
  const options = { connectionParams, retryAttempts: 0, lazyCloseTimeout: STAYING_MS };
  const clients = urls.map((url) => createClient({ url: `${url.replace(/^http/, 'ws')}/graphql`, ...options }));
  const query = queryOf(userId === null ? 'allEvents' : 'myEvents');
  return {
    userId,
    async *open(server, after) {
      const results = clients[server % clients.length]?.iterate<{ feed: FeedEvent }>({ query, variables: { after } });
      for await (const { data, errors } of results ?? []) {
        if (!data) throw new Error(`The event was refused: ${JSON.stringify(errors)}`);
        yield data.feed;
      }
    },
    close() {
      for (const client of clients) void client.dispose();
    },
  };
}

/** Where a reader of this message would go on. */
export function cursorOf(message: FeedEvent): string {
  const cursor = 'position' in message ? message.position : message.cursor;
  if (!cursor) throw new Error(`There is no cursor on ${JSON.stringify(message)}`);
  return cursor;
}
