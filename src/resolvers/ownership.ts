import { scopeOf } from '../gate/authorization.ts';
import type { Viewer } from '../gate/viewer.ts';

/** The condition that leaves a viewer what he may see of jobs, results and whatever else belongs to a user. */
export function ownedBy(viewer: Viewer): { userId?: string } {
  const scope = scopeOf(viewer);
  return scope === 'any owner' ? {} : { userId: scope.owner };
}
