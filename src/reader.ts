import type { EntityManager, MikroORM, Transaction } from '@mikro-orm/postgresql';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Pool } from 'pg';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Makes an entity manager that sees what one user may see, and changes nothing. */
export type ReaderOf = (userId: string) => EntityManager;

/**
 * The second wall around what belongs to a user: the database itself shows his rows and nobody else's, also to a statement
 * that forgot to ask for them.
 *
 * Each read is a read-only transaction of its own, as the role `assay_reader` and for this user. Its three parts go to the
 * database together, so it costs one round trip as before; role and user end with it, also for a pooler between.
 *
 * @throws RangeError, when it is called, for what is no UUID in lower case: it is part of a statement
 */
export async function createReaders(orm: MikroORM): Promise<ReaderOf> {
  const pool: Pool = await orm.em.getConnection().getNativeClient();
  return (userId) => {
    if (!UUID.test(userId)) throw new RangeError('A user is a UUID in lower case.');
    const em = orm.em.fork();
    em.setTransactionContext(new Kysely({ dialect: readerDialect(pool, userId) }) as Transaction);
    return em;
  };
}

const readerDialect = (pool: Pool, userId: string): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new ReaderDriver(pool, userId),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});

class ReaderDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(pool: Pool, userId: string) {
    this.#connection = {
      executeQuery: (query) => readAs(pool, userId, query),
      streamQuery: () => refuse(),
    };
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}
  async beginTransaction(): Promise<never> {
    return refuse();
  }
  async commitTransaction(): Promise<never> {
    return refuse();
  }
  async rollbackTransaction(): Promise<never> {
    return refuse();
  }
  async destroy(): Promise<void> {}
}

async function readAs<Row>(pool: Pool, userId: string, { sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
  const client = await pool.connect();
  try {
    // Where the first part fails, no answer to the second is believed, whoever gave it. One packet holds all three.
    client.connection.stream.cork();
    const parts = [
      client.query(`begin read only; set local role assay_reader; select set_config('assay.user', '${userId}', true)`),
      client.query(sql, [...parameters]),
      client.query('commit'),
    ] as const;
    client.connection.stream.uncork();
    const [begun, read, ended] = await Promise.allSettled(parts);
    for (const part of [begun, read, ended]) if (part.status === 'rejected') throw part.reason;
    return { rows: (read as PromiseFulfilledResult<{ rows: Row[] }>).value.rows };
  } finally {
    client.release();
  }
}

function refuse(): never {
  throw new Error('A reader reads statement by statement: each is a transaction already.');
}
