import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MikroORM } from '@mikro-orm/postgresql';
import {
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  graphql,
  parse,
  subscribe,
} from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, vi } from 'vitest';
import { buildSchema } from '../../src/build-schema.ts';
import type { Config } from '../../src/config.ts';
import { type ContextOf, contextFor, termsOf } from '../../src/context.ts';
import { createDoctor } from '../../src/doctor/doctor.ts';
import { type Feed, startFeed } from '../../src/feed/feed.ts';
import { createWakeUps } from '../../src/feed/wake-ups.ts';
import { createLinks, type Links } from '../../src/files/links.ts';
import type { Storage } from '../../src/files/storage.ts';
import { openStorage } from '../../src/files/storage-url.ts';
import { createSweeper } from '../../src/files/sweep.ts';
import { createRates } from '../../src/gate/rates.ts';
import type { ServiceScope } from '../../src/gate/scopes.ts';
import { createShares } from '../../src/gate/shares.ts';
import type { ServiceViewer, UserViewer, Viewer } from '../../src/gate/viewer.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';
import { createReaders } from '../../src/reader.ts';

/** What a user owns when an API of these tests first sees him. */
export const STARTING_TOKENS = 3;

/** Bytes that one upload may have there. */
export const UPLOAD_BYTES = 1_000_000;

/** An error as a client sees it, by its code. */
export interface AnsweredError {
  code: unknown;
  message: string;
  path: GraphQLFormattedError['path'];
  /** The faults of an input, each with its path and its rule. */
  details: unknown;
}

export interface Answer<Data = unknown> {
  data: Data | null;
  errors: AnsweredError[];
}

/** The schema with its resolvers, on a real database and without a transport. */
export interface Api {
  schema: GraphQLSchema;
  orm: MikroORM;
  lifecycle: Lifecycle;
  feed: Feed;
  contextOf: ContextOf;
  storage: Storage;
  links: Links;
  /** Executes an operation; without a viewer as an anonymous caller, who has only what is shared. */
  ask<Data>(viewer: Viewer | null, text: string, variables?: Record<string, unknown>): Promise<Answer<Data>>;
  /** The data of an operation that must not have an error. */
  read<Data>(viewer: Viewer, text: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Subscribes: to a stream of answers, or to the one answer that refuses it. */
  follow(
    viewer: Viewer | null,
    text: string,
    variables?: Record<string, unknown>,
  ): Promise<AsyncGenerator<ExecutionResult> | Answer>;
  stop(): Promise<void>;
}

/** How an installation of these tests differs from the standard. */
export interface ApiOptions {
  /** On, unless said otherwise. */
  probes?: boolean;
  /** Tokens, by kind. */
  prices?: Record<string, number>;
  leaseMs?: number;
  /** How often its workers look for lost jobs, for the doctor. */
  rescueMs?: number;
  /** Sources whose addresses are known; none, unless said otherwise. */
  syncSources?: Config['syncSources'];
  /** Whether there is a language model; no, unless said otherwise. */
  languageModel?: boolean;
  /** What one may ask for in a minute; very much, unless said otherwise. */
  rates?: Partial<typeof ANY_RATE>;
  /** How many jobs of one user may wait; any number, unless said otherwise. */
  queuedPerUser?: number;
  /** Whether its connection to the database has lasted long enough to judge who is dead; yes, unless said otherwise. */
  mayJudge?: boolean;
}

const ANY_RATE = { submitsPerMinute: 100_000, otherMutationsPerMinute: 100_000, sharedReadsPerMinute: 100_000 };

/** Gives a test file the API on its database. The getter works inside tests and hooks. */
export function useApi(database: () => { url: string }, options: ApiOptions = {}): () => Api {
  let api: Api | undefined;
  beforeAll(async () => {
    api = await startApi(database().url, options);
  });
  afterAll(async () => {
    await api?.stop();
  });
  return () => {
    if (!api) throw new Error('The API exists only inside tests and hooks.');
    return api;
  };
}

export const user = (id: string = randomUUID(), tier = 'standard'): UserViewer => ({ kind: 'user', id, tier });

export const service = (...scopes: ServiceScope[]): ServiceViewer => ({
  ...{ kind: 'service', name: 'desk', scopes },
  tokenId: randomUUID(),
});

/** The statements that are sent to our tables from this process while something is done. */
export async function statementsOf(act: () => Promise<unknown>): Promise<string[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await act();
    const texts = query.mock.calls.map(([text]: unknown[]) => String((text as { text?: string }).text ?? text));
    return texts.filter((text) => /\b(analysis_\w+|job_events|accounts|files|ledger_entries)\b/.test(text));
  } finally {
    query.mockRestore();
  }
}

