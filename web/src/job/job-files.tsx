import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { bytes } from '../format.ts';
import { Card } from '../parts/card.tsx';
import type { WholeJob } from './whole-job.ts';

/** Kinds that work on files; of the others the card would always be empty. */
const WITH_FILES = ['FORECAST', 'COMPRESS'];

export function JobFiles({ job: { files, kind } }: { job: WholeJob }) {
  const { t, i18n } = useTranslation();
  if (files.length === 0 && !WITH_FILES.includes(kind)) return null;
  return (
    <Card title={t('job.files')}>
      {files.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('job.noFiles')}
        </Text>
      )}
      <Stack gap="sm">
        {files.map(({ name, size, role, url }) => (
          <Group key={role + name} justify="space-between" wrap="nowrap">
            <Stack gap={2} miw={0}>
              <Text size="sm" fw={500} truncate="end" title={name}>
                {name}
              </Text>
              <Group gap={6}>
                <Badge size="sm" variant="default" tt="none" fw={500}>
                  {role === 'INPUT' ? t('job.input') : t('job.output')}
                </Badge>
                <Text size="xs" c="dimmed">
                  {bytes(size, i18n.language)}
                </Text>
              </Group>
            </Stack>
            <Button
              component="a"
              href={url}
              download={name}
              variant="default"
              size="xs"
              aria-label={t('job.download', { name })}
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              {t('action.DOWNLOAD')}
            </Button>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
