import { availableParallelism } from 'node:os';
import type { z } from 'zod';
import type { JobKind } from '../entities/job-status.ts';
import { SyncSource } from '../entities/sync-source.ts';
import { LIMITS } from './limits.ts';
import {
  baseUrl,
  choice,
  duration,
  host,
  integer,
  origins,
  secret,
  storageUrl,
  text,
  tiers,
  url,
  word,
} from './values.ts';

/** A variable of the environment. Empty counts as unset. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  readonly description: string;
  /** What stands in when the variable is unset, written as it would be in the environment. */
  readonly default?: string;
  /** What happens when it is unset, in words, where no fixed text says it. */
  readonly unset?: string;
  /** Never shown, not even when it is wrong. */
  readonly secret?: true;
}

const kinds: Record<JobKind, { price: number; maxPrice?: number; runLimit: string }> = {
  ASSESSMENT: { price: 1, runLimit: '10 min' },
  // Sync jobs belong to the system, which has no account to charge.
  SYNC: { price: 0, maxPrice: 0, runLimit: '30 min' },
  FORECAST: { price: 1, runLimit: '55 min' },
  COMPRESS: { price: 1, runLimit: '5 min' },
  PROBE: { price: 0, runLimit: '10 min' },
};
export const KINDS = Object.keys(kinds) as JobKind[];

/** The upstreams that a sync can copy. */
export const SYNC_SOURCES = Object.values(SyncSource);

const postgresUrl = () => url('postgres://user:password@host:5432/database', 'postgres', 'postgresql');

export const settings = {
  DATABASE_URL: {
    schema: postgresUrl(),
    unset: 'embedded PostgreSQL in the data folder',
    secret: true,
    description: 'PostgreSQL 15 or newer',
  },
  DATABASE_DIRECT_URL: {
    schema: postgresUrl(),
    unset: 'DATABASE_URL',
    secret: true,
    description: 'the same database without the pooler, for LISTEN, queue and heartbeats',
  },
  HOST: { schema: host(), default: '127.0.0.1', description: 'address that the API listens on' },
  PORT: {
    schema: integer(0, 65_535),
    default: '4000',
    description: 'port that the API listens on; 0 takes a free one',
  },
  ASSAY_ENV: {
    schema: choice('development', 'production'),
    default: 'development',
    description: 'production turns off introspection, GraphiQL, hints, probes and made-up secrets',
  },
  ASSAY_DATA_DIR: { schema: text(), default: '.data', description: 'embedded database, secrets, local files' },
  JWT_SECRET: {
    schema: secret(),
    unset: '`start` makes one',
    secret: true,
    description: 'signs and checks user tokens (HS256), 32 bytes or more',
  },
  JWT_JWKS_URL: {
    schema: url('https://id.example.com/.well-known/jwks.json', 'https', 'http'),
    secret: true,
    description: 'public keys of an identity provider (RS256, ES256, EdDSA)',
  },
  JWT_ISSUER: { schema: text(), description: 'the `iss` that user tokens must carry' },
  JWT_AUDIENCE: { schema: text(), description: 'the `aud` that user tokens must carry' },
  ASSAY_TOKEN_MAX_AGE: {
    schema: duration('1s', '365d'),
    default: '24h',
    description: 'how far ahead the `exp` of a user token may be',
  },
  ASSAY_SIGNING_SECRET: {
    schema: secret(),
    unset: 'derived from JWT_SECRET',
    secret: true,
    description: 'signs file and share URLs, 32 bytes or more',
  },
  ASSAY_PUBLIC_URL: {
    schema: baseUrl('https://assay.example.com'),
    unset: 'http://HOST:PORT',
    description: 'where clients reach the API',
  },
  ASSAY_ORIGINS: {
    schema: origins(),
    unset: 'same origin (localhost too in development)',
    description: 'origins of web pages that may call the API, besides its own',
  },
  ASSAY_TRUST_PROXY: {
    schema: integer(0, 16),
    default: '0',
    description: 'proxies in front whose X-Forwarded-* count',
  },
  ASSAY_WORKER_CONCURRENCY: {
    schema: integer(1, 1_000),
    default: String(availableParallelism()),
    unset: 'cores',
    description: 'jobs that one worker runs at once',
  },
  ASSAY_HEARTBEAT_MS: { schema: integer(50, 600_000), default: '2000', description: 'time between proofs of life' },
  ASSAY_LEASE_MS: {
    schema: integer(200, 3_600_000),
    default: '10000',
    description: 'silence after which a job is rescued',
  },
  ASSAY_RESCUE_MS: { schema: integer(50, 600_000), default: '2000', description: 'time between looks for lost jobs' },
  ASSAY_PROGRESS_MS: { schema: integer(10, 60_000), default: '250', description: 'least time between progress writes' },
  ASSAY_STARTING_TOKENS: { schema: integer(0, 1_000_000_000), default: '3', description: 'granted to a new user' },
  ASSAY_KEEP_JOBS: {
    schema: duration('1h', '3650d'),
    unset: 'for ever',
    description: 'how long a finished job is kept, with its result, files and events',
  },
  ASSAY_TIERS: {
    schema: tiers(),
    default: 'standard:0,premium:-10',
    description: 'tier → priority, smaller goes first; users of no tier here are `standard`, 0 where it is not listed',
  },
  ASSAY_STORAGE_URL: {
    schema: storageUrl(),
    unset: '`file:` in the data folder',
    secret: true,
    description: 'where files are kept: file:///folder, or s3://bucket/prefix',
  },
  ASSAY_LLM_URL: {
    schema: baseUrl('https://llm.example.com/v1'),
    secret: true,
    description: 'language model for reports: the base URL of an OpenAI-compatible API',
  },
  ASSAY_LLM_MODEL: { schema: word(200), description: 'its name there' },
  ASSAY_LLM_KEY: { schema: word(4_096), secret: true, description: 'bearer token for it' },
  // Past 300 s the fetch of Node gives up by itself.
  ASSAY_LLM_TIMEOUT: {
    schema: duration('1s', '290s'),
    default: '4m',
    description: 'how long one question to it may take; a report takes one or two',
  },
  ASSAY_METRICS_PORT: {
    schema: integer(0, 65_535),
    unset: 'not served',
    description: 'port on which `assay worker` serves /metrics; an API serves it on its own',
  },
  ASSAY_METRICS_HOST: { schema: host(), default: '127.0.0.1', description: 'address that this port is opened on' },
  ASSAY_PROBES: { schema: choice('on', 'off'), default: 'off', description: 'jobs that misbehave on demand' },
} as const satisfies Record<string, Setting<unknown>>;

