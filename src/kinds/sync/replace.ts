import type { CompletingJob, Execute } from '../kind.ts';
import { sourceError } from './failures.ts';
import type { SyncInput, SyncOutput } from './shapes.ts';

/** Rows that one statement moves: so many take a fraction of a second, and none runs into the limit of a connection. */
const BATCH = 20_000;

/**
 * Puts what the attempt has staged in the place of the source's old records. Readers see the old ones until the job is
 * COMPLETED, and the new ones from then on.
 * @throws KindError where rows are missing that were staged, so that the old records stay
 */
export async function replaceRecords(
  execute: Execute,
  { id, leaseToken, input: { source }, output: { records } }: CompletingJob<SyncInput, SyncOutput>,
): Promise<void> {
  await execute(`set local statement_timeout = '60s'`);
  await execute('delete from sync_records where source = $1', [source]);
  let moved = 0;
  let last = '';
  for (;;) {
    const [batch] = await execute<{ count: number; last: string | null }>(
      `with moved as (
         insert into sync_records (source, id, data, words)
         select $1, id, data, words from sync_staging
         where job_id = $2 and lease_token = $3 and id > $4 order by id limit $5
         returning id
       )
       select count(*)::int as count, max(id) as last from moved`,
      [source, id, leaseToken, last, BATCH],
    );
    moved += batch?.count ?? 0;
    if (!batch || batch.last === null || batch.count < BATCH) break;
    last = batch.last;
  }
  if (moved !== records) throw sourceError(`${records} rows were gathered and ${moved} are there`, { isPassing: true });
  await execute('delete from sync_staging where job_id = $1 and lease_token = $2', [id, leaseToken]);
}
