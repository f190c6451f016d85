import { readScopeOf, type Scope, scopeOf } from '../gate/authorization.ts';
import type { Viewer } from '../gate/viewer.ts';

/** The condition that leaves a viewer what he may act on of jobs, results and whatever else belongs to a user. */
export const ownedBy = (viewer: Viewer): { userId?: string } => condition(scopeOf(viewer));

/** The condition that leaves a viewer what he may see of them. */
export const readableBy = (viewer: Viewer): { userId?: string } => condition(readScopeOf(viewer));

const condition = (scope: Scope) => (scope === 'any owner' ? {} : { userId: scope.owner });