type Settings = typeof settings;
type Value<N extends keyof Settings> =
  | z.output<Settings[N]['schema']>
  | (Settings[N] extends { default: string } ? never : undefined);

/** What the fixed variables hold; undefined only where nothing stands in for an unset one. */
export type Values = { readonly [N in keyof Settings]: Value<N> };

const entriesOf = <K extends string, T>(names: readonly K[], setting: (name: K) => [string, Setting<T>]) =>
  Object.fromEntries(names.map(setting)) as Record<string, Setting<T>>;

/** The variables whose names come from a list: limits, kinds, sources. */
export const families: Record<string, Setting<string | number>> = {
  ...entriesOf(KINDS, (kind) => [
    `ASSAY_RUN_LIMIT_${kind}_MS`,
    { schema: integer(1), unset: kinds[kind].runLimit, description: `how long one attempt of a ${kind} job may run` },
  ]),
  ...entriesOf(KINDS, (kind) => [
    `ASSAY_PRICE_${kind}`,
    {
      schema: integer(0, kinds[kind].maxPrice ?? 1_000_000),
      unset: String(kinds[kind].price),
      description: `tokens that a ${kind} job costs`,
    },
  ]),
  ...entriesOf(SYNC_SOURCES, (source) => [
    `ASSAY_SYNC_URL_${source}`,
    {
      schema: baseUrl('https://source.example.com/rows'),
      secret: true,
      description: `upstream ${source}`,
    },
  ]),
  ...entriesOf(SYNC_SOURCES, (source) => [
    `ASSAY_SYNC_TOKEN_${source}`,
    { schema: word(4_096), secret: true, description: `bearer token for the upstream ${source}` },
  ]),
  ...Object.fromEntries(
    LIMITS.map((limit) => [
      limit.variable,
      { schema: integer(limit.min), default: String(limit.default), description: limit.description },
    ]),
  ),
};

/** Every variable that Assay reads, for `--help` and the documentation. `default` is in words where nothing fixed stands in. */
export const VARIABLES: readonly { name: string; default: string; description: string }[] = Object.entries({
  ...settings,
  ...families,
}).map(([name, setting]: [string, Setting<unknown>]) => ({
  name,
  default: setting.unset ?? setting.default ?? 'unset',
  description: setting.description,
}));
