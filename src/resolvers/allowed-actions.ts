import type { Context } from '../context.ts';
import type { Job } from '../entities/job.ts';
import { FileRole, JobStatus } from '../entities/job-status.ts';
import { holds } from '../gate/authorization.ts';
import type { Viewer } from '../gate/viewer.ts';
import { kinds } from '../kinds/index.ts';
import { MOVES } from '../lifecycle/machine.ts';
import { JobAction } from '../schema/enums.ts';

/** In which statuses each action is open: where it is a move, in those that the move comes from. */
const OPEN_IN: Record<JobAction, readonly JobStatus[]> = {
  [JobAction.CANCEL]: MOVES.cancel.from,
  [JobAction.DELETE]: MOVES.delete.from,
  [JobAction.FORCE_DELETE]: Object.values(JobStatus),
  [JobAction.RETRY]: MOVES.retry.from,
  [JobAction.VIEW_RESULT]: [JobStatus.COMPLETED],
  [JobAction.DOWNLOAD]: [JobStatus.COMPLETED],
};

/** What a viewer who sees a job may do with it as it stands, in the order of the enum; where its kind makes files they are read for that. */
export async function readAllowedActions(
  job: Job,
  { viewer, load }: Pick<Context, 'viewer' | 'load'>,
): Promise<JobAction[]> {
  const actions = byStatus(job, viewer);
  if (!actions.includes(JobAction.DOWNLOAD)) return actions;
  const files = kinds[job.kind].outputFiles ? await load.files.load(job.id) : [];
  const hasOutput = files.some(({ role }) => role === FileRole.OUTPUT);
  return actions.filter((action) => action !== JobAction.DOWNLOAD || hasOutput);
}

function byStatus(job: Pick<Job, 'status' | 'deletedAt'>, viewer: Viewer): JobAction[] {
  if (viewer.kind === 'service' && !holds(viewer, 'jobs:manage')) return [];
  if (job.deletedAt) return [JobAction.FORCE_DELETE];
  return Object.values(JobAction).filter((action) => OPEN_IN[action].includes(job.status));
}
