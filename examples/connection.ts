import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';

/** What the API refused as a whole; outcomes that a mutation expects are in its `userErrors` instead. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** The form in which every error of the API comes. */
interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** One bearer's way to the API: requests over HTTP, and any number of subscriptions over a single socket. */
export function connect(url: string, token: string) {
  const endpoint = new URL('/graphql', url);
  const authorization = `Bearer ${token}`;
  const socketUrl = new URL(endpoint);
  socketUrl.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = createClient({
    url: socketUrl.href,
    connectionParams: { authorization },
    retryAttempts: 20,
    shouldRetry: () => true,
  });

  return {
    /** @throws RequestError when the API refuses the request, TypeError when it cannot be reached */
    async request<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query: print(document), variables }),
      });
      const { data, errors } = (await response.json()) as Answer<Data>;
      if (errors?.length || !data)
        throw new RequestError(errors?.map(describe).join('; ') ?? `HTTP ${response.status}`);
      return data;
    },

    /** The messages of one subscription, until the API completes it. @throws RequestError when it ends in an error */
    async *subscribe<Data, Variables extends Record<string, unknown>>(
      document: TypedDocumentNode<Data, Variables>,
      variables: Variables,
    ): AsyncGenerator<Data> {
      for await (const { data, errors } of socket.iterate<Data>({ query: print(document), variables })) {
        if (errors?.length || !data) throw new RequestError(errors?.map(describe).join('; '));
        yield data;
      }
    },

    close: () => socket.dispose(),
  };
}

export type Connection = ReturnType<typeof connect>;

const describe = ({ message, extensions }: { message: string; extensions?: { code?: unknown } }) =>
  `${String(extensions?.code ?? 'ERROR')}: ${message}`;
