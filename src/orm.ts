import { MikroORM, type Options } from '@mikro-orm/postgresql';
import { AccountSchema } from './entities/account.ts';
import { JobSchema } from './entities/job.ts';
import { JobEventSchema } from './entities/job-event.ts';
import { LedgerEntrySchema } from './entities/ledger-entry.ts';
import { ResultSchema } from './entities/result.ts';

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
}

/**
 * Connects MikroORM to PostgreSQL. Every pool has limits of time: a half-open link would otherwise hang its caller for ever.
 * @throws when the database cannot be reached
 */
export async function createOrm(options: OrmOptions): Promise<MikroORM> {
  const { url, name = 'assay', poolSize = 10, statementMs = 5_000, lockMs = 2_000 } = options;
  const settings: Options = {
    clientUrl: url,
    entities: [AccountSchema, JobSchema, JobEventSchema, LedgerEntrySchema, ResultSchema],
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      application_name: name,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
      query_timeout: statementMs === 0 ? undefined : statementMs + 1_000,
      options: `-c statement_timeout=${statementMs} -c lock_timeout=${lockMs} -c idle_in_transaction_session_timeout=10000`,
    },
  };
  const orm = await MikroORM.init(settings);
  await orm.em.getConnection().execute('select 1');
  return orm;
}
