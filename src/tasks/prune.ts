import type { Task } from 'graphile-worker';
import { UPLOAD_WAITS_MS } from '../lifecycle/files.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';

/** Removes once an hour what nobody waits for any more: uploads that no job took within a day. */
export function createPrune(lifecycle: Pick<Lifecycle, 'pruneUploads'>): Task {
  return async (_payload, { logger }) => {
    const uploads = await lifecycle.pruneUploads(UPLOAD_WAITS_MS);
    if (uploads > 0) logger.info(`${uploads} uploads that no job took were removed`);
  };
}
