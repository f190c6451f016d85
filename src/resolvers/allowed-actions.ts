import type { Job } from '../entities/job.ts';
import { JobStatus } from '../entities/job-status.ts';
import { holds } from '../gate/authorization.ts';
import type { Viewer } from '../gate/viewer.ts';
import { MOVES } from '../lifecycle/machine.ts';
import { JobAction } from '../schema/enums.ts';

/** In which statuses each action is open: where it is a move, in those that the move comes from. */
const OPEN_IN: Record<JobAction, readonly JobStatus[]> = {
  [JobAction.CANCEL]: MOVES.cancel.from,
  [JobAction.DELETE]: MOVES.delete.from,
  [JobAction.FORCE_DELETE]: Object.values(JobStatus),
  [JobAction.RETRY]: MOVES.retry.from,
  [JobAction.VIEW_RESULT]: [JobStatus.COMPLETED],
  // No kind writes output files yet.
  [JobAction.DOWNLOAD]: [],
};

/** What a viewer who sees a job may do with it as it stands, in the order of the enum. */
export function allowedActions(job: Pick<Job, 'status' | 'deletedAt'>, viewer: Viewer): JobAction[] {
  if (viewer.kind === 'service' && !holds(viewer, 'jobs:manage')) return [];
  if (job.deletedAt) return [JobAction.FORCE_DELETE];
  return Object.values(JobAction).filter((action) => OPEN_IN[action].includes(job.status));
}
