import { Button, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MendJobDocument } from '../operations.generated.ts';
import { useClient } from '../session-context.tsx';
import { type Answer, ServiceAction } from './service-action.tsx';

/** `syncStatus` of one job. */
export function Mend({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const client = useClient();
  const [jobId, setJobId] = useState('');
  const act = useMutation({
    mutationFn: async (): Promise<Answer> => {
      const { syncStatus } = await client.request(MendJobDocument, { jobId: jobId.trim() });
      const { message, syncActions, userErrors } = syncStatus;
      const actions = syncActions.join(', ');
      return {
        faults: userErrors,
        text: actions ? t('ops.mendDone', { message, actions }) : t('ops.mendNothing', { message }),
      };
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    act.mutate();
  };
  return (
    <ServiceAction
      title={t('ops.mend')}
      hint={t('ops.mendHint')}
      lacking={isOpen ? undefined : 'jobs:repair'}
      act={act}
    >
      <form onSubmit={send}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label={t('ops.jobId')}
            value={jobId}
            onChange={(event) => setJobId(event.currentTarget.value)}
            flex={1}
            required
            withAsterisk={false}
            spellCheck={false}
          />
          <Button type="submit" variant="default" loading={act.isPending} disabled={jobId.trim() === ''}>
            {t('ops.mendGo')}
          </Button>
        </Group>
      </form>
    </ServiceAction>
  );
}
