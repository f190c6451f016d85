import { Anchor, Badge, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconRefresh, IconRefreshAlert } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { StartSyncDocument, type SyncCardFragment, type SyncSource } from '../operations.generated.ts';
import { Age } from '../parts/age.tsx';
import { Card } from '../parts/card.tsx';
import { errorText, faultText } from '../parts/faults.tsx';
import { hasScope, useClient, useViewer } from '../session-context.tsx';

/** Their names as people write them. */
const NAMES: Record<SyncSource, string> = {
  PANGKAT: 'Pangkat',
  PENSIUN: 'Pensiun',
  PG_AKADEMIK: 'PG Akademik',
  PG_PROFESI: 'PG Profesi',
  SKK: 'SKK',
};

export function SourceCard({ status }: { status: SyncCardFragment }) {
  const { t, i18n } = useTranslation();
  const viewer = useViewer();
  const { source, configured, activeJob, lastSync, recordCount } = status;
  const start = useStart(source);
  const mayStart = viewer !== undefined && hasScope(viewer, 'sync:run');
  const force = () =>
    modals.openConfirmModal({
      title: t('sync.forceTitle', { source: NAMES[source] }),
      children: <Text size="sm">{t('sync.forceText')}</Text>,
      labels: { confirm: t('sync.forceYes'), cancel: t('confirm.back') },
      confirmProps: { color: 'red.8' },
      onConfirm: () => start.mutate(true),
    });
  const isOff = !configured || !mayStart;
  const isRunning = activeJob !== null;
  return (
    <Card
      title={NAMES[source]}
      aside={
        isRunning && (
          <Badge className="status" data-color="blue" color="blue" variant="light" tt="none" size="lg">
            {t('sync.running')}
          </Badge>
        )
      }
    >
      <Stack gap="sm" justify="space-between" mih={170}>
        <Group justify="space-between">
          <Stack gap={0}>
            <Text size="sm" c="dimmed">
              {t('sync.last')}
            </Text>
            <Text fw={600}>{lastSync ? <Age at={lastSync.finishedAt} /> : t('sync.never')}</Text>
          </Stack>
          <Stack gap={0} ta="right">
            <Text size="sm" c="dimmed">
              {t('sync.rows')}
            </Text>
            <Text fw={600}>{new Intl.NumberFormat(i18n.language).format(recordCount)}</Text>
          </Stack>
        </Group>
        {activeJob && <Running job={activeJob} name={NAMES[source]} />}
        {!configured && (
          <Text size="sm" c="dimmed">
            {t('sync.off', { source })}
          </Text>
        )}
        {configured && !mayStart && (
          <Text size="sm" c="dimmed">
            {t('sync.mayNot')}
          </Text>
        )}
        <Group gap="sm">
          <Button
            size="sm"
            leftSection={<IconRefresh size={16} aria-hidden />}
            aria-label={`${t('sync.go')}: ${NAMES[source]}`}
            disabled={isOff || isRunning}
            loading={start.isPending}
            onClick={() => start.mutate(false)}
          >
            {t('sync.go')}
          </Button>
          <Button
            size="sm"
            variant="default"
            leftSection={<IconRefreshAlert size={16} aria-hidden />}
            aria-label={`${t('sync.force')}: ${NAMES[source]}`}
            disabled={isOff}
            onClick={force}
          >
            {t('sync.force')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}

function Running({ job, name }: { job: NonNullable<SyncCardFragment['activeJob']>; name: string }) {
  const { t } = useTranslation();
  const { percent, stage, message, offset, current, expected } = job.progress;
  const count =
    current === null
      ? null
      : expected === null
        ? t('progress.count', { current })
        : t('progress.of', { current, expected });
  const said = [message ?? stage, count, offset === null ? null : t('sync.offset', { offset })].filter(Boolean);
  return (
    <Stack gap={4}>
      <Group wrap="nowrap" gap="xs">
        <Progress value={percent} size="lg" flex={1} aria-label={t('progress.label', { name })} />
        <Text size="sm" fw={600} className="whole">
          {percent} %
        </Text>
      </Group>
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {said.join(' · ')}
        </Text>
        <Anchor component={Link} to={`/jobs/${job.id}`} size="xs" className="whole">
          {t('sync.openJob')}
        </Anchor>
      </Group>
    </Stack>
  );
}

function useStart(source: SyncSource) {
  const { t } = useTranslation();
  const client = useClient();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (force: boolean) => client.request(StartSyncDocument, { source, force }),
    onSuccess: ({ requestSync: { outcome, userErrors } }) => {
      const [fault] = userErrors;
      if (fault) notifications.show({ color: 'red', title: t('error.title'), message: faultText(fault, t) });
      else if (outcome) notifications.show({ title: NAMES[source], message: t(`sync.${outcome}`) });
    },
    onError: (error) => notifications.show({ color: 'red', title: t('error.title'), message: errorText(error, t) }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['sync'] }),
  });
}
