import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { keepSecret, readSecret, replaceSecret } from './data-folder.ts';
import type { Database } from './database.ts';

const TOKENS = 1_000;
const VALID_SECONDS = 24 * 60 * 60;
const SERVICE = 'demo';

/** What a visitor needs to try everything. */
export interface Demo {
  /** Undefined where users' tokens come from an identity provider. */
  userToken?: string;
  /** Opens every scope. */
  serviceToken: string;
}

/**
 * Prepares the demo user and the demo service. Both stay the same over restarts of one data folder; the user gets his
 * tokens to spend once per database, and a new bearer token each time.
 */
export async function prepareDemo(config: Database['config']): Promise<Demo> {
  const { createOrm } = await import('../orm.ts');
  const orm = await createOrm({ url: config.databaseUrl, name: 'assay-start', poolSize: 1 });
  try {
    const userId = await keepSecret(config.dataDir, 'demo-user', randomUUID);
    await grantOnce(orm.em.fork(), userId, config.startingTokens);
    const userToken = await userTokenFor(config, userId);
    if (userToken !== undefined) await replaceSecret(config.dataDir, 'user-token', userToken);
    return { userToken, serviceToken: await keepServiceToken(orm.em.fork(), config.dataDir) };
  } finally {
    await orm.close();
  }
}

type Em = Parameters<typeof import('../gate/service-tokens.ts').createServiceToken>[0];

async function grantOnce(em: Em, userId: string, startingTokens: number): Promise<void> {
  const { grant } = await import('../lifecycle/ledger.ts');
  await grant(em, {
    userId,
    amount: TOKENS,
    reason: 'Demo tokens',
    grantedBy: `service:${SERVICE}`,
    idempotency: { key: `demo-user:${userId}`, inputHash: String(TOKENS) },
    startingTokens,
  });
}

/** The token in the data folder, as long as this database knows it; else a new one. */
async function keepServiceToken(em: Em, dataDir: string): Promise<string> {
  const { createServiceToken, verifyServiceToken } = await import('../gate/service-tokens.ts');
  const { SCOPES } = await import('../gate/scopes.ts');
  const kept = await readSecret(dataDir, 'service-token');
  if (kept !== undefined && (await verifyServiceToken(em, kept)) !== null) return kept;
  const token = await createServiceToken(em, { name: SERVICE, scopes: Object.keys(SCOPES) });
  await replaceSecret(dataDir, 'service-token', token);
  return token;
}

async function userTokenFor({ jwt }: Config, sub: string): Promise<string | undefined> {
  if (jwt.secret === undefined || jwt.jwksUrl !== undefined) return undefined;
  const { signUserToken } = await import('../gate/user-tokens.ts');
  const { secret, issuer, audience, maxAgeSeconds } = jwt;
  return await signUserToken({ secret, sub, ttlSeconds: Math.min(VALID_SECONDS, maxAgeSeconds), issuer, audience });
}
