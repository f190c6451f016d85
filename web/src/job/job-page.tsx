import { Anchor, Badge, Box, Grid, Group, Skeleton, Stack } from '@mantine/core';
import { IconArrowLeft, IconFileOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { JobDocument } from '../operations.generated.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { useClient, useViewer } from '../session-context.tsx';
import { ActionBar } from './action-bar.tsx';
import { JobFacts } from './job-facts.tsx';
import { JobFiles } from './job-files.tsx';
import { JobLedger } from './job-ledger.tsx';
import { JobStanding } from './job-standing.tsx';
import { RawContent } from './raw-content.tsx';
import { Timeline } from './timeline.tsx';
import { isLettingGo, type WholeJob } from './whole-job.ts';

/** The moment when a worker let go comes without an event, soon after the cancel. */
const LOOK_AGAIN_MS = 500;

export function JobPage() {
  const { id = '' } = useParams();
  const { t } = useTranslation();
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['job', id],
    queryFn: () => client.request(JobDocument, { id }),
    refetchInterval: ({ state }) => (isLettingGo(state.data?.job) ? LOOK_AGAIN_MS : false),
  });
  if (error && !data) return <ErrorNote error={error} onAgain={() => void refetch()} />;
  if (!data) return <Skeleton h={280} />;
  if (!data.job) return <Missing />;
  return (
    <Stack gap="md">
      <Anchor component={Link} to="/" size="sm">
        <Group gap={4}>
          <IconArrowLeft size={16} aria-hidden /> {t('job.back')}
        </Group>
      </Anchor>
      <Whole job={data.job} />
    </Stack>
  );
}

function Badges({ job }: { job: WholeJob }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" mt={6}>
      <StatusBadge status={job.status} isDeleted={job.deletedAt !== null} size="lg" />
      <Badge variant="default" size="xl" tt="none" fw={500}>
        {t(`kind.${job.kind}`)}
      </Badge>
    </Group>
  );
}

function Whole({ job }: { job: WholeJob }) {
  const isUser = useViewer()?.kind === 'USER';
  return (
    <Box>
      <PageHead title={job.name} under={<Badges job={job} />}>
        <ActionBar job={job} />
      </PageHead>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="md">
            <JobStanding job={job} />
            <Timeline job={job} />
            <RawContent job={job} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <JobFacts job={job} />
            <JobFiles job={job} />
            {isUser && <JobLedger jobId={job.id} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </Box>
  );
}

function Missing() {
  const { t } = useTranslation();
  return (
    <EmptyState isPage icon={IconFileOff} title={t('job.missingTitle')} text={t('job.missing')}>
      <Anchor component={Link} to="/">
        {t('job.back')}
      </Anchor>
    </EmptyState>
  );
}
