import { Anchor, Group, Progress, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { duration } from '../format.ts';
import type { Worker } from './system.ts';
import { Verdict } from './verdict.tsx';

interface Props {
  worker: Worker;
}

/** So many jobs of a worker have a link each. */
const MOST_LINKS = 6;
/** Of an id: enough to tell it from the others. */
const ID_LETTERS = 8;

export function WorkerName({ worker: { id, host } }: Props) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {host}
      </Text>
      <Text size="xs" c="dimmed" fw={400} ff="monospace" title={id}>
        {id.slice(0, ID_LETTERS)}
      </Text>
    </div>
  );
}

export function WorkerState({ worker: { lost } }: Props) {
  const { t } = useTranslation();
  return <Verdict isWell={!lost} text={lost ? t('ops.lost') : t('ops.alive')} />;
}

/** The age is as it was read: to let it grow on until the next read would make a worker look silent that is not. */
export function SignOfLife({ worker: { silentSeconds } }: Props) {
  const { t } = useTranslation();
  return (
    <Text size="sm" className="whole">
      {t('ops.ago', { duration: duration(silentSeconds * 1_000, t) })}
    </Text>
  );
}

export function Busy({ worker: { concurrency, running } }: Props) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress value={(running.length / concurrency) * 100} w={56} aria-label={t('ops.busy')} />
      <Text size="sm" className="whole">
        {t('progress.of', { current: running.length, expected: concurrency })}
      </Text>
    </Group>
  );
}

/** Their last letters, which differ most. */
export function RunningJobs({ worker: { running } }: Props) {
  const { t } = useTranslation();
  if (running.length === 0) return <Text size="sm">–</Text>;
  return (
    <Group gap="xs">
      {running.slice(0, MOST_LINKS).map((id) => (
        <Anchor key={id} component={Link} to={`/jobs/${id}`} size="sm" ff="monospace" title={id}>
          {id.slice(-ID_LETTERS)}
        </Anchor>
      ))}
      {running.length > MOST_LINKS && (
        <Anchor component={Link} to="/?status=PROCESSING" size="sm">
          {t('ops.moreRunning', { count: running.length - MOST_LINKS })}
        </Anchor>
      )}
    </Group>
  );
}
