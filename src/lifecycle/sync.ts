import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Job } from '../entities/job.ts';
import { JobKind, JobStatus } from '../entities/job-status.ts';
import type { Origin } from '../entities/origin.ts';
import { SYSTEM_USER, type SyncSource } from '../entities/sync-source.ts';
import { end } from './cancel.ts';
import { openBalance } from './ledger.ts';
import { jobOf } from './move.ts';
import { eraseAll } from './remove.ts';
import { insert } from './submit.ts';
import { transact } from './transact.ts';

export interface SyncRequest {
  source: SyncSource;
  /** Whether to begin anew, whatever was done before and whatever is under way. */
  force: boolean;
  /** `service:<name>`. */
  requestedBy: string;
  maxAttempts: number;
  /** Which request asks for it. */
  origin?: Origin;
}

export type SyncOutcome =
  | { outcome: 'STARTED'; job: Job; replaced: Job[] }
  | { outcome: 'ALREADY_RUNNING'; job: Job }
  | { outcome: 'ALREADY_COMPLETED'; job: Job };

/** The newest completed sync of a source that is not deleted. */
export interface LastSync {
  job: Job;
  finishedAt: Date;
  /** Whole minutes since, by the database's clock. */
  minutesAgo: number;
  /** Records that it left. */
  total: number;
}

const REPLACED = 'Replaced by a newer sync';

/**
 * Begins a sync of a source, unless one is under way or was completed. However many ask at once, one begins, and the
 * others are answered with it. A forced request takes the place of the sync that was under way when it asked; where
 * another took it first, that one is the answer.
 */
export async function requestSync(em: EntityManager, request: SyncRequest): Promise<SyncOutcome> {
  const { source, force } = request;
  for (;;) {
    const active = await findActiveSync(em, source);
    if (active && !force) return { outcome: 'ALREADY_RUNNING', job: active };
    const last = force ? null : await findLastSync(em, source);
    if (last) return { outcome: 'ALREADY_COMPLETED', job: last.job };
    const begun = await transact(em, (transaction) => begin(transaction, request, active));
    if (begun) return begun;
    const winner = await findActiveSync(em.fork(), source);
    if (winner) return { outcome: 'ALREADY_RUNNING', job: winner };
    // It ended before it was read: now there is something else to say.
  }
}

/**
 * Cancels and begins in one transaction, so that a source is never left without either. The account of the system is
 * locked first, which nobody else does: one request comes after the other, and none waits for a job that waits for it.
 */
async function begin(em: EntityManager, request: SyncRequest, seen: Job | null): Promise<SyncOutcome | null> {
  const { source, requestedBy, maxAttempts, origin } = request;
  await openBalance(em, SYSTEM_USER, 0);
  const active = await findActiveSync(em, source);
  if (active && active.id !== seen?.id) return null;
  const replaced = active ? await end(em, [active.id], { scope: 'any owner', message: REPLACED }) : [];
  const job = await insert(em, {
    userId: SYSTEM_USER,
    kind: JobKind.SYNC,
    name: `Sync ${source}`,
    testData: { source },
    price: 0,
    maxAttempts,
    tierPriority: 0,
    requestedBy,
    syncSource: source,
    ...(origin && { origin }),
  });
  // A retry can come between. What was cancelled for nothing is taken back with the exception.
  if (!job && replaced.length > 0) throw new Error(`another sync of ${source} began in the place of a cancelled one`);
  return job && { outcome: 'STARTED', job, replaced: replaced.map((moved) => moved.job) };
}

/** The sync of a source that waits or runs. */
export async function findActiveSync(em: EntityManager, source: SyncSource): Promise<Job | null> {
  const { rows } = await sql<Record<string, unknown>>`
    select * from analysis_jobs where sync_source = ${source} and status in ('QUEUED', 'PROCESSING')`.execute(
    em.getKysely(),
  );
  return rows[0] ? jobOf(em, rows[0]) : null;
}

/** The newest completed sync of a source. A deleted one is CANCELLED, so it is none of them. */
export async function findLastSync(em: EntityManager, source: SyncSource): Promise<LastSync | null> {
  const { rows } = await sql<Record<string, unknown> & { minutes_ago: number; total: number }>`
    select j.*, floor(extract(epoch from now() - j.finished_at) / 60)::int as minutes_ago,
      coalesce((s.test_result ->> 'records')::int, 0) as total
    from analysis_jobs j join analysis_results s on s.job_id = j.id
    where j.sync_source = ${source} and j.status = ${JobStatus.COMPLETED}
    order by j.finished_at desc limit 1`.execute(em.getKysely());
  const [row] = rows;
  if (!row) return null;
  const { minutes_ago, total, ...columns } = row;
  const job = jobOf(em, columns);
  return { job, finishedAt: job.finishedAt ?? new Date(0), minutesAgo: Math.max(0, minutes_ago), total };
}

/** Records that a source has now. */
export async function countRecords(em: EntityManager, source: SyncSource): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from sync_records where source = ${source}`.execute(em.getKysely());
  return rows[0]?.count ?? 0;
}

/** Jobs by the status in which they were found, or in which they were removed. */
export type SyncBreakdown = Record<JobStatus, number>;

/** Jobs of a source, or of all of them, that are not deleted. */
const ofSource = (source: SyncSource | null): RawBuilder<unknown> =>
  sql`j.sync_source ${source === null ? sql`is not null` : sql`= ${source}`} and j.deleted_at is null`;

export async function countSyncs(em: EntityManager, source: SyncSource | null): Promise<SyncBreakdown> {
  const { rows } = await sql<{ status: JobStatus; count: number }>`
    select j.status, count(*)::int as count from analysis_jobs j where ${ofSource(source)} group by j.status`.execute(
    em.getKysely(),
  );
  return breakdownOf(rows.map(({ status, count }) => [status, count]));
}

/** Jobs that are removed in one transaction. */
const BATCH = 100;
const MOST_BATCHES = 50;

/** Removes the jobs of a source as a forced deletion does it. The records stay. */
export async function cleanupSync(
  em: EntityManager,
  source: SyncSource | null,
): Promise<{ breakdown: SyncBreakdown; jobIds: string[] }> {
  const removed: { id: string; was: JobStatus }[] = [];
  for (let batches = 0; batches < MOST_BATCHES; batches += 1) {
    const { rows } = await sql<{ id: string }>`
      select j.id from analysis_jobs j where ${ofSource(source)} order by j.id limit ${BATCH}`.execute(em.getKysely());
    if (rows.length === 0) break;
    removed.push(...(await eraseAll(em.fork(), sql`j.id = any(${rows.map(({ id }) => id)}::uuid[])`)));
  }
  return { breakdown: breakdownOf(removed.map(({ was }) => [was, 1])), jobIds: removed.map(({ id }) => id) };
}

function breakdownOf(counts: [JobStatus, number][]): SyncBreakdown {
  const breakdown = Object.fromEntries(Object.values(JobStatus).map((status) => [status, 0])) as SyncBreakdown;
  for (const [status, count] of counts) breakdown[status] += count;
  return breakdown;
}

/** Whether an error says that another sync of the same source is active. */
export function isSecondSync(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'jobs_active_of_source';
}
