import { SimpleGrid, Skeleton } from '@mantine/core';
import { IconRefreshOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { SyncCardsDocument } from '../operations.generated.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { hasScope, useClient, useViewer } from '../session-context.tsx';
import { SourceCard } from './source-card.tsx';

/** Without the scope jobs:read there is no feed to follow, so what runs is looked at. */
const LOOK_AGAIN_MS = 1_500;

export function SyncPage() {
  const { t } = useTranslation();
  const client = useClient();
  const viewer = useViewer();
  const mayRead = viewer !== undefined && hasScope(viewer, 'sync:run', 'jobs:read');
  const isLive = viewer !== undefined && hasScope(viewer, 'jobs:read');
  const { data, error, refetch } = useQuery({
    queryKey: ['sync'],
    enabled: mayRead,
    queryFn: () => client.request(SyncCardsDocument, {}),
    refetchInterval: isLive ? false : LOOK_AGAIN_MS,
  });
  if (!viewer) return <Skeleton h={220} />;
  if (!mayRead)
    return <EmptyState isPage icon={IconRefreshOff} title={t('sync.noScope')} text={t('sync.noScopeHint')} />;
  return (
    <>
      <PageHead title={t('sync.title')} lead={t('sync.lead')} />
      {error && !data && <ErrorNote error={error} onAgain={() => void refetch()} />}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {data
          ? Object.values(data).map((status) => <SourceCard key={status.source} status={status} />)
          : [1, 2, 3].map((place) => <Skeleton key={place} h={220} />)}
      </SimpleGrid>
    </>
  );
}
