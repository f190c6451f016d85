import type { Task } from 'graphile-worker';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';

/**
 * Removes once an hour what nobody waits for any more.
 * @param keepJobsMs how long finished jobs are kept; null keeps them for ever
 */
export function createPrune(lifecycle: Pick<Lifecycle, 'prune'>, keepJobsMs: number | null): Task {
  return async (_payload, { logger }) => {
    const { uploads, jobs, events } = await lifecycle.prune(keepJobsMs);
    if (uploads + jobs + events === 0) return;
    logger.info(`pruned: ${uploads} uploads that no job took, ${jobs} jobs, ${events} events of jobs long gone`);
  };
}
