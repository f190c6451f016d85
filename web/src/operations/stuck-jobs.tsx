import { Anchor, Button, Divider, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { duration } from '../format.ts';
import { useActs } from '../job/use-acts.tsx';
import { useNow } from '../now.ts';
import { StuckJobsDocument, type StuckJobsQuery } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { useClient } from '../session-context.tsx';
import { useSystemNow } from './system.ts';
import { Verdict } from './verdict.tsx';

/** Silence makes no event, so it is looked for. */
const LOOK_AGAIN_MS = 5_000;

export function StuckJobs() {
  const { t } = useTranslation();
  const client = useClient();
  const stuck = useQuery({
    queryKey: ['stuck'],
    queryFn: async () => (await client.request(StuckJobsDocument, {})).stuckJobs,
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Card title={t('ops.stuck')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('ops.stuckLead')}
      </Text>
      <WhenRead query={stuck} h={60}>
        {(jobs) =>
          jobs.length === 0 ? (
            <Text size="sm" fw={600}>
              {t('ops.noStuck')}
            </Text>
          ) : (
            <Stack gap="sm">
              {jobs.map((job) => (
                <Silent key={job.id} job={job} />
              ))}
            </Stack>
          )
        }
      </WhenRead>
      <Divider my="md" />
      <NotFixed />
    </Card>
  );
}

/** Those who are silent for so long that somebody should have taken them up. */
function NotFixed() {
  const { t } = useTranslation();
  return (
    <WhenRead query={useSystemNow()} h={44}>
      {({ stuckFoundNotFixed: count }) => (
        <div>
          <Group justify="space-between">
            <Text size="sm">{t('ops.notFixed')}</Text>
            <Verdict
              isWell={count === 0}
              text={count === 0 ? t('ops.noneNotFixed') : t('ops.someNotFixed', { count })}
            />
          </Group>
          <Text size="xs" c="dimmed">
            {count === 0 ? t('ops.notFixedHint') : t('ops.someNotFixedHint')}
          </Text>
        </div>
      )}
    </WhenRead>
  );
}

function Silent({ job }: { job: StuckJobsQuery['stuckJobs'][number] }) {
  const { t } = useTranslation();
  const now = useNow();
  const act = useActs();
  const since = Date.parse(job.heartbeatAt ?? job.startedAt ?? '');
  return (
    <Group justify="space-between" wrap="nowrap">
      <Stack gap={0} miw={0}>
        <Anchor component={Link} to={`/jobs/${job.id}`} size="sm" fw={600} truncate="end">
          {job.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {t('ops.silentFor', { duration: duration(now - since, t) })} ·{' '}
          {t('job.attempt', { attempt: job.attempt, most: job.maxAttempts })}
        </Text>
        <Reason jobId={job.id} />
      </Stack>
      {job.allowedActions.includes('CANCEL') && (
        <Button size="xs" variant="default" onClick={() => act('CANCEL', { ...job, deletedAt: null })}>
          {t('action.CANCEL')}
        </Button>
      )}
    </Group>
  );
}

/** Why nothing is heard of it, as far as the books of the workers tell. */
function Reason({ jobId }: { jobId: string }) {
  const { t } = useTranslation();
  const { data } = useSystemNow();
  if (!data) return null;
  const worker = data.workers.find(({ running }) => running.includes(jobId));
  const reason = worker ? (worker.lost ? 'ops.workerLost' : 'ops.workerDeaf') : 'ops.workerGone';
  return (
    <Text size="xs" fw={600}>
      {t(reason, { host: worker?.host ?? '' })}
    </Text>
  );
}
