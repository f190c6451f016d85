import type { EntityManager } from '@mikro-orm/postgresql';
import pRetry from 'p-retry';

/** What PostgreSQL answers a transaction that was in the way of others: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const GAVE_WAY = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock timeout
]);

const AGAIN = { retries: 2, minTimeout: 20, randomize: true } as const;

/**
 * Runs a transaction, and up to twice more where it gave way to others: nothing of it was kept then, and whoever asked
 * has done nothing wrong.
 * @throws what the last try threw
 */
export async function transact<T>(em: EntityManager, act: (transaction: EntityManager) => Promise<T>): Promise<T> {
  return await pRetry(() => em.transactional(act), { ...AGAIN, shouldRetry: ({ error }) => gaveWay(error) });
}

const gaveWay = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && GAVE_WAY.has(error.code);
