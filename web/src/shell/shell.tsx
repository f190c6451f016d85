import { AppShell, Box, Burger, Group, NavLink, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconActivityHeartbeat, IconListDetails, IconRefresh, IconSend } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Outlet, useLocation, useNavigation } from 'react-router';
import { followLive } from '../live.ts';
import { useSignedIn, useViewer, type Viewer } from '../session-context.tsx';
import { AccountMenu } from './account-menu.tsx';
import { Choices } from './choices.tsx';
import { AwayStrip, LinkNote } from './link-note.tsx';
import { Logo } from './logo.tsx';

/** What stands around every page, and what keeps every page live. */
export function Shell() {
  const { t } = useTranslation();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const viewer = useViewer();
  const isLoading = useNavigation().state === 'loading';
  useLive(viewer);
  useEndOfToken();
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <AppShell.Header className="frame">
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? t('nav.close') : t('nav.open')}
            />
            <Logo />
          </Group>
          <Group gap={6} wrap="nowrap" miw={0}>
            <LinkNote />
            <Choices />
            {viewer ? <AccountMenu viewer={viewer} /> : <Skeleton w={120} h={36} />}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className="frame">
        {viewer && <Navigation viewer={viewer} onGo={close} />}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} aria-busy={isLoading}>
        <Box maw={1320} mx="auto">
          <AwayStrip />
          <Outlet />
        </Box>
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation({ viewer, onGo }: { viewer: Viewer; onGo: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const places = [
    { to: '/', label: t('nav.jobs'), icon: IconListDetails, is: pathname === '/' || pathname.startsWith('/jobs') },
    viewer.kind === 'USER' && { to: '/submit', label: t('nav.submit'), icon: IconSend },
    viewer.kind === 'SERVICE' && { to: '/sync', label: t('nav.sync'), icon: IconRefresh },
    viewer.kind === 'SERVICE' && { to: '/operations', label: t('nav.operations'), icon: IconActivityHeartbeat },
  ].filter((place) => place !== false);
  return (
    <nav aria-label={t('nav.main')}>
      {places.map(({ to, label, icon: Picture, is = pathname.startsWith(to) }) => (
        <NavLink
          key={to}
          component={Link}
          to={to}
          label={label}
          active={is}
          aria-current={is ? 'page' : undefined}
          leftSection={<Picture size={20} stroke={1.7} aria-hidden />}
          onClick={onGo}
          fw={is ? 600 : 500}
          py={10}
          mb={4}
          bdrs="md"
        />
      ))}
    </nav>
  );
}

function useLive(viewer: Viewer | undefined): void {
  const { client, signOut } = useSignedIn();
  const cache = useQueryClient();
  const id = viewer?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it goes on while the viewer is the same, whatever his balance
  useEffect(
    () => (viewer ? followLive(client, cache, viewer, () => signOut('ended')) : undefined),
    [client, cache, id],
  );
}

/** Signs out when the token ends, instead of showing what no longer moves. */
function useEndOfToken(): void {
  const { session, signOut } = useSignedIn();
  const end = session.endsAt?.getTime();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the session of one token
  useEffect(() => {
    if (end === undefined) return;
    // A timer takes no more than 24.8 days.
    const timer = setTimeout(() => signOut('ended'), Math.min(2 ** 31 - 1, Math.max(0, end - Date.now())));
    return () => clearTimeout(timer);
  }, [end]);
}
