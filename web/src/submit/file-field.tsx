import '@mantine/dropzone/styles.css';
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconFileDescription, IconFileUpload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { bytes } from '../format.ts';

const LARGEST = 50_000_000;

interface Props {
  file: File | null;
  onFile: (file: File | null) => void;
  hint: string;
  accept?: Record<string, string[]>;
  error?: string;
  onError: (text: string) => void;
  /** The share that is uploaded, 0 to 1; null before and after. */
  share: number | null;
}

/** A file to be dropped or chosen, and then how far its upload is. */
export function FileField({ file, onFile, hint, accept, error, onError, share }: Props) {
  const { t, i18n } = useTranslation();
  return (
    <Stack gap="xs">
      {file ? (
        <Group justify="space-between" className="card" p="md" bdrs="md">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <IconFileDescription aria-hidden />
            <Stack gap={0} miw={0}>
              <Text fw={600} size="sm" truncate="end">
                {file.name}
              </Text>
              <Text size="xs" c="dimmed">
                {bytes(file.size, i18n.language)}
              </Text>
            </Stack>
          </Group>
          {share === null && (
            <Button variant="default" size="xs" onClick={() => onFile(null)}>
              {t('submit.remove')}
            </Button>
          )}
        </Group>
      ) : (
        <Dropzone
          multiple={false}
          maxSize={LARGEST}
          accept={accept}
          onDrop={([first]) => first && onFile(first)}
          onReject={() => onError(t('submit.refusedFile'))}
          inputProps={{ 'aria-label': t('submit.file') }}
          aria-label={t('submit.drop')}
        >
          <Stack align="center" gap={6} py="lg" ta="center">
            <IconFileUpload size={36} stroke={1.4} aria-hidden />
            <Text fw={600}>{t('submit.drop')}</Text>
            <Text size="sm" c="dimmed">
              {hint}
            </Text>
          </Stack>
        </Dropzone>
      )}
      {error && (
        <Text size="sm" c="red.8" role="alert">
          {error}
        </Text>
      )}
      {file && share !== null && (
        <Progress value={share * 100} size="lg" animated aria-label={t('submit.uploading', { name: file.name })} />
      )}
    </Stack>
  );
}
