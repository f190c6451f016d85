import { Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { JobQuery } from '../operations.generated.ts';

type Shown = Pick<NonNullable<JobQuery['job']>, 'name' | 'status' | 'progress'>;

const COLORS = { QUEUED: 'gray', PROCESSING: 'blue', COMPLETED: 'teal', FAILED: 'red', CANCELLED: 'orange' };

/** A bar with its number, and under it what the worker says. */
export function ProgressLine({ job, size = 'sm' }: { job: Shown; size?: 'sm' | 'lg' }) {
  const { t } = useTranslation();
  const { percent, stage, message, current, expected } = job.progress;
  const count =
    current === null
      ? null
      : expected === null
        ? t('progress.count', { current })
        : t('progress.of', { current, expected });
  const said = [message ?? stage, count].filter(Boolean).join(' · ');
  return (
    <Stack gap={4} miw={0}>
      <Group gap="xs" wrap="nowrap">
        <Progress.Root size={size === 'lg' ? 'lg' : 'md'} flex={1} miw={60} transitionDuration={200}>
          <Progress.Section
            value={percent}
            color={COLORS[job.status]}
            aria-label={t('progress.label', { name: job.name })}
          />
        </Progress.Root>
        <Text size={size === 'lg' ? 'sm' : 'xs'} fw={600} miw={44} ta="right" className="whole">
          {percent} %
        </Text>
      </Group>
      {said && job.status === 'PROCESSING' && (
        <Text size="xs" c="dimmed" truncate="end" title={said}>
          {said}
        </Text>
      )}
    </Stack>
  );
}
