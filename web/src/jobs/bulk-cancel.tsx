import { Alert, Button, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { JobFilter } from '../../../src/client/index.ts';
import { CancelJobsDocument } from '../operations.generated.ts';
import { errorText, faultText } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';

export interface Many {
  ids?: string[];
  filter?: JobFilter;
  isFiltered: boolean;
}

/** Asks the API how many would be stopped before it asks the person. */
export function BulkCancel({ many, onClose }: { many: Many; onClose: (isDone: boolean) => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const cache = useQueryClient();
  const { ids, filter, isFiltered } = many;
  const target = ids ? { ids } : { filter };
  const count = useQuery({
    queryKey: ['bulk', target],
    queryFn: () => client.request(CancelJobsDocument, { input: { ...target, dryRun: true } }),
    gcTime: 0,
    staleTime: 0,
  });
  const stop = useMutation({
    mutationFn: () => client.request(CancelJobsDocument, { input: { ...target, dryRun: false } }),
    onSuccess: ({ cancelJobs: { changed, userErrors } }) => {
      const [fault] = userErrors;
      if (fault) notifications.show({ color: 'red', title: t('error.title'), message: faultText(fault, t) });
      else notifications.show({ color: 'teal', message: t('bulk.done', { count: changed }) });
      for (const key of ['jobs', 'job', 'viewer', 'stats']) void cache.invalidateQueries({ queryKey: [key] });
      onClose(true);
    },
  });
  const matched = count.data?.cancelJobs.matched;
  const fault = count.data?.cancelJobs.userErrors[0];
  const error = count.error ?? stop.error;
  const found = ids ? 'bulk.selected' : isFiltered ? 'bulk.matching' : 'bulk.all';
  return (
    <Modal opened onClose={() => onClose(false)} title={t('bulk.title')} centered>
      <Stack>
        <div aria-live="polite">
          {count.isPending && (
            <Group gap="sm">
              <Loader size="sm" /> {t('bulk.counting')}
            </Group>
          )}
          {matched !== undefined && !fault && (
            <Text fw={600}>{matched === 0 ? t('bulk.none') : t(found, { count: matched })}</Text>
          )}
        </div>
        {fault && <Alert color="red">{faultText(fault, t)}</Alert>}
        {error && <Alert color="red">{errorText(error, t)}</Alert>}
        {matched !== undefined && matched > 0 && (
          <Text size="sm" c="dimmed">
            {t('bulk.consequence')} {matched >= 1_000 && t('bulk.limit')}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onClose(false)}>
            {t('confirm.back')}
          </Button>
          {matched !== undefined && matched > 0 && (
            <Button color="red.8" loading={stop.isPending} onClick={() => stop.mutate()}>
              {t('bulk.go', { count: matched })}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
