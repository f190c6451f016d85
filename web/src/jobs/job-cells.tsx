import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { duration } from '../format.ts';
import { useQuiet } from '../job/quiet.ts';
import type { JobRowFragment } from '../operations.generated.ts';
import { ProgressLine } from '../parts/progress-line.tsx';

/** What a job is called, of what kind it is, and what came of it. */
export function JobName({ job, isOfAll }: { job: JobRowFragment; isOfAll: boolean }) {
  const { t } = useTranslation();
  const archetype = job.result?.assessment?.archetype;
  const about = [t(`kind.${job.kind}`), archetype, isOfAll ? job.userId.slice(-12) : null].filter(Boolean).join(' · ');
  return (
    <Stack gap={2} miw={0}>
      <Anchor component={Link} to={`/jobs/${job.id}`} fw={600} size="sm" c="inherit" truncate="end">
        {job.name}
      </Anchor>
      <Text size="xs" c="dimmed" truncate="end" title={about}>
        {about}
      </Text>
    </Stack>
  );
}

/** How far it is: its place in the queue, its progress, or why it has none. */
export function JobProgress({ job }: { job: JobRowFragment }) {
  const { t } = useTranslation();
  const quiet = useQuiet(job);
  if (job.status === 'QUEUED') {
    return (
      <Text size="xs" c="dimmed">
        {job.queue ? t('progress.waiting', { position: job.queue.position }) : '–'}
      </Text>
    );
  }
  if (job.status === 'FAILED' || job.status === 'CANCELLED') {
    return (
      <Text size="xs" c="dimmed" lineClamp={2} title={job.failure?.message}>
        {job.failure?.message ?? '–'}
      </Text>
    );
  }
  return (
    <Box>
      <ProgressLine job={job} />
      {quiet !== null && (
        <Group gap={4} wrap="nowrap" mt={4} className="warning">
          <IconAlertTriangle size={14} aria-hidden />
          <Text size="xs" fw={600}>
            {t('progress.quiet', { duration: duration(quiet, t) })}
          </Text>
        </Group>
      )}
    </Box>
  );
}
