import { Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconListSearch, IconMoodEmpty, IconSend } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useNarrow } from '../narrow.ts';
import type { JobsQuery } from '../operations.generated.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { useClient, useViewer } from '../session-context.tsx';
import { BulkCancel, type Many } from './bulk-cancel.tsx';
import { JobCards } from './job-cards.tsx';
import { JobFilters } from './job-filters.tsx';
import { jobsQuery } from './jobs-query.ts';
import { JobsTable } from './jobs-table.tsx';
import { filterOf, useSearch } from './search.ts';

export function JobsPage() {
  const { t } = useTranslation();
  const client = useClient();
  // Until it is known who looks, it is taken for a user: the list need not wait for that.
  const isUser = useViewer()?.kind !== 'SERVICE';
  const isNarrow = useNarrow();
  const [search, change] = useSearch();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [many, setMany] = useState<Many>();
  const query = useMemo(() => jobsQuery(client, search), [client, search]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search, another selection
  useEffect(() => setSelected(new Set()), [search]);
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...query, placeholderData: keepPreviousData });
  const jobs = data?.jobs.nodes;
  const stopMany = () =>
    setMany({
      ...(selected.size > 0 ? { ids: [...selected] } : { filter: filterOf(search, Date.now()) }),
      isFiltered: search.isFiltered,
    });
  return (
    <>
      <PageHead title={t('jobs.title')} lead={isUser ? t('jobs.lead') : t('jobs.leadAll')}>
        <Button variant="default" onClick={stopMany} disabled={!jobs?.length}>
          {selected.size > 0 ? t('jobs.stopSelected', { count: selected.size }) : t('jobs.stopMany')}
        </Button>
        {isUser && (
          <Button component={Link} to="/submit" leftSection={<IconSend size={18} aria-hidden />}>
            {t('jobs.new')}
          </Button>
        )}
      </PageHead>
      <Stack>
        <JobFilters search={search} onChange={change} isOfAll={!isUser} />
        {error && !jobs && <ErrorNote error={error} onAgain={() => void refetch()} />}
        <Paper className="card" aria-busy={!jobs || isPlaceholderData}>
          {!jobs && !error && <Waiting />}
          {jobs?.length === 0 && <Nothing isFiltered={search.isFiltered} isUser={isUser} onClear={change} />}
          {jobs && jobs.length > 0 && isNarrow && <JobCards jobs={jobs} isOfAll={!isUser} />}
          {jobs && jobs.length > 0 && !isNarrow && (
            <JobsTable jobs={jobs} selected={selected} onSelect={setSelected} isOfAll={!isUser} />
          )}
          {data && jobs && jobs.length > 0 && <Pages data={data} onGo={change} />}
        </Paper>
      </Stack>
      {many && (
        <BulkCancel
          many={many}
          onClose={(isDone) => {
            setMany(undefined);
            if (isDone) setSelected(new Set());
          }}
        />
      )}
    </>
  );
}

type Change = (changes: Record<string, string | null>) => void;

function Pages({ data, onGo }: { data: JobsQuery; onGo: Change }) {
  const { t } = useTranslation();
  const { pageInfo, totalCount } = data.jobs;
  return (
    <Group component="nav" aria-label={t('jobs.pages')} justify="space-between" p="md" gap="sm">
      <Text size="sm" c="dimmed">
        {totalCount === null ? t('jobs.many') : t('jobs.count', { count: totalCount })}
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          disabled={!pageInfo.hasPreviousPage}
          leftSection={<IconChevronLeft size={16} aria-hidden />}
          onClick={() => onGo({ before: pageInfo.startCursor })}
        >
          {t('jobs.previous')}
        </Button>
        <Button
          variant="default"
          size="xs"
          disabled={!pageInfo.hasNextPage}
          rightSection={<IconChevronRight size={16} aria-hidden />}
          onClick={() => onGo({ after: pageInfo.endCursor })}
        >
          {t('jobs.next')}
        </Button>
      </Group>
    </Group>
  );
}

function Nothing({ isFiltered, isUser, onClear }: { isFiltered: boolean; isUser: boolean; onClear: Change }) {
  const { t } = useTranslation();
  if (isFiltered) {
    return (
      <EmptyState icon={IconListSearch} title={t('jobs.noMatchTitle')} text={t('jobs.noMatch')}>
        <Button
          variant="default"
          onClick={() => onClear({ status: null, kind: null, name: null, period: null, user: null, deleted: null })}
        >
          {t('jobs.clear')}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={isUser ? IconSend : IconMoodEmpty}
      title={t('jobs.noneTitle')}
      text={isUser ? t('jobs.none') : t('jobs.noneService')}
    >
      {isUser && (
        <Button component={Link} to="/submit">
          {t('jobs.new')}
        </Button>
      )}
    </EmptyState>
  );
}

function Waiting() {
  return (
    <Stack p="md" gap="md" aria-hidden>
      {[1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} h={34} />
      ))}
    </Stack>
  );
}
