import pg from 'pg';
import { vi } from 'vitest';

/** How many statements are sent while something is done. */
export async function statementsWhile(act: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await act();
    return query.mock.calls.length;
  } finally {
    query.mockRestore();
  }
}
