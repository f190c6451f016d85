import { SimpleGrid, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { duration } from '../format.ts';
import { StatsDocument } from '../operations.generated.ts';
import { Figure } from '../parts/figure.tsx';
import { useClient } from '../session-context.tsx';
import { useReadiness } from './readiness.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** What waits and runs now, and how the last day went. */
export function Numbers() {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const now = useQuery({ queryKey: ['stats', 'now'], queryFn: () => client.request(StatsDocument, {}) });
  const day = useQuery({
    queryKey: ['stats', 'day'],
    queryFn: () => {
      const since = new Date(Math.floor((Date.now() - DAY_MS) / MINUTE_MS) * MINUTE_MS).toISOString();
      return client.request(StatsDocument, { since });
    },
  });
  const ready = useReadiness();
  if (!now.data || !day.data) return <Skeleton h={96} />;
  const { queued, processing } = now.data.jobStats;
  const { completed, failed, cancelled, successRate, averageProcessingTime } = day.data.jobStats;
  const number = new Intl.NumberFormat(i18n.language);
  const share = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const last24 = t('ops.last24');
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
      <Figure name={t('ops.queued')} value={number.format(queued)} note={t('ops.now')} />
      <Figure name={t('ops.processing')} value={number.format(processing)} note={t('ops.now')} />
      <Figure name={t('ops.workers')} value={ready.data?.workers ?? '–'} note={t('ops.now')} />
      <Figure name={t('status.COMPLETED')} value={number.format(completed)} note={last24} />
      <Figure name={t('status.FAILED')} value={number.format(failed)} note={last24} />
      <Figure name={t('status.CANCELLED')} value={number.format(cancelled)} note={last24} />
      <Figure
        name={t('ops.successRate')}
        value={successRate === null ? '–' : share.format(successRate)}
        note={last24}
      />
      <Figure
        name={t('ops.average')}
        value={averageProcessingTime === null ? '–' : duration(averageProcessingTime * 1_000, t)}
        note={last24}
      />
    </SimpleGrid>
  );
}
