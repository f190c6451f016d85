import { Group, List, Stack, Text } from '@mantine/core';
import type { JobRowFragment } from '../operations.generated.ts';
import { Age, RunTime } from '../parts/age.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { JobName, JobProgress } from './job-cells.tsx';
import { RowActions } from './row-actions.tsx';

/** The table of jobs where there is no room for a table. */
export function JobCards({ jobs, isOfAll }: { jobs: readonly JobRowFragment[]; isOfAll: boolean }) {
  return (
    <List listStyleType="none" className="cards">
      {jobs.map((job) => (
        <List.Item key={job.id} data-job={job.id}>
          <Stack gap="xs" p="md">
            <Group justify="space-between" wrap="nowrap">
              <StatusBadge status={job.status} isDeleted={job.deletedAt !== null} />
              <Text size="xs" c="dimmed">
                <Age at={job.createdAt} />
                {job.startedAt && job.status !== 'QUEUED' && (
                  <>
                    {' · '}
                    <RunTime job={job} />
                  </>
                )}
              </Text>
            </Group>
            <JobName job={job} isOfAll={isOfAll} />
            <JobProgress job={job} />
            <RowActions job={job} />
          </Stack>
        </List.Item>
      ))}
    </List>
  );
}
