import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { File } from '../entities/file.ts';
import { FilesLost } from './errors.ts';
import { openBalance } from './ledger.ts';
import { interval } from './move.ts';
import { transact } from './transact.ts';

/** An upload as its user announces it; the bytes come later. */
export interface Announcement {
  userId: string;
  name: string;
  contentType: string;
  /** Bytes. */
  size: number;
  /** In hexadecimal, small letters. */
  sha256: string | null;
}

/** What one user's uploads come to that no job has taken, whether their bytes have come or not. */
export interface WaitingUploads {
  uploads: number;
  /** As announced. */
  bytes: number;
}

export type AnnounceOutcome =
  | { outcome: 'ANNOUNCED'; file: File }
  /** Too many are waiting. The first of them is given up after these seconds. */
  | { outcome: 'UPLOADS_WAITING'; retryAfterSeconds: number };

/** How long an upload waits for a job to take it. */
export const UPLOAD_WAITS_MS = 24 * 3_600_000;

/** A file that a handler wrote: its bytes are stored, its row comes with the job's answer. */
export interface OutputFile {
  name: string;
  contentType: string;
  size: number;
  sha256: string;
  storedAs: string;
}

/** Names of bytes that one removal takes up. */
const BATCH = 100;

/**
 * Writes an upload down, unless the user's uploads that no job has taken would come to more than `most`.
 *
 * The account is locked first. So a user's announcements come one after the other, and each counts those before it.
 */
export async function announceUpload(
  em: EntityManager,
  upload: Announcement,
  { most, startingTokens }: { most: WaitingUploads; startingTokens: number },
): Promise<AnnounceOutcome> {
  return await transact(em, async (transaction) => {
    await openBalance(transaction, upload.userId, startingTokens);
    const { rows } = await sql<Record<string, unknown>>`
      insert into files (user_id, role, name, content_type, size, sha256)
      select ${upload.userId}, 'INPUT', ${upload.name}, ${upload.contentType}, ${upload.size}::int, ${upload.sha256}
      from (
        select count(*) as uploads, coalesce(sum(size), 0) as bytes from files
        where user_id = ${upload.userId} and job_id is null
      ) waiting
      where uploads < ${most.uploads} and bytes + ${upload.size}::int <= ${most.bytes}::bigint
      returning *`.execute(transaction.getKysely());
    const [row] = rows;
    if (row) return { outcome: 'ANNOUNCED', file: em.map(File, row) };
    return { outcome: 'UPLOADS_WAITING', retryAfterSeconds: await readWait(transaction, upload.userId) };
  });
}

/** Whole seconds until the first of a user's waiting uploads is given up. */
async function readWait(em: EntityManager, userId: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select greatest(1, ceil(extract(epoch from min(created_at) + ${interval(UPLOAD_WAITS_MS)} - now())))::int as seconds
    from files where user_id = ${userId} and job_id is null`.execute(em.getKysely());
  return rows[0]?.seconds ?? 1;
}

/** A file by its id, whoever's it is: the caller has shown a signature over that id. */
export async function findFile(em: EntityManager, fileId: string): Promise<File | null> {
  return await em.findOne(File, { id: fileId });
}

/**
 * Says that bytes are about to be stored under these names. If no row comes to own them within `keepMs`, they are removed:
 * also when whoever stored them is killed on the way.
 */
export async function reserveBytes(em: EntityManager, names: readonly string[], keepMs: number): Promise<void> {
  await sql`
    insert into file_removals (stored_as, due_at)
    select name, now() + ${interval(keepMs)} from unnest(${[...names]}::uuid[]) as name`.execute(em.getKysely());
}

/** Bytes that nobody came to own are due at once. Those that a row owns by now are left alone. */
export async function dropBytes(em: EntityManager, names: readonly string[]): Promise<void> {
  await sql`update file_removals set due_at = now() where stored_as = any(${[...names]}::uuid[])`.execute(
    em.getKysely(),
  );
}

/**
 * Gives an upload its bytes, once.
 * @returns false where it has some already, or is gone, or its bytes were taken for lost: then nothing has changed
 */
export async function storeUpload(
  em: EntityManager,
  fileId: string,
  { storedAs, sha256 }: { storedAs: string; sha256: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    with target as (
      select id from files where id = ${fileId} and stored_as is null for update
    ), claimed as (
      delete from file_removals r using target where r.stored_as = ${storedAs} and r.tries = 0
      returning r.stored_as
    )
    update files f set stored_as = c.stored_as, stored_at = greatest(now(), f.created_at), sha256 = ${sha256}
    from target t, claimed c where f.id = t.id`.execute(em.getKysely());
  return numAffectedRows === 1n;
}

