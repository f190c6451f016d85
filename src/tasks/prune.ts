import type { Task } from 'graphile-worker';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';

/** How long an upload waits for a job to take it. */
const UPLOAD_WAITS_MS = 24 * 3_600_000;

/** Removes once an hour what nobody waits for any more: uploads that no job took within a day. */
export function createPrune(lifecycle: Pick<Lifecycle, 'pruneUploads'>): Task {
  return async (_payload, { logger }) => {
    const uploads = await lifecycle.pruneUploads(UPLOAD_WAITS_MS);
    if (uploads > 0) logger.info(`${uploads} uploads that no job took were removed`);
  };
}
