import path from 'node:path';
import { LIMITS, type Limits } from './config/limits.ts';
import { crossFaults, type Fault } from './config/rules.ts';
import { suggestName } from './config/suggestion.ts';
import { hostInUrl, parseDuration } from './config/values.ts';
import { families, KINDS, type Setting, SYNC_SOURCES, settings, VARIABLES, type Values } from './config/variables.ts';
import type { JobKind } from './entities/job-status.ts';
import type { SyncSource } from './entities/sync-source.ts';

export type { Fault, Limits };
export { parseDuration, VARIABLES };

/** All settings of a process, checked once at start. Durations are milliseconds unless the name says otherwise. */
export interface Config {
  readonly env: 'development' | 'production';
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Origins of web pages that may call the API, its own among them. */
  readonly origins: readonly string[];
  /** How many proxies in front of the API are believed. */
  readonly trustProxy: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** Unset: the embedded PostgreSQL in the data folder. */
  readonly databaseUrl?: string;
  /** Past the pooler; unset: `databaseUrl`. */
  readonly databaseDirectUrl?: string;
  readonly jwt: {
    readonly secret?: string;
    readonly jwksUrl?: string;
    readonly issuer?: string;
    readonly audience?: string;
    readonly maxAgeSeconds: number;
  };
  /** Unset: derived from `jwt.secret`. */
  readonly signingSecret?: string;
  /** Where a worker without an API serves its metrics; unset: nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly worker: {
    readonly concurrency: number;
    readonly heartbeatMs: number;
    readonly leaseMs: number;
    readonly rescueMs: number;
    readonly progressMs: number;
  };
  /** Tokens; only the kinds whose own price is overridden. */
  readonly prices: Readonly<Partial<Record<JobKind, number>>>;
  /** Only the kinds whose own limit is overridden. */
  readonly runLimitsMs: Readonly<Partial<Record<JobKind, number>>>;
  readonly startingTokens: number;
  /** How long finished jobs are kept; unset: for ever. */
  readonly keepJobsMs?: number;
  /** Tier name → priority number; the smaller goes first. */
  readonly tiers: Readonly<Record<string, number>>;
  readonly syncSources: Readonly<Partial<Record<SyncSource, { readonly url: string; readonly token?: string }>>>;
  /** `file:` or `s3:`; unset: the data folder. */
  readonly storageUrl?: string;
  readonly probes: boolean;
  /** Unset: the rules alone write reports. `timeoutMs` counts for one question with all that is tried again. */
  readonly languageModel?: {
    readonly url: string;
    readonly model: string;
    readonly key?: string;
    readonly timeoutMs: number;
  };
  readonly limits: Limits;
}

/** The environment is wrong. The message names every faulty variable and says what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ variable, problem }) => `${variable} ${problem}`);
    super(
      lines.length === 1 ? lines[0] : `The environment is wrong in ${lines.length} places:\n  ${lines.join('\n  ')}`,
    );
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every variable.
 * @param defaults stands in for variables that `env` leaves unset, before the built-in defaults do
 * @throws ConfigError naming all faults at once
 */
export function loadConfig(env: Environment = process.env, defaults: Environment = {}): Config {
  const faults: Fault[] = refuseUnknown(env);
  const given = new Set<string>();
  const read = new Map<string, unknown>();
  for (const [name, setting] of Object.entries<Setting<unknown>>({ ...settings, ...families })) {
    const written = env[name]?.trim() ? env[name] : defaults[name];
    if (written) given.add(name);
    const { value, problem } = parseSetting(setting, written);
    if (problem) faults.push({ variable: name, problem });
    else if (value !== undefined) read.set(name, value);
  }
  const values = Object.fromEntries(read) as Partial<Values>;
  faults.push(...crossFaults(values, given));
  if (faults.length > 0) throw new ConfigError(faults);
  return configFrom(values as Values, read);
}

function parseSetting(setting: Setting<unknown>, written: string | undefined): { value?: unknown; problem?: string } {
  const text = written ?? setting.default;
  if (text === undefined) return {};
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return { value: parsed.data };
  const shown = setting.secret ? '' : `, not ${JSON.stringify(text.slice(0, 60))}`;
  return { problem: `${parsed.error.issues[0]?.message}${shown}.` };
}

// A Kubernetes service named "assay" puts variables of this form into every container of its namespace.
const INJECTED = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?$/;
const isInjected = (name: string, value: string) => INJECTED.test(name) || /^(tcp|udp):\/\//.test(value);

