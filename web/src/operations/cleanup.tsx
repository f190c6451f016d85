import { Button, Group, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { CleanupOrphanedDocument } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';
import { type Answer, ServiceAction } from './service-action.tsx';

export function Cleanup({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const client = useClient();
  const act = useMutation({
    mutationFn: async (dryRun: boolean): Promise<Answer> => {
      const { cleanupOrphaned: found } = await client.request(CleanupOrphanedDocument, { dryRun });
      const { message, deletedJobIds, deletedResultIds, deletedFileCount, userErrors } = found;
      const counts = { jobs: deletedJobIds.length, results: deletedResultIds.length, files: deletedFileCount };
      return { faults: userErrors, text: t('ops.cleanupDone', { message, ...counts }) };
    },
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t('ops.cleanupTitle'),
      children: <Text size="sm">{t('ops.cleanupText')}</Text>,
      labels: { confirm: t('ops.cleanupYes'), cancel: t('confirm.back') },
      confirmProps: { color: 'red.8' },
      onConfirm: () => act.mutate(false),
    });
  return (
    <ServiceAction
      title={t('ops.cleanup')}
      hint={t('ops.cleanupHint')}
      lacking={isOpen ? undefined : 'jobs:repair'}
      act={act}
    >
      <Group gap="sm">
        <Button variant="default" loading={act.isPending} onClick={() => act.mutate(true)}>
          {t('ops.cleanupDry')}
        </Button>
        <Button variant="light" color="red" disabled={act.isPending} onClick={ask}>
          {t('ops.cleanupGo')}
        </Button>
      </Group>
    </ServiceAction>
  );
}
