import { ColorSwatch, Group, Skeleton, Stack, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { ENDS, type Minute, useLastHour } from './last-hour.ts';

const ThroughputChart = lazy(async () => ({ default: (await import('./throughput-chart.tsx')).ThroughputChart }));

const MINUTES = 60;
const CHART_HEIGHT = 290;

/** What ended, minute by minute. */
export function Throughput() {
  const { t } = useTranslation();
  return (
    <Card title={t('ops.throughput')} h="100%">
      <WhenRead query={useLastHour()} h={CHART_HEIGHT}>
        {({ finishedByMinute: minutes }) => (
          <Stack gap="sm">
            <Totals minutes={minutes} />
            <Suspense fallback={<Skeleton h={CHART_HEIGHT} />}>
              <ThroughputChart minutes={minutes} h={CHART_HEIGHT} />
            </Suspense>
            {minutes.length < MINUTES && (
              <Text size="xs" c="dimmed">
                {t('ops.shortHour', { count: minutes.length })}
              </Text>
            )}
          </Stack>
        )}
      </WhenRead>
    </Card>
  );
}

/** The legend, with what there was of each. */
function Totals({ minutes }: { minutes: readonly Minute[] }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <Group gap="md">
      {ENDS.map(({ name, status, color }) => (
        <Group key={name} gap={6} wrap="nowrap">
          <ColorSwatch
            size={12}
            radius={3}
            withShadow={false}
            color={`var(--mantine-color-${color.replace('.', '-')})`}
          />
          <Text size="sm">
            {t(`status.${status}`)} <b>{number.format(minutes.reduce((sum, minute) => sum + minute[name], 0))}</b>
          </Text>
        </Group>
      ))}
    </Group>
  );
}
