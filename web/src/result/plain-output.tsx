import { Code, ScrollArea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';

export function PlainOutput({ output }: { output: unknown }) {
  const { t } = useTranslation();
  return (
    <Card title={t('result.raw')}>
      <ScrollArea.Autosize mah="65vh" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': t('result.raw') }}>
        <Code block>{JSON.stringify(output, null, 2)}</Code>
      </ScrollArea.Autosize>
    </Card>
  );
}
