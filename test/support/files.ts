import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { Storage } from '../../src/files/storage.ts';
import { openStorage } from '../../src/files/storage-url.ts';

/** A storage in a temporary folder. */
export interface TestStorage {
  storage: Storage;
  url: string;
  /** Where the folder is. */
  folder: string;
  /** The names of everything that is kept. */
  names(): Promise<string[]>;
  put(bytes: Uint8Array): Promise<string>;
  get(storedAs: string): Promise<Buffer>;
}

export function useStorage(): () => TestStorage {
  let made: TestStorage | undefined;
  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'assay-files-'));
    made = await testStorage(pathToFileURL(folder).href, folder);
  });
  afterAll(async () => {
    await rm(made?.folder ?? '', { recursive: true, force: true });
  });
  return () => {
    if (!made) throw new Error('The storage exists only inside tests and hooks.');
    return made;
  };
}

export async function testStorage(url: string, folder = ''): Promise<TestStorage> {
  const storage = await openStorage(url);
  return {
    ...{ storage, url, folder },
    names: async () => (await Array.fromAsync(storage.list())).sort(),
    async put(bytes) {
      const storedAs = randomUUID();
      await storage.write(storedAs, chunked(bytes));
      return storedAs;
    },
    get: async (storedAs) => await buffer((await storage.read(storedAs)) as Readable),
  };
}

/** Bytes as they come over a wire, some at a time. */
export async function* chunked(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Text that looks like rows and compresses as such, never twice the same. */
export function rowsOfText(bytes: number): Buffer {
  const seed = randomBytes(4_096);
  const rows: string[] = ['date,partnumber,site_code,demand_qty\n'];
  let size = rows[0]!.length;
  for (let row = 0; size < bytes; row += 1) {
    const pick = (at: number) => seed[(row * 7 + at * 131 + (row >> 8)) % seed.length]!;
    const line = `2026-${pick(0) % 12}-${pick(1) % 28},P${pick(2) * pick(3)},S${pick(4) % 9},${(pick(5) * row) % 9_973}\n`;
    rows.push(line);
    size += line.length;
  }
  return Buffer.from(rows.join('')).subarray(0, bytes);
}

export interface FileOptions {
  userId: string;
  /** None for an upload. */
  jobId?: string | null;
  role?: 'INPUT' | 'OUTPUT';
  name?: string;
  contentType?: string;
  /** Null for an upload that is only announced. */
  storedAs?: string | null;
  bytes?: Uint8Array;
  /** Seconds ago. */
  createdAt?: number;
}

/** A row of a file, as it is after its bytes were stored under a name. */
export async function makeFile(pool: pg.Pool, options: FileOptions): Promise<string> {
  const {
    userId,
    jobId = null,
    role = 'INPUT',
    name = 'demand.csv',
    contentType = 'text/csv',
    createdAt = 0,
  } = options;
  const { bytes = Buffer.from('a,b\n1,2\n'), storedAs = randomUUID() } = options;
  const { rows } = await pool.query<{ id: string }>(
    `insert into files (user_id, job_id, role, name, content_type, size, sha256, stored_as, created_at, stored_at)
     select $1, $2, $3, $4, $5, $6, case when $8::uuid is not null then $7 end, $8::uuid, at, case when $8::uuid is not null then at end
     from (select now() - make_interval(secs => $9) as at) clock
     returning id`,
    [userId, jobId, role, name, contentType, bytes.length, sha256Of(bytes), storedAs, createdAt],
  );
  return rows[0]!.id;
}

/** What is still to be removed of the bytes under these names. */
export async function readRemovals(pool: pg.Pool): Promise<{ stored_as: string; is_due: boolean; tries: number }[]> {
  const { rows } = await pool.query(
    'select stored_as, due_at <= now() as is_due, tries from file_removals order by stored_as',
  );
  return rows;
}
