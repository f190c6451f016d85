import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { useReadiness } from './readiness.ts';

export function Health() {
  const { t } = useTranslation();
  const { data, error, refetch } = useReadiness();
  return (
    <Card title={t('ops.health')}>
      {error && !data && <ErrorNote error={error} onAgain={() => void refetch()} />}
      {!data && !error && <Skeleton h={90} />}
      {data && (
        <Stack gap="xs">
          {(['database', 'migrations', 'feed'] as const).map((part) => (
            <Group key={part} justify="space-between">
              <Text size="sm">{t(`ops.${part}`)}</Text>
              <Group gap={6} className={data[part] ? 'well' : 'ill'}>
                {data[part] ? <IconCircleCheck size={18} aria-hidden /> : <IconCircleX size={18} aria-hidden />}
                <Text size="sm" fw={600}>
                  {data[part] ? t('ops.ready') : t('ops.notReady')}
                </Text>
              </Group>
            </Group>
          ))}
        </Stack>
      )}
    </Card>
  );
}
