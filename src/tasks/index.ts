import { type ParsedCronItem, parseCronItems, type TaskList } from 'graphile-worker';
import type { Attempts } from '../runner/attempts.ts';
import type { Rescuer } from '../runner/rescue.ts';
import { createRescueStuckJobs } from './rescue_stuck_jobs.ts';
import { createRunJob } from './run_job.ts';

/** Every task of the queue, by its name there. */
export function createTasks({ attempts, rescuer }: { attempts: Pick<Attempts, 'run'>; rescuer: Rescuer }): TaskList {
  return { run_job: createRunJob(attempts), rescue_stuck_jobs: createRescueStuckJobs(rescuer) };
}

/** What the queue does by the clock, in UTC. What was missed is not made up for: the next look sees as much. */
export function createCrontab(): ParsedCronItem[] {
  return parseCronItems([
    {
      task: 'rescue_stuck_jobs',
      match: '* * * * *',
      options: { backfillPeriod: 0, maxAttempts: 1, jobKey: 'rescue_stuck_jobs' },
    },
  ]);
}
