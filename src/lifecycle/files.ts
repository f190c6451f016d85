import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { File } from '../entities/file.ts';
import { FilesLost } from './errors.ts';
import { interval } from './move.ts';

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

export async function announceUpload(em: EntityManager, upload: Announcement): Promise<File> {
  const { rows } = await sql<Record<string, unknown>>`
    insert into files (user_id, role, name, content_type, size, sha256)
    values (${upload.userId}, 'INPUT', ${upload.name}, ${upload.contentType}, ${upload.size}, ${upload.sha256})
    returning *`.execute(em.getKysely());
  return em.map(File, rows[0] ?? {});
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

/** Removes uploads that no job took in so long. @returns how many */
export async function pruneUploads(em: EntityManager, olderThanMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from files where job_id is null and created_at < now() - ${interval(olderThanMs)}`.execute(em.getKysely());
  return Number(numAffectedRows ?? 0n);
}
