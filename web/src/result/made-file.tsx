import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Finished } from './result-page.tsx';

/** To download the file that a job has made, where it has made one. */
export function MadeFile({ files }: { files: Finished['files'] }) {
  const { t } = useTranslation();
  const made = files.find(({ role }) => role === 'OUTPUT');
  if (!made) return null;
  return (
    <Button
      component="a"
      href={made.url}
      download={made.name}
      size="xs"
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {t('action.DOWNLOAD')}
    </Button>
  );
}
