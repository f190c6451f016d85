import { createHash } from 'node:crypto';
import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { Pool, PoolClient } from 'pg';
import { AccountSchema } from './entities/account.ts';
import { FileSchema } from './entities/file.ts';
import { JobSchema } from './entities/job.ts';
import { JobEventSchema } from './entities/job-event.ts';
import { LedgerEntrySchema } from './entities/ledger-entry.ts';
import { ResultSchema } from './entities/result.ts';
import { SyncRecordSchema } from './entities/sync-record.ts';

export interface OrmOptions {
  /** PostgreSQL connection string. */
  url: string;
  /** Shown in `pg_stat_activity`, so that an operator sees who holds a connection. */
  name?: string;
  /** Connections in the pool. */
  poolSize?: number;
  /** Milliseconds that one statement may take; 0 sets no limit. */
  statementMs?: number;
  /** Milliseconds that a statement may wait for a lock; 0 sets no limit. */
  lockMs?: number;
  /** Milliseconds until a silent link counts as broken; by default a little more than a statement may take. */
  answerMs?: number;
  /** Whether a connection is the same session each time, which behind a pooler it is not; by default it is. */
  keepsStatements?: boolean;
  /** Hears of each statement that failed, and of each connection that could not be had. It must not throw. */
  onError?: (error: unknown) => void;
}

/**
 * Connects MikroORM to PostgreSQL. Every pool has limits of time: a half-open link would otherwise hang its caller for ever.
 *
 * A statement that begins with its name in a comment stays prepared in each session: to plan it anew each time would take
 * about as long as to run it.
 * @throws when the database cannot be reached
 */
export async function createOrm(options: OrmOptions): Promise<MikroORM> {
  const {
    url,
    name = 'assay',
    poolSize = 10,
    statementMs = 5_000,
    lockMs = 2_000,
    keepsStatements = true,
    onError = () => undefined,
  } = options;
  const answerMs = options.answerMs ?? (statementMs === 0 ? undefined : statementMs + 1_000);
  let isClosed = false;
  const settings: Options = {
    clientUrl: url,
    entities: [
      ...[AccountSchema, FileSchema, JobSchema, JobEventSchema, LedgerEntrySchema, ResultSchema, SyncRecordSchema],
    ],
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      // MikroORM opens another pool for whoever asks when it is closed: nobody would ever close that one.
      onPoolCreated: (pool: Pool) => (isClosed ? refuseAll(pool) : watch(pool, { keepsStatements, onError })),
      application_name: name,
      // What is sent together goes together; whoever waits for each answer notices nothing.
      pipeline: true,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
      query_timeout: answerMs,
      options: `-c statement_timeout=${statementMs} -c lock_timeout=${lockMs} -c idle_in_transaction_session_timeout=10000`,
    },
  };
  const orm = await MikroORM.init(settings);
  await orm.em.getConnection().execute('select 1');
  const close = orm.close.bind(orm);
  orm.close = async (force) => {
    isClosed = true;
    await close(force);
  };
  return orm;
}

/** Errors after which a session is of no use: it may only read, and goes on so when others may write again; or what it has prepared is outdated. */
const SPENT = new Set(['25006', '0A000']);
/** Connections that are not to be given out again. */
const spent = new WeakSet<PoolClient>();

interface Watch {
  keepsStatements: boolean;
  onError: (error: unknown) => void;
}

/** Sees to it that no connection is lost, that errors are heard of, and that statements stay prepared. */
function watch(pool: Pool, { keepsStatements, onError }: Watch): void {
  giveBackBroken(pool, onError);
  pool.on('connect', (client) => {
    watchAnswers(client, onError);
    if (keepsStatements) keepStatements(client);
  });
}

/**
 * Gives a connection that broke in somebody's hands back to its pool. kysely 0.29 releases the connection of a transaction
 * after its commit or rollback, and on a broken one neither gets that far: each transaction that was cut would cost the
 * pool one connection for good, until nobody gets one any more.
 *
 * A connection that did not answer in time counts as broken too: its answer could still come, to the next question.
 *
 * Nor does kysely take or release one that was made while its pool began to end, and the pool would wait for it for ever.
 */
function giveBackBroken(pool: Pool, onError: (error: unknown) => void): void {
  const connect = pool.connect.bind(pool);
  const connectWatched = async (): Promise<PoolClient> => {
    const client = await connect().catch((error: unknown) => {
      onError(error);
      throw error;
    });
    if (pool.ending) {
      client.release(true);
      throw closedError();
    }
    const giveBack = client.release.bind(client);
    const onEnd = () => client.release(true);
    client.release = (destroy) => {
      client.off('end', onEnd);
      client.release = () => undefined;
      giveBack(destroy ?? spent.has(client));
    };
    client.once('end', onEnd);
    return client;
  };
  // The pool's own queries ask with a callback, and release whatever happens.
  pool.connect = ((callback?: Parameters<typeof connect>[0]) =>
    callback ? connect(callback) : connectWatched()) as Pool['connect'];
}

const closedError = () => new Error('The connections are being closed.');

function refuseAll(pool: Pool): void {
  pool.connect = ((callback?: (error: Error) => void) =>
    callback ? callback(closedError()) : Promise.reject(closedError())) as Pool['connect'];
}

function watchAnswers(client: PoolClient, onError: (error: unknown) => void): void {
  const watched = (...args: unknown[]) => {
    const answer: unknown = Reflect.apply(Object.getPrototypeOf(client).query, client, args);
    if (answer instanceof Promise) {
      answer.catch((error: Error & { code?: string }) => {
        onError(error);
        if (error.code !== undefined && SPENT.has(error.code)) spent.add(client);
        if (error.message === 'Query read timeout') void client.release?.(true);
      });
    }
    return answer;
  };
  client.query = watched as PoolClient['query'];
}

const NAME = /^\/\* (\w+) \*\//;

/** By their texts. */
const preparedNames = new Map<string, string>();

/** Prepares the statements that begin with a name (`/* start` and so on), once a session. */
function keepStatements(client: PoolClient): void {
  const query = client.query as (...args: unknown[]) => unknown;
  const keeping = (text: unknown, values: unknown, ...rest: unknown[]) => {
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : undefined;
    return name === undefined ? query(text, values, ...rest) : query({ name, text, values }, undefined, ...rest);
  };
  client.query = keeping as PoolClient['query'];
}

/** The hash keeps two versions of Assay from meaning two things by one name. */
function nameOf(text: string): string | undefined {
  const word = NAME.exec(text)?.[1];
  if (word === undefined) return undefined;
  const name = preparedNames.get(text) ?? `${word}_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  preparedNames.set(text, name);
  return name;
}
