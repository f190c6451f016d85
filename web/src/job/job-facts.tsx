import { ActionIcon, Box, Code, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { moment } from '../format.ts';
import { Age, RunTime } from '../parts/age.tsx';
import { Card } from '../parts/card.tsx';
import { useViewer } from '../session-context.tsx';
import type { WholeJob } from './whole-job.ts';

export function JobFacts({ job }: { job: WholeJob }) {
  const { t, i18n } = useTranslation();
  const isService = useViewer()?.kind === 'SERVICE';
  const { attempt, maxAttempts, round, tokenCost, refunded, startedAt, finishedAt, heartbeatAt } = job;
  const rows: [string, ReactNode][] = [
    [t('job.id'), <Id key="id" id={job.id} />],
    [t('job.attempts'), attempt === 0 ? t('job.notStarted') : t('job.attempt', { attempt, most: maxAttempts })],
    [t('job.round'), round],
    [t('job.cost'), `${t('shell.tokens', { count: tokenCost })}${refunded ? ` (${t('job.refunded')})` : ''}`],
    [t('job.submitted'), moment(job.createdAt, i18n.language)],
  ];
  if (startedAt) {
    rows.push([t('job.started'), moment(startedAt, i18n.language)]);
    rows.push([t('job.duration'), <RunTime key="duration" job={job} />]);
  }
  if (finishedAt) rows.push([t('job.finished'), moment(finishedAt, i18n.language)]);
  if (heartbeatAt && job.status === 'PROCESSING') rows.push([t('job.heartbeat'), <Age key="beat" at={heartbeatAt} />]);
  rows.push([t('job.requestedBy'), job.requestedBy === 'user' ? t('shell.user') : job.requestedBy]);
  if (isService) {
    rows.push([t('job.owner'), <Id key="owner" id={job.userId} />]);
    rows.push([t('job.priority'), job.priority]);
  }
  return (
    <Card title={t('job.facts')}>
      <Box component="dl" m={0}>
        {rows.map(([name, value]) => (
          <Group key={name} justify="space-between" wrap="nowrap" gap="md" py={5} align="baseline">
            <Text component="dt" size="sm" c="dimmed" miw={100}>
              {name}
            </Text>
            <Text component="dd" size="sm" m={0} ta="right" miw={0}>
              {value}
            </Text>
          </Group>
        ))}
      </Box>
    </Card>
  );
}

function Id({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <Code bg="transparent" style={{ overflowWrap: 'anywhere' }}>
        {id}
      </Code>
      <CopyButton value={id}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('shell.copied') : t('shell.copyId')}>
            <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={t('shell.copyId')}>
              {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
