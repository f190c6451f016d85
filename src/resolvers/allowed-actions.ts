import type { Job } from '../entities/job.ts';
import { JobStatus } from '../entities/job-status.ts';
import { holds } from '../gate/authorization.ts';
import type { Viewer } from '../gate/viewer.ts';
import { JobAction } from '../schema/enums.ts';

const { CANCEL, DELETE, FORCE_DELETE, RETRY, VIEW_RESULT } = JobAction;

const BY_STATUS: Record<JobStatus, readonly JobAction[]> = {
  [JobStatus.QUEUED]: [CANCEL, FORCE_DELETE],
  [JobStatus.PROCESSING]: [CANCEL, FORCE_DELETE],
  [JobStatus.COMPLETED]: [DELETE, FORCE_DELETE, VIEW_RESULT],
  [JobStatus.FAILED]: [DELETE, FORCE_DELETE, RETRY],
  [JobStatus.CANCELLED]: [DELETE, FORCE_DELETE, RETRY],
};

/** What a viewer who sees a job may do with it as it stands. */
export function allowedActions(job: Pick<Job, 'status' | 'deletedAt'>, viewer: Viewer): readonly JobAction[] {
  if (viewer.kind === 'service' && !holds(viewer, 'jobs:manage')) return [];
  return job.deletedAt ? [FORCE_DELETE] : BY_STATUS[job.status];
}
