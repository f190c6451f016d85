import type { AuthCheckerFn } from 'type-graphql';
import type { Context } from '../context.ts';
import { SYSTEM_USER } from '../entities/sync-source.ts';
import { apiError } from './errors.ts';
import type { ServiceScope } from './scopes.ts';
import type { Viewer } from './viewer.ts';

/** What `@Authorized(...)` takes: `'user'` admits users, a scope admits the services that hold it, none admits anyone. */
export type Role = 'user' | ServiceScope;

/**
 * The check behind `@Authorized(...)`: one of the roles is enough.
 *
 * It throws instead of answering `false`, because type-graphql would report an anonymous caller of a field with roles
 * as UNAUTHORIZED, which is no code of ours.
 *
 * @throws UNAUTHENTICATED without a viewer, FORBIDDEN for a viewer without one of the roles
 */
export const authChecker: AuthCheckerFn<Partial<Context>, Role> = ({ context }, roles) => {
  if (!context.viewer) throw apiError('UNAUTHENTICATED');
  if (!admits(roles, context.viewer)) throw apiError('FORBIDDEN');
  return true;
};

function admits(roles: readonly Role[], viewer: Viewer): boolean {
  if (roles.length === 0) return true;
  if (viewer.kind === 'user') return roles.includes('user');
  return viewer.scopes.some((scope) => roles.includes(scope));
}

/** Whose rows a statement may touch. A required parameter of every read and move, so that it cannot be forgotten. */
export type Scope = { readonly owner: string } | 'any owner';

/** A user reaches his own rows, a service everyone's; whether it may at all is `@Authorized`'s to say. */
export const scopeOf = (viewer: Viewer): Scope => (viewer.kind === 'user' ? { owner: viewer.id } : 'any owner');

/**
 * Likewise, to read: a service that only runs syncs reads the jobs of the system, which are those, and no user's. What
 * it admits must be `@Authorized` for `sync:run`.
 */
export const readScopeOf = (viewer: Viewer): Scope =>
  viewer.kind === 'service' && !holds(viewer, 'jobs:read') ? { owner: SYSTEM_USER } : scopeOf(viewer);

/** Whether a viewer is a service that holds a scope. */
export const holds = (viewer: Viewer, scope: ServiceScope): boolean =>
  viewer.kind === 'service' && viewer.scopes.includes(scope);
