import type { Task } from 'graphile-worker';
import { z } from 'zod';
import type { Attempts } from '../runner/attempts.ts';

const payload = z.object({ jobId: z.uuid(), round: z.int(), attempt: z.int() });

/**
 * Runs one attempt of a job of any kind. It throws only where the task's row may be another worker's by now: retries are
 * the runner's own, so a thrown task is never repeated by the queue.
 */
export function createRunJob(attempts: Pick<Attempts, 'run'>): Task {
  return async (task, { job }) => await attempts.run({ ...payload.parse(task), dueAt: job.run_at });
}
