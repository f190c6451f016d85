import { Alert, Button, Group, List, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ExamineDocument, RepairInvariantsDocument } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { errorText, faultText } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import { Examination, type Examined } from './examination.tsx';

/** What the doctor finds, and a repair of it. It reads every row, so nobody is examined unasked. */
export function Invariants({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const client = useClient();
  const act = useMutation({
    mutationFn: async (verb: 'examine' | 'repair'): Promise<Examined> => {
      if (verb === 'examine') return { report: (await client.request(ExamineDocument, {})).doctor, faults: [] };
      const { report, done, failed, userErrors } = (await client.request(RepairInvariantsDocument, {}))
        .repairInvariants;
      return { report, faults: userErrors, repair: { done, failed } };
    },
  });
  const ask = () =>
    modals.openConfirmModal({
      title: t('ops.repairTitle'),
      children: <Text size="sm">{t('ops.repairText')}</Text>,
      labels: { confirm: t('ops.repairYes'), cancel: t('confirm.back') },
      confirmProps: { color: 'red.8' },
      onConfirm: () => act.mutate('repair'),
    });
  const { data, error, isPending, variables } = act;
  const fault = data?.faults[0];
  const problem = error ? errorText(error, t) : fault && faultText(fault, t);
  const isRepairable = data?.report?.invariants.some(({ holds, repairable }) => !holds && repairable) ?? false;
  return (
    <Card title={t('ops.invariants')}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t('ops.invariantsHint')}
        </Text>
        {isOpen ? (
          <Group gap="sm">
            <Button
              variant="default"
              loading={isPending && variables === 'examine'}
              disabled={isPending}
              onClick={() => act.mutate('examine')}
            >
              {t('ops.examine')}
            </Button>
            {isRepairable && (
              <Button
                variant="light"
                color="red"
                loading={isPending && variables === 'repair'}
                disabled={isPending}
                onClick={ask}
              >
                {t('ops.repair')}
              </Button>
            )}
          </Group>
        ) : (
          <Text size="sm" fw={600}>
            {t('ops.needs', { scope: 'jobs:repair' })}
          </Text>
        )}
        <div aria-live="polite">
          {problem && (
            <Alert color="red" className="note">
              {problem}
            </Alert>
          )}
          {data?.report && !problem && (
            <Stack gap="sm">
              {data.repair && <Repaired {...data.repair} />}
              <Examination report={data.report} />
            </Stack>
          )}
        </div>
      </Stack>
    </Card>
  );
}

function Repaired({ done, failed }: NonNullable<Examined['repair']>) {
  const { t } = useTranslation();
  return (
    <Alert
      color={failed.length > 0 ? 'orange' : 'teal'}
      className="note"
      title={t('ops.repaired', { count: done.length })}
    >
      <List size="sm" spacing={4} lang="en">
        {done.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
      {failed.length > 0 && <Text size="sm">{t('ops.repairFailed', { names: failed.join(', ') })}</Text>}
    </Alert>
  );
}
