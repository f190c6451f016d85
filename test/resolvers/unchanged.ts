import type pg from 'pg';
import { expect } from 'vitest';
import { readAllRows } from '../lifecycle/rows.ts';

/** Runs something, and holds that no row of any table, ours or the queue's, was written. */
export async function leavesNothing(pool: pg.Pool, act: () => Promise<void>): Promise<void> {
  const before = await readAllRows(pool);
  await act();
  expect(await readAllRows(pool)).toEqual(before);
}
