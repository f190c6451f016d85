import { Alert, Button, Group } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { errorText } from './faults.tsx';

/** A part of a page that could not be read. */
export function ErrorNote({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert role="alert" color="red" icon={<IconCloudOff aria-hidden />} title={t('error.title')}>
      <Group justify="space-between">
        {errorText(error, t)}
        <Button size="xs" variant="default" onClick={onAgain}>
          {t('error.again')}
        </Button>
      </Group>
    </Alert>
  );
}
