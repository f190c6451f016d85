import { Alert, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { duration, moment } from '../format.ts';
import type { ExaminationFragment, FaultFragment } from '../operations.generated.ts';
import { Verdict } from './verdict.tsx';

/** What was found, and what was done before that. */
export interface Examined {
  report: ExaminationFragment | null;
  faults: readonly FaultFragment[];
  repair?: { done: readonly string[]; failed: readonly string[] };
}

/** Of one invariant so many rows are shown; the command of the doctor prints more. */
const MOST_ROWS = 5;

type Invariant = ExaminationFragment['invariants'][number];

export function Examination({ report: { healthy, invariants, checkedAt, seconds } }: { report: ExaminationFragment }) {
  const { t, i18n } = useTranslation();
  const when = t('ops.examinedAt', { at: moment(checkedAt, i18n.language), duration: duration(seconds * 1_000, t) });
  if (healthy) {
    return (
      <Alert color="teal" className="note" title={t('ops.allHold', { count: invariants.length })}>
        {when}
      </Alert>
    );
  }
  return (
    <Stack gap="md">
      {invariants
        .filter(({ holds }) => !holds)
        .map((invariant) => (
          <Broken key={invariant.id} invariant={invariant} />
        ))}
      <Text size="sm" c="dimmed">
        {when}
      </Text>
    </Stack>
  );
}

/** The sentence and the rows are for operators, and as the command prints them. */
function Broken({ invariant: { id, sentence, repairable, brokenCount, rows } }: { invariant: Invariant }) {
  const { t } = useTranslation();
  const shown = rows.slice(0, MOST_ROWS);
  return (
    <Stack gap={4} component="section" aria-label={id}>
      <Group justify="space-between" align="flex-start" gap="xs">
        <Text size="sm" fw={600} lang="en">
          {sentence}
        </Text>
        <Verdict isWell={false} text={t('ops.brokenRows', { count: brokenCount })} />
      </Group>
      <Text size="xs" c="dimmed">
        {t(repairable ? 'ops.repairable' : 'ops.notRepairable')}
      </Text>
      {shown.map(({ subject, found }) => (
        <Text key={`${subject} ${found}`} size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }} lang="en">
          {subject}: {found}
        </Text>
      ))}
      {brokenCount > shown.length && (
        <Text size="xs" c="dimmed">
          {t('ops.moreRows', { count: brokenCount - shown.length })}
        </Text>
      )}
    </Stack>
  );
}
