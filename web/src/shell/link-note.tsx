import { Alert, Group, Text, Tooltip } from '@mantine/core';
import { IconBolt, IconPlugConnectedX } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { LinkState } from '../../../src/client/index.ts';
import { useClient } from '../session-context.tsx';

/** Whether what is shown is live; while it is not, that nothing is lost. */
export function LinkNote() {
  const { t } = useTranslation();
  const state = useLink();
  const isAway = state === 'reconnecting';
  const Picture = isAway ? IconPlugConnectedX : IconBolt;
  return (
    <Tooltip label={t('link.reconnectingWhy')} disabled={!isAway} multiline w={260}>
      <Group
        gap={6}
        wrap="nowrap"
        role="status"
        aria-live="polite"
        className="link-note"
        data-state={state}
        tabIndex={isAway ? 0 : undefined}
      >
        <Picture size={16} aria-hidden className={isAway ? 'breathing' : undefined} />
        <Text size="xs" fw={600} className="link-word">
          {t(`link.${state}`)}
        </Text>
      </Group>
    </Tooltip>
  );
}

/** The same in words where the header has no room for them. */
export function AwayStrip() {
  const { t } = useTranslation();
  if (useLink() !== 'reconnecting') return null;
  return (
    <Alert
      hiddenFrom="xs"
      mb="md"
      color="orange"
      icon={<IconPlugConnectedX aria-hidden />}
      title={t('link.reconnecting')}
    >
      {t('link.reconnectingWhy')}
    </Alert>
  );
}

function useLink(): LinkState {
  const client = useClient();
  return useSyncExternalStore(client.onLinkState, client.linkState);
}
