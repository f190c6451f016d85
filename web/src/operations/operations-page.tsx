import { Grid, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { hasScope, useViewer } from '../session-context.tsx';
import { Cleanup } from './cleanup.tsx';
import { Grant } from './grant.tsx';
import { Health } from './health.tsx';
import { Invariants } from './invariants.tsx';
import { CancelLatency, RescueLatency } from './latency.tsx';
import { Mend } from './mend.tsx';
import { NumbersNow, NumbersOfDay } from './numbers.tsx';
import { Rescue } from './rescue.tsx';
import { StuckJobs } from './stuck-jobs.tsx';
import { Throughput } from './throughput.tsx';
import { Workers } from './workers.tsx';

/** The system as it is, and what a service may do about it. */
export function OperationsPage() {
  const { t } = useTranslation();
  const viewer = useViewer();
  if (!viewer) return <Skeleton h={220} />;
  if (viewer.kind !== 'SERVICE') {
    return <EmptyState isPage icon={IconLock} title={t('ops.noScope')} text={t('ops.noScopeHint')} />;
  }
  const mayRead = hasScope(viewer, 'jobs:read');
  return (
    <>
      <PageHead title={t('ops.title')} lead={t('ops.lead')} />
      <Stack gap="md">
        {mayRead && <Now />}
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Health mayRead={mayRead} />
          {mayRead && <StuckJobs />}
        </SimpleGrid>
        <Invariants isOpen={hasScope(viewer, 'jobs:repair')} />
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Rescue isOpen={hasScope(viewer, 'jobs:repair')} />
          <Cleanup isOpen={hasScope(viewer, 'jobs:repair')} />
          <Mend isOpen={hasScope(viewer, 'jobs:repair')} />
          <Grant isOpen={hasScope(viewer, 'tokens:grant')} />
        </SimpleGrid>
      </Stack>
    </>
  );
}

/** What moves: the queue, the workers, and what comes of them. */
function Now() {
  return (
    <>
      <NumbersNow />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Throughput />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="md" h="100%">
            <CancelLatency />
            <RescueLatency />
          </Stack>
        </Grid.Col>
      </Grid>
      <Workers />
      <NumbersOfDay />
    </>
  );
}
