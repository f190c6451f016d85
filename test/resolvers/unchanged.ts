import type pg from 'pg';
import { expect } from 'vitest';
import { findBroken } from '../lifecycle/invariants.ts';
import { readAllRows } from '../lifecycle/rows.ts';

/** Runs something, and holds that no row of any table, ours or the queue's, was written. */
export async function leavesNothing(pool: pg.Pool, act: () => Promise<void>): Promise<void> {
  const before = await readAllRows(pool);
  await act();
  expect(await readAllRows(pool)).toEqual(before);
}

/**
 * Runs something, and holds that it wrote nothing but rows of one job, and the account of its owner, and broke no
 * invariant.
 */
export async function touchesOnly(
  pool: pg.Pool,
  { jobId, userId }: { jobId: string; userId: string },
  act: () => Promise<void>,
): Promise<void> {
  const readOthers = async () => {
    const rows = await readAllRows(pool);
    const isOther = (table: string) => (row: Record<string, unknown>) =>
      !JSON.stringify(row).includes(jobId) && !(table === 'accounts' && row.user_id === userId);
    return Object.fromEntries(Object.entries(rows).map(([table, all]) => [table, all.filter(isOther(table))]));
  };
  const before = await readOthers();
  await act();
  expect(await readOthers()).toEqual(before);
  // No worker lives here that could end what it holds.
  expect(await findBroken(pool, { 'held-task-is-running': 'its worker is none' })).toEqual({});
}
