import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { clock } from '../format.ts';
import { LedgerDocument } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { useClient } from '../session-context.tsx';

/** What the job cost and what was paid back, of the latest hundred entries of the user. */
export function JobLedger({ jobId }: { jobId: string }) {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const { data } = useQuery({ queryKey: ['ledger'], queryFn: () => client.request(LedgerDocument, {}) });
  const entries = data?.viewer.ledger?.nodes.filter((entry) => entry.jobId === jobId) ?? [];
  const amount = new Intl.NumberFormat(i18n.language, { signDisplay: 'always' });
  return (
    <Card title={t('job.ledger')}>
      {entries.length === 0 && (
        <Text size="sm" c="dimmed">
          {data ? t('job.noLedger') : t('loading')}
        </Text>
      )}
      <Stack gap={6}>
        {entries.map((entry) => (
          <Group key={entry.id} justify="space-between" wrap="nowrap">
            <Text size="sm">
              {t(`ledger.${entry.entry}`)}
              <Text span size="xs" c="dimmed" ml={8}>
                {clock(entry.createdAt, i18n.language)}
              </Text>
            </Text>
            <Text size="sm" fw={600}>
              {amount.format(entry.amount)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
