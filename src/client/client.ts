import { openConnection } from './connection.ts';
import { type FeedEvent, placeInFeed } from './feed-place.ts';
import { Following, type Place } from './following.ts';
import { type JobEvent, placeInJob } from './job-place.ts';
import { createLink, type LinkState } from './link.ts';
import type { Operation, Token } from './operation.ts';
import { send } from './request.ts';

/** How to reach the API, and as whom. */
export interface AssayClientOptions {
  /** Where Assay runs, such as `https://assay.example.com`; `/graphql` is added. */
  url: string | URL;
  /**
   * A user's or a service's token. A function is asked at each connection and each request: what it gives should be valid
   * for a while yet, and it may keep it until then.
   */
  token: Token;
  /** A WebSocket class, such as that of the package `ws`, where there is no global one (Node 20). */
  webSocketImpl?: unknown;
}

/** One bearer's way to the API: requests over HTTP, and all subscriptions over a single socket. */
export interface AssayClient {
  /**
   * Sends a query or mutation: an operation of this package, one of your own made by GraphQL Code Generator with
   * `documentMode: string`, or a text. It is sent once; give a submit an `idempotencyKey` to be able to send it again.
   * @throws AssayError when the API refuses it as a whole, TypeError when it cannot be reached
   */
  request<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data>;
  /**
   * Follows a job to its end: each event behind `after` once and in order (0 for the whole history), or without `after`
   * a SNAPSHOT and what happens then; the latest progress in between. It outlives lost links, restarts of the server and
   * tokens that expire. A RESYNC stands for events that are no longer kept: take the state from it.
   *
   * It begins with the first `next`, and `break` ends it at once.
   * @throws AssayError for what trying again cannot mend: NOT_FOUND, FORBIDDEN, BAD_USER_INPUT, and UNAUTHENTICATED with
   *   a token that cannot change, or after three that were refused
   */
  watchJob(id: string, options?: { after?: number }): AsyncIterableIterator<JobEvent, undefined>;
  /**
   * Follows all jobs of the user: each event behind the cursor `after`, or from now on; the order of a job is kept. On each
   * `FeedPosition` read your lists again, then apply what follows. Keep the latest `cursor` or `position` to come back
   * with, after a reload of the page for one. It lasts, and throws, as {@link watchJob} does, and has no end of its own.
   */
  watchMine(options?: { after?: string }): AsyncIterableIterator<FeedEvent, undefined>;
  /**
   * Follows the jobs of everyone, those of the system too, as {@link watchMine} follows one's own. For services with the
   * scope `jobs:read`.
   */
  watchAll(options?: { after?: string }): AsyncIterableIterator<FeedEvent, undefined>;
  /** How the socket is now, for a page that shows it. */
  linkState(): LinkState;
  /** Tells each change of {@link linkState}. @returns what ends it */
  onLinkState(listener: (state: LinkState) => void): () => void;
  /** Ends everything that is followed, and the socket. What is begun to be followed later ends at once. */
  close(): void;
}

/** @throws TypeError for a URL that is none, Error where there is no WebSocket implementation */
export function createAssayClient({ url, token, webSocketImpl }: AssayClientOptions): AssayClient {
  const endpoint = new URL('/graphql', url);
  const socketUrl = endpoint.href.replace(/^http/, 'ws');
  const link = createLink();
  const connection = openConnection({ url: socketUrl, token, webSocketImpl, onChange: link.setOpen });
  const followings = new Set<{ return(): unknown }>();
  let isClosed = false;

  function follow<Data, Message>(place: Place<Data, Message>): AsyncIterableIterator<Message, undefined> {
    const following = new Following(connection, place, () => {
      followings.delete(following);
      link.setFollowings(followings.size);
    });
    followings.add(following);
    link.setFollowings(followings.size);
    if (isClosed) void following.return();
    return following;
  }

  return {
    request: (operation, variables) => send(endpoint, token, operation, variables),
    watchJob: (id, { after } = {}) => follow(placeInJob(id, after)),
    watchMine: ({ after } = {}) => follow(placeInFeed('mine', after)),
    watchAll: ({ after } = {}) => follow(placeInFeed('all', after)),
    linkState: link.state,
    onLinkState: link.listen,
    close() {
      isClosed = true;
      for (const following of followings) following.return();
      connection.close();
    },
  };
}
