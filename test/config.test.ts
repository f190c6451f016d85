import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, VARIABLES } from '../src/config.ts';
import { JobKind } from '../src/entities/job-status.ts';

const SECRET = 'a secret of more than thirty-two bytes';
const DATABASE_URL = 'postgres://assay:hunter2@db:5432/assay';
const production = { ASSAY_ENV: 'production', DATABASE_URL, JWT_SECRET: SECRET };

/** The error that an environment is refused with. */
function refusal(env: Record<string, string>): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`The environment was accepted: ${JSON.stringify(env)}`);
}

const faultyNames = (env: Record<string, string>) => refusal(env).faults.map(({ variable }) => variable);

describe('the configuration of an empty environment', () => {
  it('has the documented defaults', () => {
    expect(loadConfig({})).toMatchObject({
      env: 'development',
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'http://127.0.0.1:4000',
      origins: ['http://127.0.0.1:4000', 'http://localhost:4000'],
      trustProxy: 0,
      dataDir: path.resolve('.data'),
      databaseUrl: undefined,
      databaseDirectUrl: undefined,
      jwt: { secret: undefined, jwksUrl: undefined, issuer: undefined, audience: undefined, maxAgeSeconds: 86_400 },
      signingSecret: undefined,
      worker: { heartbeatMs: 2_000, leaseMs: 10_000, rescueMs: 2_000, progressMs: 250 },
      prices: {},
      runLimitsMs: {},
      startingTokens: 3,
      syncSources: {},
      storageUrl: undefined,
      probes: false,
    });
    expect(loadConfig({}).worker.concurrency).toBeGreaterThanOrEqual(1);
    expect({ ...loadConfig({}).tiers }).toEqual({ standard: 0, premium: -10 });
  });

  it('has the documented limits', () => {
    expect(loadConfig({}).limits).toEqual({
      socketsPerUser: 10,
      socketsPerAddress: 50,
      subscriptionsPerSocket: 50,
      submitsPerMinute: 600,
      otherMutationsPerMinute: 600,
      sharedReadsPerMinute: 600,
      queuedPerUser: 1_000,
      runningPerUser: 0,
      bodyBytes: 1024 ** 2,
      jsonBytes: 256 * 1024,
      jsonDepth: 32,
      uploadBytes: 50_000_000,
      waitingUploads: 100,
      waitingUploadBytes: 1_000_000_000,
      syncRows: 200_000,
      queryTokens: 1_000,
      queryDepth: 8,
      queryAliases: 15,
      queryDirectives: 10,
      rootMutations: 5,
      queryCost: 1_000,
      pageSize: 100,
      messageBytes: 64 * 1024,
      messagesPerSecond: 20,
      messagesBurst: 60,
      queueEvents: 256,
      bufferedBytes: 1024 ** 2,
      tokenBytes: 8 * 1024,
      executionMs: 10_000,
      statementMs: 5_000,
      lockMs: 2_000,
    });
  });

  it('is that of an environment of empty strings', () => {
    expect(loadConfig(Object.fromEntries(VARIABLES.map(({ name }) => [name, ' '])))).toEqual(loadConfig({}));
  });
});

