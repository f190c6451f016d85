import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { isServiceScope, type ServiceScope } from './scopes.ts';

const SECRET_BYTES = 32;
const NAME_FORM = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const TOKEN_FORM = /^assay_([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** A service token as an operator may see it: the secret is stored nowhere. */
export interface ServiceToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ServiceScope[];
  readonly createdAt: Date;
  /** When it ended or, of one that was rotated, will end; null while nobody has said so. */
  readonly revokedAt: Date | null;
  /** Whether it may be used now, by the clock of the database. */
  readonly valid: boolean;
}

/** A token works until the moment in which it is revoked, which may be one to come. */
const isValid = sql<boolean>`(revoked_at is null or revoked_at > now())`;

/**
 * Makes a token, `assay_<id>_<secret>`, and stores its hash only. Several tokens of one name are valid at a time, so
 * that a service can take up a new one before the old one ends.
 *
 * A plain SHA-256 is enough for a secret of 256 random bits: there is nothing to guess that a slow hash would protect.
 *
 * @throws RangeError for a name or scope that cannot be
 */
export async function createServiceToken(
  em: EntityManager,
  options: { name: string; scopes: readonly string[] },
): Promise<string> {
  const { name, scopes } = options;
  if (!NAME_FORM.test(name)) throw new RangeError('A name is 1 to 63 of a-z, 0-9, ".", "_" and "-".');
  if (scopes.length === 0) throw new RangeError('A service token needs at least one scope.');
  const unknown = scopes.find((scope) => !isServiceScope(scope));
  if (unknown !== undefined) throw new RangeError(`There is no scope ${JSON.stringify(unknown)}.`);

  const secret = makeSecret();
  const { rows } = await sql<{ id: string }>`
    insert into service_tokens (name, token_hash, scopes)
    values (${name}, ${hash(secret)}, ${[...new Set(scopes)]}::text[]) returning id`.execute(em.getKysely());
  return tokenOf(rows[0]?.id, secret);
}

/**
 * Makes a token with the scopes of the newest valid one of its name, and lets all others of the name end by themselves when
 * the overlap is over: none of them later than it would have ended anyway.
 *
 * @param options.overlapSeconds 0 ends them at once
 * @returns null where the name has no valid token
 */
export async function rotateServiceToken(
  em: EntityManager,
  options: { name: string; overlapSeconds: number },
): Promise<string | null> {
  const { name, overlapSeconds } = options;
  const secret = makeSecret();
  const { rows } = await sql<{ id: string }>`
    with newest as (
      select scopes from service_tokens where name = ${name} and ${isValid}
      order by created_at desc, id desc limit 1
    ), ending as (
      update service_tokens set revoked_at = least(revoked_at, now() + make_interval(secs => ${overlapSeconds}))
      where name = ${name} and ${isValid}
    )
    insert into service_tokens (name, token_hash, scopes)
    select ${name}, ${hash(secret)}, scopes from newest returning id`.execute(em.getKysely());
  return rows[0] ? tokenOf(rows[0].id, secret) : null;
}

/** All tokens, the revoked ones too, the newest first. */
export async function listServiceTokens(em: EntityManager): Promise<ServiceToken[]> {
  const { rows } = await sql<ServiceTokenRow>`
    select id, name, scopes, created_at, revoked_at, ${isValid} as valid from service_tokens
    order by created_at desc, id desc`.execute(em.getKysely());
  return rows.map(({ id, name, scopes, created_at, revoked_at, valid }) => ({
    id,
    name,
    scopes: scopes.filter(isServiceScope),
    createdAt: new Date(created_at),
    revokedAt: revoked_at === null ? null : new Date(revoked_at),
    valid,
  }));
}

/** As the driver gives it: MikroORM leaves timestamps as text, and turns them into dates for its own entities only. */
interface ServiceTokenRow {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  revoked_at: string | null;
  valid: boolean;
}

/** Ends every token of a name at once, those in an overlap too. @returns how many were still valid */
export async function revokeServiceTokens(em: EntityManager, name: string): Promise<number> {
  const { rows } = await sql`
    update service_tokens set revoked_at = now() where name = ${name} and ${isValid}
    returning id`.execute(em.getKysely());
  return rows.length;
}

/**
 * Finds whose token this is: by its id, then comparing the secret's hash in constant time.
 *
 * @returns null for a token that is malformed, unknown, wrong or has ended
 */
export async function verifyServiceToken(
  em: EntityManager,
  token: string,
): Promise<Pick<ServiceToken, 'id' | 'name' | 'scopes'> | null> {
  const [, id, secret] = TOKEN_FORM.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const { rows } = await sql<{ name: string; scopes: string[]; token_hash: Buffer }>`
    select name, scopes, token_hash from service_tokens
    where id = ${id} and ${isValid}`.execute(em.getKysely());
  const [row] = rows;
  // An unknown id costs the same comparison, so that the time of an answer does not tell which ids exist.
  const same = timingSafeEqual(hash(secret), row?.token_hash ?? Buffer.alloc(SECRET_BYTES));
  return row && same ? { id, name: row.name, scopes: row.scopes.filter(isServiceScope) } : null;
}

/** Whether a bearer token claims to be a service's; a JWT never begins like this. */
export const isServiceToken = (token: string): boolean => token.startsWith('assay_');

const makeSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
const tokenOf = (id: string | undefined, secret: string): string => `assay_${id}_${secret}`;
const hash = (secret: string): Buffer => createHash('sha256').update(secret).digest();
