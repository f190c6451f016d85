import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { RescueDocument } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';
import { type Answer, ServiceAction } from './service-action.tsx';

export function Rescue({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const client = useClient();
  const cache = useQueryClient();
  const act = useMutation({
    mutationFn: async (): Promise<Answer> => {
      const { userErrors, ...found } = (await client.request(RescueDocument, {})).rescueStuckJobs;
      const counts = Object.fromEntries(Object.entries(found).map(([name, ids]) => [name, ids.length]));
      return { faults: userErrors, text: t('ops.rescueDone', counts as Record<keyof typeof found, number>) };
    },
    onSettled: () => {
      for (const key of ['stuck', 'system']) void cache.invalidateQueries({ queryKey: [key] });
    },
  });
  return (
    <ServiceAction
      title={t('ops.rescue')}
      hint={t('ops.rescueHint')}
      lacking={isOpen ? undefined : 'jobs:repair'}
      act={act}
    >
      <Button w="max-content" variant="default" loading={act.isPending} onClick={() => act.mutate()}>
        {t('ops.rescue')}
      </Button>
    </ServiceAction>
  );
}
