import type { MikroORM } from '@mikro-orm/postgresql';
import type { Config } from '../config.ts';
import { openAccount } from '../lifecycle/ledger.ts';
import { apiError } from './errors.ts';
import { Remembered } from './remembered.ts';
import { isServiceToken, verifyServiceToken } from './service-tokens.ts';
import { createUserTokenVerifier } from './user-tokens.ts';
import type { Viewer } from './viewer.ts';

const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
const DEFAULT_TIER = 'standard';
/** Users whose account this process knows to exist; a forgotten one costs a statement that changes nothing. */
const REMEMBERED_USERS = 10_000;

/** A viewer, and until when. A service's token names no end: it is revoked, or rotated away. */
export interface Authentication {
  readonly viewer: Viewer;
  readonly expiresAt: Date | null;
}

/**
 * Turns the value of an `Authorization` header into a viewer; both transports use it.
 *
 * @returns null only where there is no header
 * @throws UNAUTHENTICATED for anything that is not a valid token; SERVICE_UNAVAILABLE where this cannot be found out
 */
export type Authenticate = (authorization: string | undefined) => Promise<Authentication | null>;

/** The authenticator of a process. A user who is seen for the first time gets an account with the starting tokens. */
export function createAuthenticator(parts: { config: Config; orm: MikroORM }): Authenticate {
  const { config, orm } = parts;
  const verifyUserToken = createUserTokenVerifier(config.jwt);
  const admit = createAccountOpener(orm, config.startingTokens);

  return async (authorization) => {
    if (authorization === undefined) return null;
    const token = bearerOf(authorization, config);
    if (isServiceToken(token)) return await authenticateService(orm, token);
    const { sub, tier = DEFAULT_TIER, expiresAt } = await verifyUserToken(token);
    await admit(sub);
    const known = Object.hasOwn(config.tiers, tier) ? tier : DEFAULT_TIER;
    return { viewer: { kind: 'user', id: sub, tier: known }, expiresAt };
  };
}

/** Knows services alone, and needs no secret for that: where users have nothing to ask. */
export function createServiceAuthenticator(parts: { config: Pick<Config, 'limits'>; orm: MikroORM }): Authenticate {
  return async (authorization) => {
    if (authorization === undefined) return null;
    const token = bearerOf(authorization, parts.config);
    if (!isServiceToken(token)) throw apiError('UNAUTHENTICATED');
    return await authenticateService(parts.orm, token);
  };
}

function bearerOf(authorization: string, { limits }: Pick<Config, 'limits'>): string {
  const token = authorization.length <= limits.tokenBytes ? BEARER.exec(authorization)?.[1] : undefined;
  if (token === undefined) throw apiError('UNAUTHENTICATED');
  return token;
}

async function authenticateService(orm: MikroORM, token: string): Promise<Authentication> {
  const service = await verifyServiceToken(orm.em.fork(), token);
  if (!service) throw apiError('UNAUTHENTICATED');
  const { id: tokenId, ...named } = service;
  return { viewer: { kind: 'service', tokenId, ...named }, expiresAt: null };
}

function createAccountOpener(orm: MikroORM, startingTokens: number): (userId: string) => Promise<void> {
  const seen = new Remembered<string, true>(REMEMBERED_USERS);
  return async (userId) => {
    if (seen.get(userId)) return;
    await openAccount(orm.em.fork(), userId, startingTokens);
    seen.set(userId, true);
  };
}
