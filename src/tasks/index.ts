import { type ParsedCronItem, parseCronItems, type TaskList } from 'graphile-worker';
import type { Sweeper } from '../files/sweep.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Attempts } from '../runner/attempts.ts';
import type { Rescuer } from '../runner/rescue.ts';
import { createPrune } from './prune.ts';
import { createRemoveFiles } from './remove_files.ts';
import { createRescueStuckJobs } from './rescue_stuck_jobs.ts';
import { createRunJob } from './run_job.ts';

/** Every task of the queue, by its name there. */
export function createTasks({ attempts, rescuer, lifecycle, sweeper, keepJobsMs }: TaskParts): TaskList {
  return {
    run_job: createRunJob(attempts),
    rescue_stuck_jobs: createRescueStuckJobs(rescuer),
    prune: createPrune(lifecycle, keepJobsMs),
    remove_files: createRemoveFiles(sweeper),
  };
}

export interface TaskParts {
  attempts: Pick<Attempts, 'run'>;
  rescuer: Rescuer;
  lifecycle: Pick<Lifecycle, 'prune'>;
  sweeper: Pick<Sweeper, 'sweep'>;
  /** Null: for ever. */
  keepJobsMs: number | null;
}

/** What the queue does by the clock, in UTC. What was missed is not made up for: the next look sees as much. */
export function createCrontab(): ParsedCronItem[] {
  const regularly = (task: string, match: string) => ({
    task,
    match,
    options: { backfillPeriod: 0, maxAttempts: 1, jobKey: task },
  });
  return parseCronItems([
    regularly('rescue_stuck_jobs', '* * * * *'),
    regularly('remove_files', '* * * * *'),
    regularly('prune', '17 * * * *'),
  ]);
}
