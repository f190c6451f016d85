import { Button, Code, ScrollArea, Skeleton, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { JobContentDocument } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { useClient } from '../session-context.tsx';
import type { WholeJob } from './whole-job.ts';

/** Input and output as they are stored; read when somebody wants to see them. */
export function RawContent({ job }: { job: WholeJob }) {
  const { t } = useTranslation();
  const [isOpen, { toggle }] = useDisclosure(false);
  if (job.deletedAt) return null;
  return (
    <Card
      title={t('job.raw')}
      aside={
        <Button size="xs" variant="default" onClick={toggle} aria-expanded={isOpen}>
          {isOpen ? t('job.hideRaw') : t('job.showRaw')}
        </Button>
      }
    >
      {isOpen && <Content id={job.id} />}
    </Card>
  );
}

function Content({ id }: { id: string }) {
  const { t } = useTranslation();
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['content', id],
    queryFn: () => client.request(JobContentDocument, { id }),
  });
  if (!data) return <Skeleton h={120} />;
  const result = data.job?.result;
  const parts = { testData: result?.testData, testResult: result?.testResult, rawResponses: result?.rawResponses };
  const names = Object.keys(parts) as (keyof typeof parts)[];
  return (
    <Tabs defaultValue="testData" keepMounted={false}>
      <Tabs.List mb="sm">
        {names.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t(`job.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {names.map((name) => (
        <Tabs.Panel key={name} value={name}>
          {parts[name] === null || parts[name] === undefined ? (
            <Text size="sm" c="dimmed">
              {t('job.nothing')}
            </Text>
          ) : (
            <ScrollArea.Autosize
              mah={420}
              viewportProps={{ tabIndex: 0, 'aria-label': t(`job.${name}`), role: 'region' }}
            >
              <Code block>{JSON.stringify(parts[name], null, 2)}</Code>
            </ScrollArea.Autosize>
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
