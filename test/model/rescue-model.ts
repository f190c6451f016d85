import { FailureCode, JobStatus } from '../../src/entities/job-status.ts';
import { BACK_IN_QUEUE, endUnpaid, LET_GO, type ModelJob, seen, step, type World, withJob } from './machine-model.ts';

/** What a rescue does to one job, by the word under which it tells of it. */
export const RESCUES = {
  stuck: (world: World, job: ModelJob) =>
    job.status === JobStatus.PROCESSING
      ? endUnpaid(world, job, 'STUCK', {
          failure: { code: FailureCode.STUCK, message: 'The work took longer than the 0 seconds that it may take' },
        })
      : null,
  released: (world: World, job: ModelJob) =>
    job.status === JobStatus.PROCESSING && job.lost && job.attempt < job.maxAttempts
      ? step(world, job, 'RELEASED', BACK_IN_QUEUE, { message: 'The worker was lost' })
      : null,
  lost: (world: World, job: ModelJob) =>
    job.status === JobStatus.PROCESSING && job.lost && job.attempt >= job.maxAttempts
      ? endUnpaid(world, job, 'FAILED', {
          failure: { code: FailureCode.WORKER_LOST, message: 'The worker was lost on the last attempt' },
          ...LET_GO,
        })
      : null,
  freed: (world: World, job: ModelJob) =>
    job.lease !== null && job.status !== JobStatus.PROCESSING && job.lost
      ? withJob(world, { ...job, ...LET_GO })
      : null,
  // Two that look at once may both find it missing; the second adds the same task again.
  requeued: (world: World, job: ModelJob) =>
    job.status === JobStatus.QUEUED ? withJob(world, { ...job, task: 'runnable' }) : null,
} as const;

/** One statement of a rescue, over all the jobs it took up. */
export function rescueAll(world: World, how: keyof typeof RESCUES, jobIds: readonly string[]): World | null {
  let after = world;
  for (const id of [...jobIds].sort()) {
    const job = seen(after, id, null, 'tombstones');
    const next = job && RESCUES[how](after, job);
    if (!next) return null;
    after = next;
  }
  return after;
}

/** Whether a rescue that nobody disturbs must take a job up. */
export function needsRescue(job: ModelJob, isOverdue: boolean): boolean {
  if (job.presence === 'gone') return false;
  if (job.status === JobStatus.QUEUED) return job.task !== 'runnable';
  return (job.lease !== null && job.lost) || (isOverdue && job.status === JobStatus.PROCESSING);
}
