import { randomBytes, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { type Fleet, type FleetOptions, startFleet } from '../chaos/fleet.ts';
import { type Postgres, startPostgres } from '../chaos/postgres.ts';
import { makeRunFolder } from '../chaos/run-folder.ts';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { migrate } from '../src/migrate.ts';

export interface User {
  id: string;
  token: string;
}

/** APIs and workers in processes of their own on a PostgreSQL of their own; all of it goes when this process exits. */
export interface Site {
  /** Where each process has its log, by its name. */
  folder: string;
  postgres: Postgres;
  fleet: Fleet;
  /** Of the APIs. */
  urls: readonly string[];
  users: readonly User[];
  /** A user's token. */
  tokenOf(sub: string, ttlSeconds?: number): Promise<string>;
}

export interface SiteOptions extends Pick<FleetOptions, 'envOf'> {
  apis: number;
  workers: number;
  users: number;
  /** Variables for each process, beside the defaults and what lets few users send as much as many would. */
  env?: NodeJS.ProcessEnv;
  /** Where files are kept; by default in the folder that goes. */
  storage?: string;
}

/** The lease, as it is by default. */
export const LEASE_MS = 10_000;

const START_LIMIT_MS = 60_000;
const TOKEN_SECONDS = 4 * 3_600;
const MANY = {
  ASSAY_PROBES: 'on',
  ASSAY_PRICE_PROBE: '1',
  ASSAY_STARTING_TOKENS: '1000000',
  ASSAY_LIMIT_SUBMITS_PER_MINUTE: '100000',
  ASSAY_LIMIT_OTHER_MUTATIONS_PER_MINUTE: '100000',
  ASSAY_LIMIT_QUEUED_PER_USER: '100000',
  ASSAY_WORKER_CONCURRENCY: '4',
};

export async function startSite(options: SiteOptions): Promise<Site> {
  const folder = await makeRunFolder();
  const postgres = await startPostgres(folder);
  await migrate(postgres.url);
  const secret = randomBytes(32).toString('hex');
  const storage = pathToFileURL(options.storage ?? `${folder}/files`).href;
  const env = { ...MANY, JWT_SECRET: secret, ASSAY_STORAGE_URL: storage, ...options.env };
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
  const members = [...names('api', options.apis), ...names('worker', options.workers)];
  const { envOf } = options;
  const fleet = await startFleet({ folder, databaseUrl: postgres.url, env, members, ...(envOf && { envOf }) });
  await fleet.allReady(START_LIMIT_MS);
  const tokenOf = (sub: string, ttlSeconds = TOKEN_SECONDS) => signUserToken({ secret, sub, ttlSeconds });
  const ids = Array.from({ length: options.users }, () => randomUUID());
  return {
    ...{ folder, postgres, fleet, tokenOf },
    urls: fleet.ready('api').map(({ url }) => url),
    users: await Promise.all(ids.map(async (id) => ({ id, token: await tokenOf(id) }))),
  };
}