/**
 * `JWT_…` is not ours alone, so what is like none of ours is let be, and `JWT_SECRET_OLD` as well. But a slip in `JWT_ISSUER`
 * would let any issuer in.
 */
const isSlip = (name: string, similar: string | undefined) =>
  similar?.startsWith('JWT_') === true && !name.startsWith(`${similar}_`);

function refuseUnknown(env: Environment): Fault[] {
  const known = [...VARIABLES.map(({ name }) => name), 'ASSAY_TEST_DATABASE_URL'];
  return Object.entries(env)
    .filter(([name, value]) => /^(ASSAY|JWT)_/.test(name) && value && !known.includes(name) && !isInjected(name, value))
    .map(([variable]) => ({ variable, similar: suggestName(variable, known) }))
    .filter(({ variable, similar }) => variable.startsWith('ASSAY_') || isSlip(variable, similar))
    .map(({ variable, similar }) => {
      return { variable, problem: `is not a variable of Assay${similar ? `; did you mean ${similar}?` : '.'}` };
    });
}

function configFrom(values: Values, read: ReadonlyMap<string, unknown>): Config {
  const publicUrl = values.ASSAY_PUBLIC_URL ?? `http://${reachableHost(values.HOST)}:${values.PORT}`;
  const env = values.ASSAY_ENV;
  const local = env === 'development' ? [`http://localhost:${values.PORT}`, `http://127.0.0.1:${values.PORT}`] : [];
  return {
    env,
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    origins: [...new Set([new URL(publicUrl).origin, ...(values.ASSAY_ORIGINS ?? []), ...local])],
    trustProxy: values.ASSAY_TRUST_PROXY,
    dataDir: path.resolve(values.ASSAY_DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    databaseDirectUrl: values.DATABASE_DIRECT_URL,
    jwt: {
      secret: values.JWT_SECRET,
      jwksUrl: values.JWT_JWKS_URL,
      issuer: values.JWT_ISSUER,
      audience: values.JWT_AUDIENCE,
      maxAgeSeconds: Math.floor(values.ASSAY_TOKEN_MAX_AGE / 1_000),
    },
    signingSecret: values.ASSAY_SIGNING_SECRET,
    metrics: metricsFrom(values),
    worker: {
      concurrency: values.ASSAY_WORKER_CONCURRENCY,
      heartbeatMs: values.ASSAY_HEARTBEAT_MS,
      leaseMs: values.ASSAY_LEASE_MS,
      rescueMs: values.ASSAY_RESCUE_MS,
      progressMs: values.ASSAY_PROGRESS_MS,
    },
    prices: pick(KINDS, (kind) => read.get(`ASSAY_PRICE_${kind}`) as number | undefined),
    runLimitsMs: pick(KINDS, (kind) => read.get(`ASSAY_RUN_LIMIT_${kind}_MS`) as number | undefined),
    startingTokens: values.ASSAY_STARTING_TOKENS,
    keepJobsMs: values.ASSAY_KEEP_JOBS,
    tiers: values.ASSAY_TIERS,
    syncSources: pick(SYNC_SOURCES, (source) => {
      const url = read.get(`ASSAY_SYNC_URL_${source}`) as string | undefined;
      return url === undefined
        ? undefined
        : { url, token: read.get(`ASSAY_SYNC_TOKEN_${source}`) as string | undefined };
    }),
    storageUrl: values.ASSAY_STORAGE_URL,
    probes: values.ASSAY_PROBES === 'on',
    languageModel: languageModelFrom(values),
    limits: Object.fromEntries(LIMITS.map(({ name, variable }) => [name, read.get(variable)])) as Limits,
  };
}

function metricsFrom({ ASSAY_METRICS_HOST: host, ASSAY_METRICS_PORT: port }: Values): Config['metrics'] {
  return port === undefined ? undefined : { host, port };
}

function languageModelFrom(values: Values): Config['languageModel'] {
  const { ASSAY_LLM_URL: url, ASSAY_LLM_MODEL: model, ASSAY_LLM_KEY: key, ASSAY_LLM_TIMEOUT: timeoutMs } = values;
  return url !== undefined && model !== undefined ? { url, model, key, timeoutMs } : undefined;
}

/** A server may listen on every address, but a client has to name one. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return hostInUrl(host);
}

function pick<K extends string, T>(names: readonly K[], read: (name: K) => T | undefined): Partial<Record<K, T>> {
  const found = names.map((name) => [name, read(name)] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as Partial<Record<K, T>>;
}