describe('loadConfig', () => {
  it('reads what is set', () => {
    const config = loadConfig({
      ...production,
      DATABASE_DIRECT_URL: 'postgresql://direct/assay',
      HOST: '::',
      PORT: '8080',
      ASSAY_TOKEN_MAX_AGE: '90m',
      ASSAY_TRUST_PROXY: '2',
      ASSAY_ORIGINS: 'https://a.example, http://b.example:81/',
      ASSAY_PUBLIC_URL: 'https://assay.example/base/',
      ASSAY_TIERS: 'free:5, gold:-7',
      ASSAY_RUN_LIMIT_ASSESSMENT_MS: '1500',
      ASSAY_PRICE_COMPRESS: '0',
      ASSAY_SYNC_URL_SKK: 'https://skk.example/rows',
      ASSAY_SYNC_TOKEN_SKK: 'upstream',
      ASSAY_SYNC_URL_PENSIUN: 'http://pensiun.example',
      ASSAY_LIMIT_SOCKETS_PER_USER: '7',
      ASSAY_WORKER_CONCURRENCY: '3',
    });
    expect(config).toMatchObject({
      env: 'production',
      port: 8080,
      databaseUrl: DATABASE_URL,
      databaseDirectUrl: 'postgresql://direct/assay',
      publicUrl: 'https://assay.example/base',
      origins: ['https://assay.example', 'https://a.example', 'http://b.example:81'],
      trustProxy: 2,
      jwt: { secret: SECRET, maxAgeSeconds: 5_400 },
      prices: { COMPRESS: 0 },
      runLimitsMs: { ASSESSMENT: 1_500 },
      syncSources: {
        SKK: { url: 'https://skk.example/rows', token: 'upstream' },
        PENSIUN: { url: 'http://pensiun.example' },
      },
      limits: { socketsPerUser: 7, socketsPerAddress: 50 },
      worker: { concurrency: 3 },
    });
    expect({ ...config.tiers }).toEqual({ free: 5, gold: -7 });
  });

  it.each([
    ['30s', 30],
    ['15m', 900],
    ['24h', 86_400],
    ['24 h', 86_400],
    ['7d', 604_800],
    ['1500ms', 1],
  ])('reads the duration %s', (text, seconds) => {
    expect(loadConfig({ ASSAY_TOKEN_MAX_AGE: text }).jwt.maxAgeSeconds).toBe(seconds);
  });

  it('takes defaults for what the environment leaves unset, and only for that', () => {
    const defaults = { JWT_SECRET: SECRET, PORT: '1' };
    expect(loadConfig({ PORT: '2', JWT_SECRET: '' }, defaults)).toMatchObject({ port: 2, jwt: { secret: SECRET } });
  });

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:4000'],
    ['::', 'http://[::1]:4000'],
    ['fe80::1', 'http://[fe80::1]:4000'],
    ['assay.example', 'http://assay.example:4000'],
  ])('tells clients of HOST=%s to call %s', (HOST, publicUrl) => {
    expect(loadConfig({ HOST }).publicUrl).toBe(publicUrl);
  });

  it('takes a secret to the byte and everything else without blanks around it', () => {
    const JWT_SECRET = ` ${SECRET}\n`;
    expect(loadConfig({ JWT_SECRET, PORT: ' 1 ', JWT_ISSUER: ' i ' })).toMatchObject({
      port: 1,
      jwt: { secret: JWT_SECRET, issuer: 'i' },
    });
  });

  it('finds no tier that was not configured, whatever a token calls it', () => {
    expect(loadConfig({}).tiers.constructor).toBeUndefined();
  });
});