/**
 * Makes what a handler wrote the job's own, in the transaction that completes it.
 * @throws FilesLost where some of the bytes were given up meanwhile
 */
export async function keepOutputs(em: EntityManager, jobId: string, outputs: readonly OutputFile[]): Promise<void> {
  if (outputs.length === 0) return;
  const { numAffectedRows } = await sql`
    with written as (
      select * from jsonb_to_recordset(${JSON.stringify(outputs)}::jsonb)
        as o (name text, "contentType" text, size int, sha256 text, "storedAs" uuid)
    ), claimed as (
      delete from file_removals r using written w where r.stored_as = w."storedAs" and r.tries = 0
      returning r.stored_as
    )
    insert into files (user_id, job_id, role, name, content_type, size, sha256, stored_as, stored_at)
    select j.user_id, j.id, 'OUTPUT', w.name, w."contentType", w.size, w.sha256, w."storedAs", now()
    from written w join claimed c on c.stored_as = w."storedAs" join analysis_jobs j on j.id = ${jobId}`.execute(
    em.getKysely(),
  );
  if (numAffectedRows !== BigInt(outputs.length)) throw new FilesLost(jobId);
}

/** Takes up what is due, so that others leave it alone for a minute at least, and longer with each time it fails. */
export async function takeDueRemovals(em: EntityManager): Promise<string[]> {
  const { rows } = await sql<{ stored_as: string }>`
    update file_removals r
    set tries = r.tries + 1, due_at = now() + make_interval(mins => least(60, power(2, least(r.tries, 6)))::int)
    where r.stored_as = any(array(
      select stored_as from file_removals where due_at <= now() order by due_at limit ${BATCH} for update skip locked
    ))
    returning r.stored_as`.execute(em.getKysely());
  return rows.map(({ stored_as }) => stored_as);
}

/** Strikes names off whose bytes are gone. */
export async function endRemovals(em: EntityManager, names: readonly string[]): Promise<void> {
  await sql`delete from file_removals where stored_as = any(${[...names]}::uuid[])`.execute(em.getKysely());
}

/** Of these names of stored bytes, the ones that no row knows. */
export async function findUnknownBytes(em: EntityManager, names: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ stored_as: string }>`
    select g.stored_as from unnest(${[...names]}::uuid[]) as g (stored_as)
    where not exists (select from files f where f.stored_as = g.stored_as)
      and not exists (select from file_removals r where r.stored_as = g.stored_as)`.execute(em.getKysely());
  return rows.map(({ stored_as }) => stored_as);
}

/** How many uploads no job took in so long. */
export async function countWaitingUploads(em: EntityManager, olderThanMs: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from files where job_id is null and created_at < now() - ${interval(olderThanMs)}`.execute(
    em.getKysely(),
  );
  return rows[0]?.count ?? 0;
}

/** Removes uploads that no job took in so long. @returns how many */
export async function pruneUploads(em: EntityManager, olderThanMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from files where job_id is null and created_at < now() - ${interval(olderThanMs)}`.execute(em.getKysely());
  return Number(numAffectedRows ?? 0n);
}
