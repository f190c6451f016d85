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
  /** Hears of each statement that failed, and of each connection that could not be had. It must not throw. */
  onError?: (error: unknown) => void;
}

/**
 * Connects MikroORM to PostgreSQL. Every pool has limits of time: a half-open link would otherwise hang its caller for ever.
 * @throws when the database cannot be reached
 */
export async function createOrm(options: OrmOptions): Promise<MikroORM> {
  const {
    url,
    name = 'assay',
    poolSize = 10,
    statementMs = 5_000,
    lockMs = 2_000,
    onError = () => undefined,
  } = options;
  const answerMs = options.answerMs ?? (statementMs === 0 ? undefined : statementMs + 1_000);
  const settings: Options = {
    clientUrl: url,
    entities: [
      ...[AccountSchema, FileSchema, JobSchema, JobEventSchema, LedgerEntrySchema, ResultSchema, SyncRecordSchema],
    ],
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      onPoolCreated: (pool: Pool) => watch(pool, onError),
      application_name: name,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
      query_timeout: answerMs,
      options: `-c statement_timeout=${statementMs} -c lock_timeout=${lockMs} -c idle_in_transaction_session_timeout=10000`,
    },
  };
  const orm = await MikroORM.init(settings);
  await orm.em.getConnection().execute('select 1');
  return orm;
}

/** Sees to it that no connection is lost, and that errors are heard of. */
function watch(pool: Pool, onError: (error: unknown) => void): void {
  giveBackBroken(pool, onError);
  pool.on('connect', (client) => watchAnswers(client, onError));
}

/**
 * Gives a connection that broke in somebody's hands back to its pool. kysely 0.29 releases the connection of a transaction
 * after its commit or rollback, and on a broken one neither gets that far: each transaction that was cut would cost the
 * pool one connection for good, until nobody gets one any more.
 *
 * A connection that did not answer in time counts as broken too: its answer could still come, to the next question.
 */
function giveBackBroken(pool: Pool, onError: (error: unknown) => void): void {
  const connect = pool.connect.bind(pool);
  const connectWatched = async (): Promise<PoolClient> => {
    const client = await connect().catch((error: unknown) => {
      onError(error);
      throw error;
    });
    const giveBack = client.release.bind(client);
    const onEnd = () => client.release(true);
    client.release = (destroy) => {
      client.off('end', onEnd);
      client.release = () => undefined;
      giveBack(destroy);
    };
    client.once('end', onEnd);
    return client;
  };
  // The pool's own queries ask with a callback, and release whatever happens.
  pool.connect = ((callback?: Parameters<typeof connect>[0]) =>
    callback ? connect(callback) : connectWatched()) as Pool['connect'];
}

function watchAnswers(client: PoolClient, onError: (error: unknown) => void): void {
  const watched = (...args: unknown[]) => {
    const answer: unknown = Reflect.apply(Object.getPrototypeOf(client).query, client, args);
    if (answer instanceof Promise) {
      answer.catch((error: Error) => {
        onError(error);
        if (error.message === 'Query read timeout') void client.release?.(true);
      });
    }
    return answer;
  };
  client.query = watched as PoolClient['query'];
}
