import { createSecretKey, hash } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify, SignJWT } from 'jose';
import type { Config } from '../config.ts';
import { SYSTEM_USER } from '../entities/sync-source.ts';
import { apiError } from './errors.ts';
import { isUuid } from './ids.ts';
import { Remembered } from './remembered.ts';

/** Seconds by which the clocks of issuer and server may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
const REMEMBERED_TOKENS = 10_000;
const REMEMBERED_MS = 60_000;
const PUBLIC_KEY_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** What a user's token says once it is believed. */
export interface UserClaims {
  /** A UUID in lower case. */
  readonly sub: string;
  readonly tier?: string;
  readonly expiresAt: Date;
}

/** Checks a user's token. @throws UNAUTHENTICATED for every fault, always with the same message */
export type UserTokenVerifier = (token: string) => Promise<UserClaims>;

/**
 * A verifier for the configured keys: HS256 with a secret, or RS256, ES256 and EdDSA with the issuer's JWKS. What a
 * token says of its own key (`alg`, `jwk`, `jku`, a `kid` that is a path) never chooses anything outside these.
 *
 * Beyond what jose checks, `exp` may lie at most `maxAgeSeconds` ahead, both of now and of `iat`: a token for a hundred
 * years would outlive every secret.
 */
export function createUserTokenVerifier(jwt: Config['jwt']): UserTokenVerifier {
  const verify = rememberPayloads(createSignatureCheck(jwt));
  return async (token) => {
    try {
      return requireClaims(await verify(token), jwt.maxAgeSeconds);
    } catch (error) {
      throw isOutage(error)
        ? apiError('SERVICE_UNAVAILABLE', { cause: error })
        : apiError('UNAUTHENTICATED', { cause: error });
    }
  };
}

export interface UserTokenOptions {
  /** `JWT_SECRET` of the server that is to believe the token. */
  readonly secret: string;
  readonly sub: string;
  readonly tier?: string;
  readonly ttlSeconds: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Makes a user's token, HS256, for the command line and for tests. */
export async function signUserToken(options: UserTokenOptions): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const token = new SignJWT(options.tier === undefined ? {} : { tier: options.tier })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(options.sub)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + options.ttlSeconds);
  if (options.issuer !== undefined) token.setIssuer(options.issuer);
  if (options.audience !== undefined) token.setAudience(options.audience);
  return await token.sign(new TextEncoder().encode(options.secret));
}

function createSignatureCheck(jwt: Config['jwt']): (token: string) => Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(jwt.issuer !== undefined && { issuer: jwt.issuer }),
    ...(jwt.audience !== undefined && { audience: jwt.audience }),
  };
  if (jwt.jwksUrl !== undefined) {
    const keys = createRemoteJWKSet(new URL(jwt.jwksUrl));
    return async (token) => (await jwtVerify(token, keys, { ...options, algorithms: PUBLIC_KEY_ALGORITHMS })).payload;
  }
  // As bytes it would be made a key for each token.
  const secret = createSecretKey(jwt.secret ?? '', 'utf8');
  return async (token) => (await jwtVerify(token, secret, { ...options, algorithms: ['HS256'] })).payload;
}

interface Verified {
  payload: JWTPayload;
  /** Milliseconds of this process. */
  at: number;
}

/**
 * Believes a token for a minute without another look at its signature, as long as it has not ended: a client sends the same
 * one with each request. Kept is its hash alone, and only of tokens that are good.
 */
export function rememberPayloads(
  verify: (token: string) => Promise<JWTPayload>,
): (token: string) => Promise<JWTPayload> {
  const verified = new Remembered<string, Verified>(REMEMBERED_TOKENS);
  return async (token) => {
    const tokenHash = hash('sha256', token, 'base64');
    const known = verified.get(tokenHash);
    if (known && performance.now() - known.at < REMEMBERED_MS && !hasEnded(known.payload)) return known.payload;
    const payload = await verify(token);
    verified.set(tokenHash, { payload, at: performance.now() });
    return payload;
  };
}

const hasEnded = ({ exp = 0 }: JWTPayload): boolean => exp <= Math.floor(Date.now() / 1000) - CLOCK_TOLERANCE_SECONDS;

function requireClaims(payload: JWTPayload, maxAgeSeconds: number): UserClaims {
  const { sub, exp, iat, tier } = payload;
  if (typeof sub !== 'string' || !isUuid(sub)) throw new Error('sub is not a UUID');
  // The jobs of the system belong to it, and nobody else may be it.
  if (sub === SYSTEM_USER) throw new Error('sub is nobody');
  if (exp === undefined) throw new Error('exp is missing');
  const now = Date.now() / 1000;
  if (exp - now > maxAgeSeconds + CLOCK_TOLERANCE_SECONDS) throw new Error('exp is too far ahead');
  if (iat !== undefined && exp - iat > maxAgeSeconds) throw new Error('exp is too far from iat');
  if (tier !== undefined && typeof tier !== 'string') throw new Error('tier is not text');
  return { sub: sub.toLowerCase(), ...(tier !== undefined && { tier }), expiresAt: new Date(exp * 1000) };
}

/** The issuer's keys could not be read: the token may be good, so its bearer must not be told that it is not. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return error instanceof TypeError && error.message === 'fetch failed';
  return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(error.code);
}
