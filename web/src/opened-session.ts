import type { QueryClient } from '@tanstack/react-query';
import { type AssayClient, createAssayClient } from '../../src/client/index.ts';
import { createCache } from './cache.ts';
import { jobsQuery } from './jobs/jobs-query.ts';
import { readSearch } from './jobs/search.ts';
import type { Session } from './session.ts';
import { viewerQuery } from './session-context.tsx';

/** All that belongs to one token: with another one, all of it is made anew. */
export interface OpenedSession {
  session: Session;
  client: AssayClient;
  cache: QueryClient;
  /** Resolves when the token is refused. */
  refused: Promise<void>;
}

/** What the first page needs is asked for at once: it is on its way while the page is drawn for the first time. */
export function openSession(session: Session): OpenedSession {
  const { promise: refused, resolve } = Promise.withResolvers<void>();
  const client = createAssayClient({ url: location.origin, token: session.token });
  const cache = createCache(resolve);
  void cache.prefetchQuery(viewerQuery(client));
  if (location.pathname === '/') {
    void cache.prefetchQuery(jobsQuery(client, readSearch(new URLSearchParams(location.search))));
  }
  return { session, client, cache, refused };
}
