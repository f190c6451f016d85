import { Group, Progress, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { duration } from '../format.ts';
import { Card } from '../parts/card.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { type Latency, useLastHour } from './last-hour.ts';

/** Above this a worker is slow to end its threads, or deaf. */
const LONG_CANCEL_SECONDS = 1;

/** How long cancelled jobs kept their threads. */
export function CancelLatency() {
  const { t } = useTranslation();
  return (
    <Card title={t('ops.cancelLatency')} flex={1}>
      <Lead text={t('ops.cancelLatencyLead')} />
      <WhenRead query={useLastHour()} h={96}>
        {({ cancelLatency }) => (
          <Measured latency={cancelLatency} none={t('ops.noCancels')} atLeast={LONG_CANCEL_SECONDS}>
            {t('ops.cancels', { count: cancelLatency.count })}
          </Measured>
        )}
      </WhenRead>
    </Card>
  );
}

/** How long the jobs of lost workers waited for another. */
export function RescueLatency() {
  const { t } = useTranslation();
  return (
    <Card title={t('ops.rescueLatency')} flex={1}>
      <Lead text={t('ops.rescueLatencyLead')} />
      <WhenRead query={useLastHour()} h={96}>
        {({ rescueLatency }) => (
          <Measured latency={rescueLatency} none={t('ops.noRescues')}>
            {t('ops.rescues', { count: rescueLatency.count })}
          </Measured>
        )}
      </WhenRead>
    </Card>
  );
}

function Lead({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed" mb="sm">
      {text}
    </Text>
  );
}

interface Props {
  latency: Latency;
  /** What is said where there was nothing to measure. */
  none: string;
  /** What the scale reaches at least, in seconds; what is above it is too long. */
  atLeast?: number;
  /** Of how many. */
  children: string;
}

function Measured({ latency: { p50, p95 }, none, atLeast, children }: Props) {
  const { t } = useTranslation();
  if (p50 === null || p95 === null) {
    return (
      <Text size="sm" fw={600}>
        {none}
      </Text>
    );
  }
  const whole = Math.max(atLeast ?? 0, p95);
  const isLong = atLeast !== undefined && p95 > atLeast;
  const bars = [
    { name: t('ops.p50'), seconds: p50 },
    { name: t('ops.p95'), seconds: p95 },
  ];
  return (
    <Stack gap="xs">
      {bars.map(({ name, seconds }) => (
        <div key={name}>
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm">{name}</Text>
            <Text size="sm" fw={600}>
              {duration(seconds * 1_000, t)}
            </Text>
          </Group>
          <Progress value={(seconds / whole) * 100} color={isLong ? 'orange.6' : 'assay.7'} aria-label={name} />
        </div>
      ))}
      <Text size="sm" c="dimmed">
        {children}
      </Text>
      {isLong && (
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
