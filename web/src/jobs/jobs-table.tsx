import { Checkbox, Table, Text, VisuallyHidden } from '@mantine/core';
import { useDeferredValue } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobRowFragment } from '../operations.generated.ts';
import { Age, RunTime } from '../parts/age.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { JobName, JobProgress } from './job-cells.tsx';
import { RowActions } from './row-actions.tsx';

/** So many rows fill a window; they are drawn first, and the others when they are there. */
const FIRST_ROWS = 8;

interface Props {
  jobs: readonly JobRowFragment[];
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  isOfAll: boolean;
}

export function JobsTable({ jobs, selected, onSelect, isOfAll }: Props) {
  const { t } = useTranslation();
  const shown = useDeferredValue(jobs, jobs.slice(0, FIRST_ROWS));
  const isActive = ({ status }: JobRowFragment) => status === 'QUEUED' || status === 'PROCESSING';
  const active = jobs.filter(isActive);
  const isAll = active.length > 0 && active.every(({ id }) => selected.has(id));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <Table.ScrollContainer
      minWidth={980}
      type="native"
      pos="relative"
      tabIndex={0}
      role="region"
      aria-label={t('jobs.title')}
    >
      <Table highlightOnHover layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <Checkbox
                aria-label={t('jobs.selectAll')}
                checked={isAll}
                indeterminate={!isAll && active.some(({ id }) => selected.has(id))}
                disabled={active.length === 0}
                onChange={() => onSelect(isAll ? new Set() : new Set(active.map(({ id }) => id)))}
              />
            </Table.Th>
            <Table.Th w={146}>{t('jobs.columns.status')}</Table.Th>
            <Table.Th>{t('jobs.columns.name')}</Table.Th>
            <Table.Th w={168}>{t('jobs.columns.progress')}</Table.Th>
            <Table.Th w={118}>{t('jobs.columns.age')}</Table.Th>
            <Table.Th w={98}>{t('jobs.columns.duration')}</Table.Th>
            <Table.Th w={180}>
              <VisuallyHidden>{t('jobs.columns.actions')}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((job) => (
            <Table.Tr
              key={job.id}
              data-job={job.id}
              bg={selected.has(job.id) ? 'var(--mantine-primary-color-light)' : undefined}
            >
              <Table.Td>
                {isActive(job) && (
                  <Checkbox
                    aria-label={t('jobs.select', { name: job.name })}
                    checked={selected.has(job.id)}
                    onChange={() => toggle(job.id)}
                  />
                )}
              </Table.Td>
              <Cells job={job} isOfAll={isOfAll} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Cells({ job, isOfAll }: { job: JobRowFragment; isOfAll: boolean }) {
  return (
    <>
      <Table.Td>
        <StatusBadge status={job.status} isDeleted={job.deletedAt !== null} />
      </Table.Td>
      <Table.Td>
        <JobName job={job} isOfAll={isOfAll} />
      </Table.Td>
      <Table.Td>
        <JobProgress job={job} />
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="whole">
          <Age at={job.createdAt} />
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="whole">
          <RunTime job={job} />
        </Text>
      </Table.Td>
      <Table.Td>
        <RowActions job={job} />
      </Table.Td>
    </>
  );
}
