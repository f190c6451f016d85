import type { Task } from 'graphile-worker';
import type { Sweeper } from '../files/sweep.ts';

/** Removes once a minute, in the whole installation, the bytes that a crash or an outage of the storage has left. */
export function createRemoveFiles(sweeper: Pick<Sweeper, 'sweep'>): Task {
  return async () => await sweeper.sweep();
}