/** What an error is called in the answer, whichever of our parts or graphql-js threw it. */
function answered({ message, path, extensions, originalError }: GraphQLError): AnsweredError {
  const { details } = (originalError ?? {}) as { details?: unknown };
  return { code: extensions.code, message, path, details };
}

function answerOf<Data>({ data, errors = [] }: ExecutionResult): Answer<Data> {
  // As it comes out of a transport.
  return { data: JSON.parse(JSON.stringify(data ?? null)) as Data | null, errors: errors.map(answered) };
}

async function startApi(url: string, options: ApiOptions): Promise<Api> {
  const { probes = true, prices = {}, leaseMs = 10_000, rescueMs = 2_000, mayJudge = true, syncSources = {} } = options;
  const log = createLog({ level: 'error' });
  const orm = await createOrm({ url, name: 'assay-test-api' });
  const wakeUps = createWakeUps({ orm, url, log });
  const lifecycle = createLifecycle({
    ...{ orm, wake: wakeUps.publish, startingTokens: STARTING_TOKENS },
    queuedPerUser: options.queuedPerUser,
  });
  const feed = startFeed({ orm, wakeUps, log });
  const schema = buildSchema();
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-files-'));
  const storage = await openStorage(pathToFileURL(folder).href);
  const sweeper = createSweeper({ storage, removals: lifecycle, log });
  const links = createLinks({ secret: 'a secret of this test', baseUrl: () => 'http://assay.test' });
  const files = { ...sweeper, makeLink: links.make };
  const tiers = { standard: 0, premium: -10 };
  const terms = termsOf({
    prices,
    probes,
    tiers,
    runLimitsMs: {},
    worker: { leaseMs },
    limits: { uploadBytes: UPLOAD_BYTES, waitingUploads: 5, waitingUploadBytes: 2 * UPLOAD_BYTES },
    syncSources,
    ...(options.languageModel && { languageModel: { url: 'http://model.test', model: 'm', timeoutMs: 1 } }),
  });
  const connectionWatch = { look: async () => (mayJudge ? await lifecycle.readTime() : null) };
  const rates = createRates({ orm, limits: { ...ANY_RATE, ...options.rates } });
  const shares = createShares(links, lifecycle, rates);
  const doctor = createDoctor({ url, leaseMs, rescueMs, runLimitsMs: terms.runLimitsMs, log });
  const readerOf = await createReaders(orm);
  const contextOf = contextFor({
    orm,
    readerOf,
    lifecycle,
    feed,
    files,
    rates,
    shares,
    terms,
    connectionWatch,
    doctor,
  });
  const nobody = () => ({ shares, asker: { kind: 'address', address: '192.0.2.1' }, headers: new Map() });
  const contextValueOf = (viewer: Viewer | null) => (viewer ? contextOf(viewer) : nobody());

  const api: Api = {
    ...{ schema, orm, lifecycle, feed, contextOf, storage, links },
    ask: async (viewer, source, variableValues) =>
      answerOf(await graphql({ schema, source, variableValues, contextValue: contextValueOf(viewer) })),
    async read<Data>(viewer: Viewer, text: string, variables?: Record<string, unknown>) {
      const { data, errors } = await api.ask<Data>(viewer, text, variables);
      if (data === null || errors.length > 0) throw new Error(`It was refused: ${JSON.stringify(errors)}`);
      return data;
    },
    async follow(viewer, text, variableValues) {
      const contextValue = contextValueOf(viewer);
      const stream = await subscribe({ schema, document: parse(text), variableValues, contextValue });
      return Symbol.asyncIterator in stream ? stream : answerOf(stream);
    },
    async stop() {
      await doctor.stop();
      await wakeUps.stop();
      await feed.stop();
      await sweeper.stop();
      rates.stop();
      await orm.close();
      await rm(folder, { recursive: true });
    },
  };
  return api;
}
