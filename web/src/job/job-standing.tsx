import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCircleCheck, IconClockHour4, IconClockPause } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { duration, relative } from '../format.ts';
import { useNow } from '../now.ts';
import { Card } from '../parts/card.tsx';
import { ProgressLine } from '../parts/progress-line.tsx';
import { useQuiet } from './quiet.ts';
import { useActs } from './use-acts.tsx';
import type { WholeJob } from './whole-job.ts';

/** Where a job stands, in plain words, and what to do about it. */
export function JobStanding({ job }: { job: WholeJob }) {
  switch (job.status) {
    case 'QUEUED':
      return <Waiting job={job} />;
    case 'PROCESSING':
      return <Running job={job} />;
    case 'COMPLETED':
      return <Ready job={job} />;
    case 'FAILED':
    case 'CANCELLED':
      return <Ended job={job} />;
  }
}

function Waiting({ job: { queue, failure } }: { job: WholeJob }) {
  const { t, i18n } = useTranslation();
  const now = useNow();
  const start = queue?.estimatedStartAt;
  return (
    <Alert
      variant="light"
      color="gray"
      icon={<IconClockHour4 aria-hidden />}
      title={t('job.queuedTitle')}
      className="note"
    >
      {queue && t('job.queued', { position: queue.position })}{' '}
      {start && t('job.startsAt', { when: relative(Math.max(now, Date.parse(start)), now, i18n.language) })}
      {failure && <Text size="sm">{failure.message}</Text>}
    </Alert>
  );
}

function Running({ job }: { job: WholeJob }) {
  const { t } = useTranslation();
  const quiet = useQuiet(job);
  const act = useActs();
  return (
    <Card title={t('jobs.columns.progress')}>
      <ProgressLine job={job} size="lg" />
      {quiet !== null && (
        <Alert
          mt="md"
          color="orange"
          className="note"
          icon={<IconClockPause aria-hidden />}
          title={t('progress.quiet', { duration: duration(quiet, t) })}
        >
          <Group justify="space-between" gap="xs">
            {t('progress.quietHint')}
            <Button size="xs" color="red.8" onClick={() => act('CANCEL', job)}>
              {t('action.CANCEL')}
            </Button>
          </Group>
        </Alert>
      )}
    </Card>
  );
}

function Ready({ job }: { job: WholeJob }) {
  const { t } = useTranslation();
  return (
    <Alert color="teal" className="note" icon={<IconCircleCheck aria-hidden />} title={t('job.readyTitle')}>
      <Group justify="space-between" gap="xs">
        {t('job.ready')}
        <Button component={Link} to={`/jobs/${job.id}/result`} size="xs" color="teal.9">
          {t('action.VIEW_RESULT')}
        </Button>
      </Group>
    </Alert>
  );
}

function Ended({ job: { status, failure } }: { job: WholeJob }) {
  const { t } = useTranslation();
  const isFailed = status === 'FAILED';
  return (
    <Alert
      color={isFailed ? 'red' : 'orange'}
      className="note"
      icon={isFailed ? <IconAlertTriangle aria-hidden /> : <IconBan aria-hidden />}
      title={isFailed ? t('job.failedTitle') : t('job.cancelledTitle')}
    >
      {failure && isFailed && (
        <Text size="sm" mb={6}>
          {t(`failure.${failure.code}`)}
        </Text>
      )}
      <Text size="sm" ff={isFailed ? 'monospace' : undefined}>
        {failure?.message}
      </Text>
    </Alert>
  );
}
