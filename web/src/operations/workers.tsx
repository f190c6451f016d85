import { Group, List, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useNarrow } from '../narrow.ts';
import { Card } from '../parts/card.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { useSystemNow, type Worker } from './system.ts';
import { Busy, RunningJobs, SignOfLife, WorkerName, WorkerState } from './worker-cells.tsx';

interface Props {
  workers: readonly Worker[];
}

/** The worker processes, the lost ones first, and what each works on. */
export function Workers() {
  const { t } = useTranslation();
  const Shown = useNarrow() ? WorkerList : WorkerTable;
  return (
    <Card title={t('ops.workers')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('ops.workersLead')}
      </Text>
      <WhenRead query={useSystemNow()} h={90}>
        {({ workers }) =>
          workers.length === 0 ? (
            <NoWorker />
          ) : (
            <Shown workers={workers.toSorted((one, other) => Number(other.lost) - Number(one.lost))} />
          )
        }
      </WhenRead>
    </Card>
  );
}

function NoWorker() {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap" className="warning">
      <IconAlertTriangle size={18} aria-hidden />
      <Text size="sm" fw={600}>
        {t('ops.noWorker')}
      </Text>
    </Group>
  );
}

function WorkerTable({ workers }: Props) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer
      minWidth={640}
      maxHeight={420}
      type="native"
      pos="relative"
      tabIndex={0}
      role="region"
      aria-label={t('ops.workersTable')}
    >
      <Table horizontalSpacing="sm" stickyHeader>
        <Table.Thead bg="var(--page-card)">
          <Table.Tr>
            <Table.Th>{t('ops.worker')}</Table.Th>
            <Table.Th>{t('ops.state')}</Table.Th>
            <Table.Th>{t('ops.lastSign')}</Table.Th>
            <Table.Th>{t('ops.busy')}</Table.Th>
            <Table.Th>{t('ops.running')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workers.map((worker) => (
            <Table.Tr key={worker.id} data-worker={worker.id}>
              <Table.Th scope="row">
                <WorkerName worker={worker} />
              </Table.Th>
              <Table.Td>
                <WorkerState worker={worker} />
              </Table.Td>
              <Table.Td>
                <SignOfLife worker={worker} />
              </Table.Td>
              <Table.Td>
                <Busy worker={worker} />
              </Table.Td>
              <Table.Td>
                <RunningJobs worker={worker} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The same where there is no room for a table. */
function WorkerList({ workers }: Props) {
  return (
    <List listStyleType="none" className="cards">
      {workers.map((worker) => (
        <List.Item key={worker.id} data-worker={worker.id}>
          <Stack gap={6} py="sm">
            <Group justify="space-between" wrap="nowrap">
              <WorkerName worker={worker} />
              <WorkerState worker={worker} />
            </Group>
            <Group justify="space-between" wrap="nowrap">
              <Busy worker={worker} />
              <SignOfLife worker={worker} />
            </Group>
            {worker.running.length > 0 && <RunningJobs worker={worker} />}
          </Stack>
        </List.Item>
      ))}
    </List>
  );
}
