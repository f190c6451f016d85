import { Group, Timeline as List, Text } from '@mantine/core';
import {
  type Icon,
  IconBan,
  IconCheck,
  IconClockHour4,
  IconCpu,
  IconPlayerPlay,
  IconRotateClockwise2,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { clock, duration, moment } from '../format.ts';
import { Card } from '../parts/card.tsx';
import { isLettingGo, type WholeJob } from './whole-job.ts';

type Event = WholeJob['events']['nodes'][number];

const LOOKS: Partial<Record<Event['type'], [Icon, string]>> = {
  QUEUED: [IconClockHour4, 'gray.7'],
  RETRIED: [IconRotateClockwise2, 'gray.7'],
  RELEASED: [IconRotateClockwise2, 'gray.7'],
  STARTED: [IconPlayerPlay, 'blue.8'],
  COMPLETED: [IconCheck, 'teal.9'],
  FAILED: [IconX, 'red.8'],
  STUCK: [IconX, 'red.8'],
  CANCELLED: [IconBan, 'orange.9'],
  DELETED: [IconTrash, 'gray.7'],
};

interface Step {
  key: string;
  icon: Icon;
  color: string;
  title: string;
  at: string | null;
  notes: string[];
}

/** What happened, step by step, with the time between. A cancel has two moments: cancelled, and the worker free. */
export function Timeline({ job }: { job: WholeJob }) {
  const { t, i18n } = useTranslation();
  const steps = useSteps(job);
  return (
    <Card title={t('job.timeline')}>
      <List bulletSize={28} lineWidth={2} active={steps.length - 1}>
        {steps.map(({ key, icon: Picture, color, title, at, notes }, index) => {
          const before = steps[index - 1]?.at;
          return (
            <List.Item
              key={key}
              color={color}
              bullet={<Picture size={15} aria-hidden className={at ? undefined : 'breathing'} />}
              title={
                <Group justify="space-between" gap="xs" wrap="nowrap">
                  <Text fw={600} size="sm">
                    {title}
                  </Text>
                  {at && (
                    <Text size="xs" c="dimmed">
                      <time dateTime={at} title={moment(at, i18n.language)}>
                        {clock(at, i18n.language)}
                      </time>
                    </Text>
                  )}
                </Group>
              }
            >
              <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
                <Text size="xs" c="dimmed">
                  {notes.join(' · ')}
                </Text>
                {at && before && (
                  <Text size="xs" c="dimmed" miw="max-content">
                    {t('job.gap', { duration: duration(Date.parse(at) - Date.parse(before), t) })}
                  </Text>
                )}
              </Group>
            </List.Item>
          );
        })}
      </List>
      {job.events.pageInfo.hasNextPage && (
        <Text size="xs" c="dimmed" mt="sm">
          {t('job.more')}
        </Text>
      )}
    </Card>
  );
}

function useSteps(job: WholeJob): Step[] {
  const { t } = useTranslation();
  const steps = job.events.nodes.map((event): Step => {
    const [icon, color] = LOOKS[event.type] ?? [IconClockHour4, 'gray.7'];
    const attempt = event.type === 'STARTED' && t('job.attempt', { attempt: event.attempt, most: job.maxAttempts });
    const round = event.type === 'RETRIED' && `${t('job.round')} ${event.round}`;
    const notes = [attempt, round, event.metadata.errorMessage].filter((note) => typeof note === 'string');
    return { key: String(event.seq), icon, color, title: t(`event.${event.type}`), at: event.at, notes };
  });
  const freed = job.status === 'CANCELLED' && !job.deletedAt ? freedStep(job) : null;
  return freed ? [...steps, freed] : steps;

  function freedStep({ workerFreeAt, finishedAt }: WholeJob): Step | null {
    const look = { key: 'free', icon: IconCpu, color: 'gray.7' };
    if (isLettingGo(job)) return { ...look, title: t('job.workerBusy'), at: null, notes: [] };
    // Nothing ran, so there is nothing to tell.
    if (!workerFreeAt || !finishedAt || workerFreeAt === finishedAt) return null;
    const after = duration(Date.parse(workerFreeAt) - Date.parse(finishedAt), t);
    return {
      ...look,
      title: t('job.workerFree'),
      at: workerFreeAt,
      notes: [t('job.freed', { duration: after }), t('job.workerFreeHint')],
    };
  }
}
