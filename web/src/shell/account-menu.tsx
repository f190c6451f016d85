import { Button, Menu, Text } from '@mantine/core';
import { IconCopy, IconLogout, IconRobot, IconUser } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { relative } from '../format.ts';
import { useNow } from '../now.ts';
import { useSignedIn, type Viewer } from '../session-context.tsx';

/** Who is signed in, with what balance, and until when. */
export function AccountMenu({ viewer }: { viewer: Viewer }) {
  const { t } = useTranslation();
  const { signOut } = useSignedIn();
  const isUser = viewer.kind === 'USER';
  const Picture = isUser ? IconUser : IconRobot;
  const shown = isUser ? t('shell.tokens', { count: viewer.tokenBalance ?? 0 }) : viewer.id.replace('service:', '');
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button
          variant="default"
          size="sm"
          px="sm"
          leftSection={<Picture size={18} aria-hidden />}
          aria-label={`${t('shell.account')}: ${shown}`}
        >
          {shown}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {isUser ? t('shell.user') : t('shell.service')}
          {viewer.tier ? ` · ${viewer.tier}` : ''}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconCopy size={16} aria-hidden />}
          onClick={() => void navigator.clipboard?.writeText(viewer.id)}
        >
          {t('shell.copyId')}
          <Text size="xs" c="dimmed" ff="monospace" truncate="end" maw={220}>
            {viewer.id}
          </Text>
        </Menu.Item>
        {viewer.scopes.length > 0 && (
          <Text size="xs" c="dimmed" px="sm" py={4}>
            {viewer.scopes.join(', ')}
          </Text>
        )}
        <Text size="xs" c="dimmed" px="sm" py={4}>
          <TokenEnd />
        </Text>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut()}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function TokenEnd() {
  const { t, i18n } = useTranslation();
  const { session } = useSignedIn();
  const now = useNow();
  if (!session.endsAt) return <>{t('shell.lasting')}</>;
  return <>{t('shell.expires', { when: relative(session.endsAt.getTime(), now, i18n.language) })}</>;
}
