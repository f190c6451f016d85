import { MantineProvider, mergeThemeOverrides } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { RouterProvider } from 'react-router/dom';
import { createAssayClient } from '../../src/client/index.ts';
import { createCache } from './cache.ts';
import { createRoutes } from './routes.tsx';
import { forgetSession, readSession, type Session } from './session.ts';
import { SignedInProvider } from './session-context.tsx';
import { SignIn } from './sign-in.tsx';
import { styleNonce } from './style-nonce.ts';
import { theme } from './theme.ts';

export function App() {
  const { t } = useTranslation();
  // Buttons that libraries draw by themselves have a cross and no name.
  const named = useMemo(
    () =>
      mergeThemeOverrides(theme, { components: { CloseButton: { defaultProps: { 'aria-label': t('shell.close') } } } }),
    [t],
  );
  const [session, setSession] = useState(readSession);
  const [wasEnded, setWasEnded] = useState(false);
  const signOut = (why?: 'ended') => {
    forgetSession();
    setWasEnded(why === 'ended');
    setSession(undefined);
  };
  return (
    <MantineProvider theme={named} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <Notifications position="bottom-right" limit={4} />
      {session ? (
        <Inside key={session.token} session={session} signOut={signOut} />
      ) : (
        <SignIn wasEnded={wasEnded} onSession={setSession} />
      )}
    </MantineProvider>
  );
}

function Inside({ session, signOut }: { session: Session; signOut: (why?: 'ended') => void }) {
  // All of it belongs to one token: another one mounts this anew.
  const [value] = useState(() => ({
    client: createAssayClient({ url: location.origin, token: session.token }),
    cache: createCache(() => signOut('ended')),
    routes: createRoutes(),
    ...{ session, signOut },
  }));
  return (
    <SignedInProvider value={value}>
      <QueryClientProvider client={value.cache}>
        <ModalsProvider modalProps={{ centered: true }}>
          <RouterProvider router={value.routes} />
        </ModalsProvider>
      </QueryClientProvider>
    </SignedInProvider>
  );
}
