import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { AssayError } from '../../src/client/index.ts';

const LONGEST_WAIT_MS = 5_000;

/** What has been read from the API. It is kept fresh by events, so nothing is read again for its age. */
export function createCache(onRefused: () => void): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof AssayError && error.code === 'UNAUTHENTICATED') onRefused();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A server that is away comes back; one that has answered has meant it.
        retry: (failures, error) => isPassing(error) && failures < 100,
        retryDelay: (failures) => Math.min(LONGEST_WAIT_MS, 300 * 2 ** failures),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}

/** Whether the same may succeed later. */
const isPassing = (error: Error): boolean =>
  !(error instanceof AssayError) || error.code === 'BAD_RESPONSE' || error.code === 'SERVICE_UNAVAILABLE';
