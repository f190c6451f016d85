import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Kysely, sql } from 'kysely';
import { eraseAll } from './remove.ts';
import { transact } from './transact.ts';

/** Jobs that one transaction takes up. */
const JOBS = 100;

export interface Erasure {
  /** How long the log still says whose the removed jobs were, in milliseconds. */
  graceMs: number;
  /** Called after each commit that removed jobs or uploads. */
  onRemoved: (jobIds: string[]) => void;
}

/** What was removed of a user, and what was kept under nobody's name. */
export interface ErasedUser {
  jobs: number;
  /** Uploads that no job had taken. */
  uploads: number;
  /** Of the ledger. */
  entries: number;
  /** The last words of his jobs, those that he had deleted before among them. */
  events: number;
}

/**
 * Removes all that is a user's, jobs in any status as a forced deletion does it, and gives his ledger to a new account of
 * nobody. What he submits meanwhile goes as well; whoever is held up by the very last step finds that there is no account,
 * and opens one, as a user who was never seen. Broken off, it can be done again: that finds what is left.
 */
export async function eraseUser(em: EntityManager, userId: string, erasure: Erasure): Promise<ErasedUser> {
  let [jobs, uploads] = [0, 0];
  for (let isFirst = true; ; isFirst = false) {
    const removed = await removeWork(em, userId, erasure.onRemoved);
    jobs += removed.jobs;
    uploads += removed.uploads;
    if (isFirst && removed.jobs > 0) await delay(erasure.graceMs);
    const kept = await anonymise(em.fork(), userId);
    if (kept) return { jobs, uploads, ...kept };
    // Work of his came in between. It has no time of grace, or who submits all the time could not be erased.
  }
}

async function removeWork(em: EntityManager, userId: string, onRemoved: Erasure['onRemoved']) {
  const { numAffectedRows } = await sql`
    delete from files where user_id = ${userId} and job_id is null`.execute(em.fork().getKysely());
  const uploads = Number(numAffectedRows ?? 0n);
  if (uploads > 0) onRemoved([]);
  let jobs = 0;
  for (;;) {
    const { rows } = await sql<{ id: string }>`
      select id from analysis_jobs where user_id = ${userId} order by id limit ${JOBS}`.execute(em.fork().getKysely());
    if (rows.length === 0) return { jobs, uploads };
    const removed = await eraseAll(em.fork(), sql`j.id = any(${rows.map(({ id }) => id)}::uuid[])`);
    jobs += removed.length;
    onRemoved(removed.map(({ id }) => id));
  }
}

/**
 * Puts a random id in the place of the user's, wherever it is left, and takes away what others wrote about him: the reasons
 * of his entries, and the keys of the grants to him, which would lead from him to these.
 *
 * The account is locked first. So nothing of his can come in once there is nothing.
 * @returns null where something has come in before; nothing is changed then
 */
async function anonymise(em: EntityManager, userId: string): Promise<Pick<ErasedUser, 'entries' | 'events'> | null> {
  return await transact(em, async (transaction) => {
    const db = transaction.getKysely();
    await sql`select set_config('assay.mover', 'erase', true)`.execute(db);
    await sql`select from accounts where user_id = ${userId} for update`.execute(db);
    if (await hasWork(db, userId)) return null;
    await sql`delete from rate_limits where key like '%:' || ${userId}::text`.execute(db);
    const { rows } = await sql<{ nobody: string }>`
      insert into accounts (user_id, balance) select gen_random_uuid(), balance from accounts where user_id = ${userId}
      returning user_id as nobody`.execute(db);
    const [account] = rows;
    if (!account) return { entries: 0, events: 0 };

    await sql`
      delete from idempotency_keys k using ledger_entries l where l.id = k.entry_id and l.user_id = ${userId}`.execute(
      db,
    );
    const entries = await sql`
      update ledger_entries set user_id = ${account.nobody}, reason = null where user_id = ${userId}`.execute(db);
    const events = await sql`
      update job_events set user_id = ${account.nobody}, assessment_name = 'Deleted', error_message = null,
        progress = jsonb_build_object('percent', progress -> 'percent')
      where user_id = ${userId}`.execute(db);
    await sql`delete from accounts where user_id = ${userId}`.execute(db);
    return { entries: Number(entries.numAffectedRows), events: Number(events.numAffectedRows) };
  });
}

async function hasWork(db: Pick<Kysely<unknown>, 'getExecutor'>, userId: string): Promise<boolean> {
  const { rows } = await sql<{ has_work: boolean }>`
    select exists (select from analysis_jobs where user_id = ${userId})
      or exists (select from files where user_id = ${userId}) as has_work`.execute(db);
  return rows[0]?.has_work === true;
}