describe('a wrong environment', () => {
  it.each([
    ['PORT', 'abc'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '0x10'],
    ['PORT', '1e3'],
    ['HOST', 'http://127.0.0.1'],
    ['HOST', 'fe80::1%eth0'],
    ['HOST', 'two words'],
    ['ASSAY_ENV', 'prod'],
    ['ASSAY_PROBES', 'yes'],
    ['ASSAY_TRUST_PROXY', 'true'],
    ['ASSAY_TOKEN_MAX_AGE', '3600'],
    ['ASSAY_TOKEN_MAX_AGE', '0s'],
    ['ASSAY_TOKEN_MAX_AGE', '1.5h'],
    ['ASSAY_ORIGINS', 'https://a.example/path'],
    ['ASSAY_ORIGINS', '*'],
    ['ASSAY_ORIGINS', 'https://a.example,,'],
    ['ASSAY_PUBLIC_URL', 'assay.example'],
    ['ASSAY_PUBLIC_URL', 'https://user:password@assay.example'],
    ['ASSAY_PUBLIC_URL', 'https://assay.example?a=1'],
    ['ASSAY_TIERS', 'standard'],
    ['ASSAY_TIERS', 'standard:1.5'],
    ['ASSAY_TIERS', 'standard:0,standard:1'],
    ['ASSAY_TIERS', 'Standard:0'],
    ['ASSAY_TIERS', 'standard:1001'],
    ['ASSAY_WORKER_CONCURRENCY', '0'],
    ['ASSAY_HEARTBEAT_MS', '0'],
    ['ASSAY_STARTING_TOKENS', '-1'],
    ['ASSAY_PRICE_ASSESSMENT', '-1'],
    ['ASSAY_PRICE_SYNC', '1'],
    ['ASSAY_RUN_LIMIT_SYNC_MS', '0'],
    ['ASSAY_LIMIT_QUERY_DEPTH', '0'],
    ['ASSAY_LIMIT_BODY_BYTES', '1MB'],
    ['DATABASE_URL', 'mysql://host/database'],
    ['DATABASE_URL', 'host/database'],
    ['DATABASE_URL', 'postgres://assay:100%@host/database'],
    ['JWT_SECRET', 'x'.repeat(31)],
    ['ASSAY_SIGNING_SECRET', 'short'],
    ['JWT_JWKS_URL', 'file:///etc/passwd'],
    ['ASSAY_STORAGE_URL', 'ftp://host'],
    ['ASSAY_STORAGE_URL', 'file:'],
    ['ASSAY_STORAGE_URL', 'file:///'],
    ['ASSAY_STORAGE_URL', 'file://host/folder'],
    ['ASSAY_STORAGE_URL', 's3:///prefix'],
    ['ASSAY_STORAGE_URL', 's3://key@bucket/prefix'],
    ['ASSAY_STORAGE_URL', 's3://bucket?endpoint=minio'],
    ['ASSAY_STORAGE_URL', 's3://bucket?endpiont=http://minio'],
    ['ASSAY_SYNC_URL_SKK', 'ftp://host'],
  ])('is refused for %s=%s', (variable, value) => {
    expect(faultyNames({ [variable]: value })).toEqual([variable]);
  });

  it('is refused with every fault at once, each by name and with what is allowed', () => {
    const error = refusal({ PORT: 'abc', ASSAY_TIERS: 'x', JWT_SECRET: 'short', ASSAY_LEASE_MSS: '1' });
    expect(error.message.split('\n')).toEqual([
      'The environment is wrong in 4 places:',
      '  ASSAY_LEASE_MSS is not a variable of Assay; did you mean ASSAY_LEASE_MS?',
      '  PORT must be a whole number from 0 to 65535, not "abc".',
      expect.stringMatching(/^ {2}JWT_SECRET must be at least 32 bytes long/),
      expect.stringMatching(/^ {2}ASSAY_TIERS must be name:number pairs/),
    ]);
  });

  it('is refused in one line for one fault', () => {
    expect(refusal({ PORT: 'abc' }).message).toBe('PORT must be a whole number from 0 to 65535, not "abc".');
  });

  it.each([
    ['ASSAY_LEASE_MSS', 'ASSAY_LEASE_MS'],
    ['ASSAY_DATADIR', 'ASSAY_DATA_DIR'],
    ['ASSAY_LIMIT_QUERY_TOKEN', 'ASSAY_LIMIT_QUERY_TOKENS'],
    ['ASSAY_PORT', 'PORT'],
    ['JWT_ISUER', 'JWT_ISSUER'],
    ['JWT_AUDIANCE', 'JWT_AUDIENCE'],
  ])('with the unknown variable %s gets the suggestion %s', (wrong, right) => {
    expect(refusal({ [wrong]: '1' }).message).toBe(`${wrong} is not a variable of Assay; did you mean ${right}?`);
  });

  it('with an unknown variable that is like none gets no suggestion', () => {
    expect(refusal({ ASSAY_BANANA: '1' }).message).toBe('ASSAY_BANANA is not a variable of Assay.');
  });

  it('may hold what others call by a like name', () => {
    const others = { JWT_EXPIRES_IN: '1h', JWT_ALGORITHM: 'HS256', JWT_PRIVATE_KEY: 'x', JWT_SECRET_2: 'x' };
    expect(loadConfig(others)).toEqual(loadConfig({}));
  });

  it('may hold the variable of the tests, and what Kubernetes puts there for a service of this name', () => {
    const env = {
      ASSAY_TEST_DATABASE_URL: DATABASE_URL,
      ASSAY_SERVICE_HOST: '10.0.0.1',
      ASSAY_SERVICE_PORT: '4000',
      ASSAY_SERVICE_PORT_HTTP: '4000',
      ASSAY_PORT: 'tcp://10.0.0.1:4000',
      ASSAY_PORT_4000_TCP: 'tcp://10.0.0.1:4000',
      ASSAY_PORT_4000_TCP_PROTO: 'tcp',
      ASSAY_PORT_4000_TCP_PORT: '4000',
      ASSAY_PORT_4000_TCP_ADDR: '10.0.0.1',
    };
    expect(loadConfig(env)).toEqual(loadConfig({}));
  });

  it('never shows a secret, however it is wrong', () => {
    const secrets = VARIABLES.map(({ name }) => name).filter((name) => /SECRET|_URL|SYNC_TOKEN|_KEY/.test(name));
    const shown = secrets.filter((name) => name !== 'ASSAY_PUBLIC_URL');
    fc.assert(
      fc.property(fc.constantFrom(...shown), fc.stringMatching(/^[!-~]{1,20}$/), (name, text) => {
        const value = `Qz9${text}`;
        try {
          loadConfig({ [name]: value, PORT: 'abc' });
        } catch (error) {
          expect(String(error)).not.toContain(value);
        }
      }),
    );
  });

  it('is refused or read, whatever a variable holds, and a fault names that variable', () => {
    const names = VARIABLES.map(({ name }) => name);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, value) => {
        try {
          loadConfig({ [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).faults.map(({ variable }) => variable)).toContain(
            name === 'ASSAY_HEARTBEAT_MS' && /^\d+$/.test(value.trim()) ? 'ASSAY_LEASE_MS' : name,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('rules between variables', () => {
  it.each([
    [{ ASSAY_ENV: 'production', JWT_SECRET: SECRET }, ['DATABASE_URL']],
    [{ ASSAY_ENV: 'production', DATABASE_URL }, ['JWT_SECRET']],
    [{ ASSAY_ENV: 'production' }, ['DATABASE_URL', 'JWT_SECRET']],
    [{ ASSAY_ENV: 'production', DATABASE_URL, JWT_JWKS_URL: 'https://id.example' }, ['ASSAY_SIGNING_SECRET']],
    [{ ...production, ASSAY_PROBES: 'on' }, ['ASSAY_PROBES']],
    [{ DATABASE_DIRECT_URL: DATABASE_URL }, ['DATABASE_DIRECT_URL']],
    [{ ASSAY_HEARTBEAT_MS: '5000' }, ['ASSAY_LEASE_MS']],
    [{ ASSAY_LEASE_MS: '4000' }, ['ASSAY_LEASE_MS']],
    [{ ASSAY_SYNC_TOKEN_SKK: 'upstream' }, ['ASSAY_SYNC_TOKEN_SKK']],
    [{ ASSAY_SYNC_URL_SKK: 'http://skk.example', ASSAY_SYNC_TOKEN_SKK: 'two lines\nlong' }, ['ASSAY_SYNC_TOKEN_SKK']],
    [{ ASSAY_LLM_URL: 'http://llm.example/v1' }, ['ASSAY_LLM_MODEL']],
    [{ ASSAY_LLM_MODEL: 'm' }, ['ASSAY_LLM_MODEL']],
    [{ ASSAY_LLM_KEY: 'k' }, ['ASSAY_LLM_KEY']],
    [{ ASSAY_LLM_TIMEOUT: '1m' }, ['ASSAY_LLM_TIMEOUT']],
  ])('refuse %j', (env, names) => {
    expect(faultyNames(env)).toEqual(names);
  });

  it.each([
    [production],
    [{ ASSAY_ENV: 'production', DATABASE_URL, JWT_JWKS_URL: 'https://id.example', ASSAY_SIGNING_SECRET: SECRET }],
    [{ ...production, JWT_JWKS_URL: 'https://id.example' }],
    [{ ASSAY_PROBES: 'on' }],
    [{ ASSAY_LEASE_MS: '4001' }],
    [{ ASSAY_HEARTBEAT_MS: '5000', ASSAY_LEASE_MS: '10001' }],
  ])('accept %j', (env) => {
    expect(() => loadConfig(env)).not.toThrow();
  });

  it('know a language model only where it has an address and a name', () => {
    const named = { ASSAY_LLM_URL: 'https://llm.example/v1/', ASSAY_LLM_MODEL: 'vendor/model:8b' };
    const model = { url: 'https://llm.example/v1', model: 'vendor/model:8b', key: undefined, timeoutMs: 240_000 };
    expect(loadConfig({}).languageModel).toBeUndefined();
    expect(loadConfig(named).languageModel).toEqual(model);
    const all = { ...named, ASSAY_LLM_KEY: 'k', ASSAY_LLM_TIMEOUT: '90s' };
    expect(loadConfig(all).languageModel).toEqual({ ...model, key: 'k', timeoutMs: 90_000 });
    for (const faulty of [
      { ASSAY_LLM_URL: 'https://user:hunter2@llm.example/v1' },
      { ASSAY_LLM_URL: 'file:///v1' },
      { ASSAY_LLM_MODEL: 'two words' },
      { ASSAY_LLM_KEY: 'hunter2\nhunter2' },
      { ASSAY_LLM_TIMEOUT: '5m' },
    ]) {
      expect(faultyNames({ ...all, ...faulty })).toEqual(Object.keys(faulty));
      expect(refusal({ ...all, ...faulty }).message).not.toContain('hunter2');
    }
  });

  it('blame a wrong variable once, and no other for it', () => {
    expect(faultyNames({ ASSAY_ENV: 'production', DATABASE_URL: 'x', JWT_JWKS_URL: 'x' })).toEqual([
      'DATABASE_URL',
      'JWT_JWKS_URL',
      'ASSAY_SIGNING_SECRET',
    ]);
    expect(faultyNames({ ASSAY_HEARTBEAT_MS: 'x', ASSAY_LEASE_MS: '300' })).toEqual(['ASSAY_HEARTBEAT_MS']);
  });
});

describe('VARIABLES', () => {
  it('lists each variable once, with its default and a description', () => {
    const names = VARIABLES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, default: value, description } of VARIABLES) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(value).not.toBe('');
      expect(description).not.toBe('');
    }
  });

  it('has a run limit and a price for every kind', () => {
    const names = VARIABLES.map(({ name }) => name);
    for (const kind of Object.values(JobKind)) {
      expect(names).toContain(`ASSAY_RUN_LIMIT_${kind}_MS`);
      expect(names).toContain(`ASSAY_PRICE_${kind}`);
    }
  });
});
