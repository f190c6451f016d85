import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { duration } from '../format.ts';
import { StatsDocument } from '../operations.generated.ts';
import { Figure } from '../parts/figure.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { useClient } from '../session-context.tsx';
import { useSystemNow } from './system.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** The API counts the queue no further. */
const MOST_QUEUED = 100_000;
const COLUMNS = { base: 2, sm: 4 };

/** What waits and runs. */
export function NumbersNow() {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <WhenRead query={useSystemNow()} h={96}>
      {({ queueDepth, oldestQueuedSeconds, processing, workers }) => {
        const lost = workers.filter((worker) => worker.lost).length;
        return (
          <SimpleGrid cols={COLUMNS} spacing="sm">
            <Figure
              name={t('ops.queued')}
              value={`${number.format(queueDepth)}${queueDepth >= MOST_QUEUED ? '+' : ''}`}
              note={t('ops.now')}
            />
            <Figure
              name={t('ops.oldest')}
              value={oldestQueuedSeconds > 0 ? duration(oldestQueuedSeconds * 1_000, t) : '–'}
              note={oldestQueuedSeconds > 0 ? t('ops.now') : t('ops.noneWaits')}
            />
            <Figure name={t('ops.processing')} value={number.format(processing)} note={t('ops.now')} />
            <Figure
              name={t('ops.workersAlive')}
              value={number.format(workers.length - lost)}
              note={lost > 0 ? t('ops.lostToo', { count: lost }) : t('ops.now')}
            />
          </SimpleGrid>
        );
      }}
    </WhenRead>
  );
}

/** How the last day went. */
export function NumbersOfDay() {
  const { t, i18n } = useTranslation();
  const client = useClient();
  const day = useQuery({
    queryKey: ['stats', 'day'],
    queryFn: async () => {
      const since = new Date(Math.floor((Date.now() - DAY_MS) / MINUTE_MS) * MINUTE_MS).toISOString();
      return (await client.request(StatsDocument, { since })).jobStats;
    },
  });
  const number = new Intl.NumberFormat(i18n.language);
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const last24 = t('ops.last24');
  return (
    <WhenRead query={day} h={96}>
      {({ completed, failed, cancelled, successRate, averageProcessingTime }) => (
        <SimpleGrid cols={COLUMNS} spacing="sm">
          <Figure
            name={t('status.COMPLETED')}
            value={number.format(completed)}
            note={successRate === null ? last24 : t('ops.successRate', { share: percent.format(successRate) })}
          />
          <Figure name={t('status.FAILED')} value={number.format(failed)} note={last24} />
          <Figure name={t('status.CANCELLED')} value={number.format(cancelled)} note={last24} />
          <Figure
            name={t('ops.average')}
            value={averageProcessingTime === null ? '–' : duration(averageProcessingTime * 1_000, t)}
            note={last24}
          />
        </SimpleGrid>
      )}
    </WhenRead>
  );
}
