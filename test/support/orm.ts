import type { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import { createOrm, type OrmOptions } from '../../src/orm.ts';

/** As long as a machine may stand still that does many things at once; a deadlock is still found after a second. */
const PATIENT = { statementMs: 60_000, lockMs: 30_000 };
const CONNECT_MS = 30_000;

/**
 * An ORM for tests in which somebody waits for a lock, or many for a connection: the limits of an installation are for those
 * who are waited for by users, and a test that stands still for two seconds with the lock in its hand would meet them.
 */
export async function createPatientOrm(options: OrmOptions): Promise<MikroORM> {
  const orm = await createOrm({ ...PATIENT, ...options });
  await waitForConnections(orm);
  return orm;
}

/** Lets whoever needs a connection wait for it longer than the three seconds of an installation. */
export async function waitForConnections(orm: MikroORM): Promise<void> {
  const pool: pg.Pool = await orm.em.getConnection().getNativeClient();
  pool.options.connectionTimeoutMillis = CONNECT_MS;
}
