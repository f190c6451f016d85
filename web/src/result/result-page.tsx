import { Anchor, Button, Group, Skeleton, Stack } from '@mantine/core';
import { IconArrowLeft, IconBraces, IconFileOff, IconPrinter, IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { ReportDocument, type ReportQuery } from '../operations.generated.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { useClient, useViewer } from '../session-context.tsx';
import { Compression } from './compression.tsx';
import { csvOf } from './csv.ts';
import { save } from './download.ts';
import { PlainOutput } from './plain-output.tsx';
import { ShareButton, SharedBadge } from './share-button.tsx';

const Assessment = lazy(async () => ({ default: (await import('./assessment.tsx')).Assessment }));
const Forecast = lazy(async () => ({ default: (await import('./forecast.tsx')).Forecast }));

export type ReportJob = NonNullable<ReportQuery['job']>;
export type Finished = ReportJob & { result: NonNullable<ReportJob['result']> };

export function ResultPage() {
  const { id = '' } = useParams();
  const { t } = useTranslation();
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['report', id],
    queryFn: () => client.request(ReportDocument, { id }),
  });
  if (error && !data) return <ErrorNote error={error} onAgain={() => void refetch()} />;
  if (!data) return <Skeleton h={400} />;
  const { job } = data;
  if (!job) return <EmptyState isPage icon={IconFileOff} title={t('job.missingTitle')} text={t('job.missing')} />;
  return (
    <Stack gap="md">
      <Anchor component={Link} to={`/jobs/${id}`} size="sm" className="unprinted">
        <Group gap={4}>
          <IconArrowLeft size={16} aria-hidden /> {t('result.toJob')}
        </Group>
      </Anchor>
      {hasResult(job) ? (
        <Finished job={job} />
      ) : (
        <EmptyState isPage icon={IconFileOff} title={t('result.none')} text={t('result.noneHint')}>
          <Button component={Link} to={`/jobs/${id}`}>
            {t('result.toJob')}
          </Button>
        </EmptyState>
      )}
    </Stack>
  );
}

const hasResult = (job: ReportJob): job is Finished => job.result !== null && job.result.testResult !== null;

function Finished({ job }: { job: Finished }) {
  const { t } = useTranslation();
  const file = job.name.replaceAll(/[^\w-]+/g, '-');
  const csv = csvOf(job.result);
  const isOwner = useViewer()?.kind === 'USER';
  return (
    <div>
      <PageHead
        title={job.result.assessment?.archetype ?? job.name}
        lead={job.result.assessment ? job.name : undefined}
        under={isOwner && job.result.isPublic && <SharedBadge />}
      >
        <Button
          variant="default"
          leftSection={<IconBraces size={16} aria-hidden />}
          onClick={() => save(`${file}.json`, 'application/json', JSON.stringify(job.result.testResult, null, 2))}
        >
          {t('result.json')}
        </Button>
        {csv && (
          <Button
            variant="default"
            leftSection={<IconTable size={16} aria-hidden />}
            onClick={() => save(`${file}.csv`, 'text/csv', csv)}
          >
            {t('result.csv')}
          </Button>
        )}
        {isOwner && <ShareButton job={job} />}
        <Button leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => print()}>
          {t('result.print')}
        </Button>
      </PageHead>
      <Suspense fallback={<Skeleton h={400} />}>
        <Output job={job} />
      </Suspense>
    </div>
  );
}

function Output({ job }: { job: Finished }) {
  const { assessment, testResult } = job.result;
  if (assessment) return <Assessment report={assessment} />;
  if (job.kind === 'FORECAST') return <Forecast job={job} />;
  if (job.kind === 'COMPRESS') return <Compression job={job} />;
  return <PlainOutput output={testResult} />;
}
