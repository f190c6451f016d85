import { Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { duration } from '../format.ts';
import { Card } from '../parts/card.tsx';
import { Figure } from '../parts/figure.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { type Latency, useLastHour } from './last-hour.ts';

/** Above this a worker is slow, or deaf. */
const LONG_SECONDS = 1;

/** How long cancelled jobs kept their threads. */
export function CancelLatency() {
  const { t } = useTranslation();
  return (
    <Card title={t('ops.cancelLatency')} h="100%">
      <Text size="sm" c="dimmed" mb="sm">
        {t('ops.cancelLatencyLead')}
      </Text>
      <WhenRead query={useLastHour()} h={96}>
        {({ cancelLatency }) => <Measured latency={cancelLatency} />}
      </WhenRead>
    </Card>
  );
}

function Measured({ latency: { count, p50, p95 } }: { latency: Latency }) {
  const { t } = useTranslation();
  if (p50 === null || p95 === null) {
    return (
      <Text size="sm" fw={600}>
        {t('ops.noCancels')}
      </Text>
    );
  }
  return (
    <Stack gap="sm">
      <SimpleGrid cols={2} spacing="sm">
        <Figure name={t('ops.p50')} value={duration(p50 * 1_000, t)} />
        <Figure name={t('ops.p95')} value={duration(p95 * 1_000, t)} />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {t('ops.cancels', { count })}
      </Text>
      {p95 > LONG_SECONDS && (
        <Group gap={6} wrap="nowrap" align="flex-start" className="warning">
          <IconAlertTriangle size={18} aria-hidden />
          <Text size="sm" flex={1}>
            {t('ops.slowCancels')}
          </Text>
        </Group>
      )}
    </Stack>
  );
}
