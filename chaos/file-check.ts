import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { openStorage } from '../src/files/storage-url.ts';
import type { Violation } from './findings.ts';
import type { Postgres } from './postgres.ts';

interface Owned {
  id: string;
  job_id: string | null;
  stored_as: string;
  sha256: string;
}

/** Holds the bytes that are kept against the rows that own them, once nothing is active. */
export async function checkFiles({ query }: Pick<Postgres, 'query'>, storageUrl: string): Promise<Violation[]> {
  const storage = await openStorage(storageUrl);
  const namesKept = () => Array.fromAsync(storage.list());
  const before = await namesKept();
  const owned = await query<Owned>('select id, job_id, stored_as, sha256 from files where stored_as is not null');
  const due = await query<{ stored_as: string }>('select stored_as from file_removals');
  // What was being removed meanwhile is in the first list alone.
  const after = new Set(await namesKept());
  const known = new Set([...owned, ...due].map(({ stored_as }) => stored_as));
  const found: Violation[] = before
    .filter((name) => after.has(name) && !known.has(name))
    .map((name) => ({ rule: 'bytes are owned, or known to be removed', detail: name }));
  for (const { id, job_id: jobId, stored_as: storedAs, sha256 } of owned) {
    const hash = createHash('sha256');
    const isWhole = await storage.read(storedAs).then(
      async (bytes) => {
        await pipeline(bytes, hash);
        return hash.digest('hex') === sha256;
      },
      () => false,
    );
    if (isWhole) continue;
    found.push({ rule: 'a file has its bytes, whole', detail: id, ...(jobId !== null && { jobId }) });
  }
  return found;
}
