import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import { loadConfig } from '../../src/config.ts';
import { isErrorCode } from '../../src/gate/errors.ts';
import { createServiceToken } from '../../src/gate/service-tokens.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';
import { type RunningApi, startApi } from '../../src/server.ts';
import { readAllRows } from '../lifecycle/rows.ts';
import type { TestDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { Documents } from './documents.ts';
import type { Ids } from './hostile.ts';

/** The same attacks each time, unless told otherwise. */
export const SEED = Number(process.env.ATTACKS_SEED ?? 1);
/** How many times the usual number of attacks. */
export const TIMES = Number(process.env.ATTACKS_TIMES ?? 1);

/** What nobody may ever be told: it is in another's rows, and in the secrets of the environment. */
const CANARY = 'c4n4ry';
const SECRET = `${CANARY} is in the secret of this installation`;
const ENVIRONMENT = {
  ...{ ASSAY_SIGNING_SECRET: `${SECRET} for links`, ASSAY_SYNC_URL_PANGKAT: `http://127.0.0.1:9/${CANARY}` },
  ASSAY_SYNC_TOKEN_PANGKAT: CANARY,
  ...{ ASSAY_LIMIT_SUBMITS_PER_MINUTE: '1000000', ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: '1000000' },
  ...{ ASSAY_LIMIT_SHARED_READS_PER_MINUTE: '1000000', ASSAY_LIMIT_QUEUED_PER_USER: '1000000' },
  ...{ ASSAY_LIMIT_SOCKETS_PER_USER: '10000', ASSAY_LIMIT_MESSAGES_BURST: '10000' },
  // What an attack brings about may take its time on a busy machine; for ever it may not.
  ...{ ASSAY_LIMIT_LOCK_MS: '20000', ASSAY_LIMIT_STATEMENT_MS: '20000', ASSAY_LIMIT_EXECUTION_MS: '30000' },
};

/** An API to attack, with everything that an attack is made of. */
export interface Target {
  url: string;
  ids: Ids;
  documents: Documents;
  tokens: { user: string; service: string; expired: string };
  /** Rows of the user who is attacked. */
  victimsRows(): Promise<string[]>;
  isAlive(): Promise<boolean>;
}

/** The API in this process, on the database of a test file. */
export function useTarget(database: () => TestDatabase): () => Target {
  let api: RunningApi | undefined;
  let target: Target | undefined;
  beforeAll(async () => {
    const { pool, url: databaseUrl } = database();
    const env = { DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, PORT: '0', ASSAY_PROBES: 'on', ...ENVIRONMENT };
    api = await startApi({ config: loadConfig(env), log: createLog({ level: 'silent' }) });
    const victim = await makeJob(pool, { status: 'COMPLETED', name: CANARY, testData: CANARY, testResult: CANARY });
    const active = await makeJob(pool, { status: 'QUEUED', userId: victim.userId, name: CANARY, price: 0 });
    const attacker = await makeAccount(pool, { balance: 1_000_000 });
    const own = await makeJob(pool, { status: 'FAILED', userId: attacker, price: 0 });
    const ids = {
      own: [own.jobId, String(own.resultId), attacker, randomUUID()],
      others: [victim.jobId, String(victim.resultId), active.jobId, String(active.resultId), victim.userId],
    };
    const sign = (ttlSeconds: number) => signUserToken({ secret: SECRET, sub: attacker, ttlSeconds });
    const orm = await createOrm({ url: databaseUrl, name: 'assay-test-tokens' });
    const service = await createServiceToken(orm.em.fork(), { name: 'attacker', scopes: ['sync:run'] });
    await orm.close();
    const { url } = api;
    const tokens = { user: await sign(3_600), service, expired: await sign(-60) };
    target = {
      ...{ url, ids, tokens, documents: new Documents(buildSchema(), ids) },
      async victimsRows() {
        const rows = Object.values(await readAllRows(pool)).flat();
        const texts = rows.map((row) => JSON.stringify(row));
        // An attacker may call what is his by any name.
        return texts.filter((row) => ids.others.some((id) => row.includes(id)) && !row.includes(attacker));
      },
      async isAlive() {
        const headers = { authorization: `Bearer ${tokens.user}`, 'content-type': 'application/json' };
        const body = '{"query":"{ viewer { id } }"}';
        return (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).status === 200;
      },
    };
  });
  afterAll(() => api?.stop());
  return () => {
    if (!target) throw new Error('The target exists only inside tests and hooks.');
    return target;
  };
}

const FAULTS = ['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'TIMEOUT'];
/** Besides, the words of those below us: PostgreSQL, Node, and the libraries. Only the log may have them. */
const TELLING = new RegExp(
  `${CANARY}|<pre|node_modules|\\bat \\S+ \\(|did you mean (?!to use a double)|violates|duplicate key|invalid byte|unsupported unicode|` +
    'at or near|invalid input|out of range|deadlock|JWS|JWT|ECONN|unexpected token|in JSON at|cannot read|is not a function',
  'i',
);

/** What is wrong with something that was said; undefined for what may be said. */
export function faultIn(text: string): string | undefined {
  const [told] = TELLING.exec(text) ?? [];
  if (told) return `it tells ${told}`;
  if (({} as { polluted?: unknown }).polluted !== undefined) return 'every object has a property more';
  for (const [, code = ''] of text.matchAll(/"extensions":\{"code":"(\w*)"/g)) {
    if (!isErrorCode(code) || FAULTS.includes(code)) return `it has the code ${code}`;
  }
  return undefined;
}
