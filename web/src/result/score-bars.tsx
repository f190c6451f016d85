import { Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export interface Score {
  name: string;
  score: number;
  /** In words, where there are some. */
  note?: string;
  color?: string;
}

/** Scores from 0 to 100 as bars, each with its name and number. */
export function ScoreBars({ scores }: { scores: readonly Score[] }) {
  const { i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 });
  return (
    <Stack gap="sm">
      {scores.map(({ name, score, note, color }) => (
        <div key={name}>
          <Group justify="space-between" mb={4} wrap="nowrap">
            <Text size="sm">{name}</Text>
            <Text size="sm" className="whole">
              {note && (
                <Text span size="xs" c="dimmed" mr={8}>
                  {note}
                </Text>
              )}
              <b>{number.format(score)}</b>
            </Text>
          </Group>
          <Progress value={score} color={color} aria-label={name} size="md" />
        </div>
      ))}
    </Stack>
  );
}
