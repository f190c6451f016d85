import { queryOptions, useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import type { AssayClient } from '../../src/client/index.ts';
import { MeDocument, type MeQuery } from './operations.generated.ts';
import type { Session } from './session.ts';

export type Viewer = MeQuery['viewer'];

export interface SignedIn {
  client: AssayClient;
  session: Session;
  /** Forgets the token and shows the sign-in; `why` says there that it was not asked for. */
  signOut(why?: 'ended'): void;
}

const Context = createContext<SignedIn | undefined>(undefined);

export function SignedInProvider({ value, children }: { value: SignedIn; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

/** What everything behind the sign-in has. */
export function useSignedIn(): SignedIn {
  const value = useContext(Context);
  if (!value) throw new Error('There is nobody signed in here.');
  return value;
}

export const useClient = (): AssayClient => useSignedIn().client;

export const viewerQuery = (client: AssayClient) =>
  queryOptions({ queryKey: ['viewer'], queryFn: () => client.request(MeDocument, {}) });

/** Undefined while it is asked for. */
export function useViewer(): Viewer | undefined {
  const client = useClient();
  const { data } = useQuery(viewerQuery(client));
  return data?.viewer;
}

/** Whether the viewer's token has one of these scopes; users have none. */
export const hasScope = (viewer: Viewer, ...scopes: string[]): boolean =>
  scopes.some((scope) => viewer.scopes.includes(scope));
