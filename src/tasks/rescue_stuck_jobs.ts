import type { Task } from 'graphile-worker';
import type { Rescuer } from '../runner/rescue.ts';

/** Looks after the jobs of dead workers once a minute in the whole installation, besides what each worker does by itself. */
export function createRescueStuckJobs(rescuer: Rescuer): Task {
  return async () => await rescuer.look();
}
