import { MantineProvider, mergeThemeOverrides } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { RouterProvider } from 'react-router/dom';
import { type OpenedSession, openSession } from './opened-session.ts';
import { createRoutes } from './routes.tsx';
import { forgetSession } from './session.ts';
import { SignedInProvider } from './session-context.tsx';
import { SignIn } from './sign-in.tsx';
import { styleNonce } from './style-nonce.ts';
import { theme } from './theme.ts';

/** @param first what was opened before anything was drawn, where one was signed in already */
export function App({ first }: { first: OpenedSession | undefined }) {
  const { t } = useTranslation();
  // Buttons that libraries draw by themselves have a cross and no name.
  const named = useMemo(
    () =>
      mergeThemeOverrides(theme, { components: { CloseButton: { defaultProps: { 'aria-label': t('shell.close') } } } }),
    [t],
  );
  const [opened, setOpened] = useState(first);
  const [wasEnded, setWasEnded] = useState(false);
  const signOut = (why?: 'ended') => {
    forgetSession();
    setWasEnded(why === 'ended');
    setOpened(undefined);
  };
  return (
    <MantineProvider theme={named} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <Notifications position="bottom-right" limit={4} />
      {opened ? (
        <Inside key={opened.session.token} opened={opened} signOut={signOut} />
      ) : (
        <SignIn wasEnded={wasEnded} onSession={(session) => setOpened(openSession(session))} />
      )}
    </MantineProvider>
  );
}

function Inside({ opened, signOut }: { opened: OpenedSession; signOut: (why?: 'ended') => void }) {
  const { client, cache, session, refused } = opened;
  const [value] = useState(() => ({ client, session, signOut }));
  const [routes] = useState(createRoutes);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is told once, and signing out does the same at any time
  useEffect(() => void refused.then(() => signOut('ended')), [refused]);
  return (
    <SignedInProvider value={value}>
      <QueryClientProvider client={cache}>
        <ModalsProvider modalProps={{ centered: true }}>
          <RouterProvider router={routes} />
        </ModalsProvider>
      </QueryClientProvider>
    </SignedInProvider>
  );
}
