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
  readonly revokedAt: Date | null;
}

/**
 * Makes a token, `assay_<id>_<secret>`, and stores its hash only. Several tokens of one name are valid at a time, so
 * that a service can take up a new one before the old one is revoked.
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

  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const { rows } = await sql<{ id: string }>`
    insert into service_tokens (name, token_hash, scopes)
    values (${name}, ${hash(secret)}, ${[...new Set(scopes)]}::text[]) returning id`.execute(em.getKysely());
  return `assay_${rows[0]?.id}_${secret}`;
}

/** All tokens, the revoked ones too, the newest first. */
export async function listServiceTokens(em: EntityManager): Promise<ServiceToken[]> {
  const { rows } = await sql<ServiceTokenRow>`
    select id, name, scopes, created_at, revoked_at from service_tokens
    order by created_at desc, id desc`.execute(em.getKysely());
  return rows.map(({ id, name, scopes, created_at, revoked_at }) => ({
    id,
    name,
    scopes: scopes.filter(isServiceScope),
    createdAt: new Date(created_at),
    revokedAt: revoked_at === null ? null : new Date(revoked_at),
  }));
}

/** As the driver gives it: MikroORM leaves timestamps as text, and turns them into dates for its own entities only. */
interface ServiceTokenRow {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  revoked_at: string | null;
}

/** Ends every token of a name. Returns how many were still valid. */
export async function revokeServiceTokens(em: EntityManager, name: string): Promise<number> {
  const { rows } = await sql`
    update service_tokens set revoked_at = now() where name = ${name} and revoked_at is null
    returning id`.execute(em.getKysely());
  return rows.length;
}

/**
 * Finds whose token this is: by its id, then comparing the secret's hash in constant time.
 *
 * @returns null for a token that is malformed, unknown, wrong or revoked
 */
export async function verifyServiceToken(
  em: EntityManager,
  token: string,
): Promise<Pick<ServiceToken, 'id' | 'name' | 'scopes'> | null> {
  const [, id, secret] = TOKEN_FORM.exec(token) ?? [];
  if (id === undefined || secret === undefined) return null;
  const { rows } = await sql<{ name: string; scopes: string[]; token_hash: Buffer }>`
    select name, scopes, token_hash from service_tokens
    where id = ${id} and revoked_at is null`.execute(em.getKysely());
  const [row] = rows;
  // An unknown id costs the same comparison, so that the time of an answer does not tell which ids exist.
  const same = timingSafeEqual(hash(secret), row?.token_hash ?? Buffer.alloc(SECRET_BYTES));
  return row && same ? { id, name: row.name, scopes: row.scopes.filter(isServiceScope) } : null;
}

/** Whether a bearer token claims to be a service's; a JWT never begins like this. */
export const isServiceToken = (token: string): boolean => token.startsWith('assay_');

const hash = (secret: string): Buffer => createHash('sha256').update(secret).digest();
