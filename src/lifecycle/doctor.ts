import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { ClientBase } from 'pg';
import { FailureCode, JobStatus } from '../entities/job-status.ts';
import { taskRemoved } from './cancel.ts';
import type { Invariant, Repair } from './invariants/invariant.ts';
import { INVARIANTS, type InvariantId } from './invariants.ts';
import { addTask, move, moveTime } from './move.ts';
import { removeOrphans, syncStatus } from './repair.ts';
import { type Rescue, readTime, rescue } from './rescue.ts';

/** Rows of one invariant that are looked at in one go. */
const MOST_ROWS = 10_000;
/** Of these, how many are worth showing. */
export const ROWS_SHOWN = 100;

export interface Examination {
  /** How long a silent worker counts as alive, in milliseconds. */
  leaseMs: number;
  /** How long a living system may need to put right what settles, in milliseconds; with 0 one look decides. */
  graceMs: number;
  /** Ends it between two looks, and in the time of grace. */
  signal?: AbortSignal;
  /** By default all. */
  invariants?: readonly (Invariant & { readonly id: InvariantId })[];
}

export interface Finding {
  invariant: Invariant & { readonly id: InvariantId };
  /** In no order; at most 10,000. */
  rows: BrokenRow[];
}

export interface BrokenRow {
  /** The id of a job, user, result or task, or the name of a guard. */
  subject: string;
  found: string;
}

type Reader = Pick<ClientBase, 'query'>;

/**
 * Looks for rows that break an invariant. Each is asked in one statement, so it sees one moment of a database that is at
 * work. What a living system breaks for moments, it has to break twice, a grace apart and in the same way.
 * @returns the invariants that are broken
 * @throws what a statement throws, or an AbortError once it is given up
 */
export async function examine(client: Reader, options: Examination): Promise<Finding[]> {
  const { invariants = INVARIANTS, graceMs, signal } = options;
  const findings: Finding[] = [];
  for (const invariant of invariants) {
    const rows = await look(client, invariant, options);
    if (rows.length > 0) findings.push({ invariant, rows });
  }
  if (graceMs === 0 || !findings.some(({ invariant }) => invariant.settles)) return findings;
  await delay(graceMs, undefined, { signal });
  for (const finding of findings.filter(({ invariant }) => invariant.settles)) {
    const still = new Set((await look(client, finding.invariant, options)).map(nameOf));
    finding.rows = finding.rows.filter((row) => still.has(nameOf(row)));
  }
  return findings.filter(({ rows }) => rows.length > 0);
}

const nameOf = ({ subject, found }: BrokenRow) => `${subject} ${found}`;

async function look(client: Reader, { broken }: Invariant, { leaseMs, signal }: Examination): Promise<BrokenRow[]> {
  signal?.throwIfAborted();
  const { rows } = await client.query<BrokenRow>(
    `with lease as (select make_interval(secs => $1::float8 / 1000) as time)
     select subject::text, found from (${broken}) broken limit ${MOST_ROWS}`,
    [leaseMs],
  );
  return rows;
}

export interface Mending extends Omit<Rescue, 'seenAt'> {
  /** Ends it between two invariants. */
  signal?: AbortSignal;
}

export interface Mended {
  /** What was done, a line each. */
  done: string[];
  /** Of which invariants the repair failed, and why. */
  failures: { id: InvariantId; error: unknown }[];
}

/**
 * Mends what can be mended without a guess: the verbs that repair a job, and a queue that fits the jobs again. Rows that
 * put themselves right in the meantime are left alone. What one row refuses does not keep the others from being mended.
 * @throws the reason of the signal
 */
export async function mend(em: EntityManager, findings: readonly Finding[], options: Mending): Promise<Mended> {
  const mended: Mended = { done: [], failures: [] };
  for (const { invariant, rows } of findings) {
    options.signal?.throwIfAborted();
    const subjects = [...new Set(rows.map(({ subject }) => subject))];
    if (!invariant.repair) continue;
    try {
      mended.done.push(...(await REPAIRS[invariant.repair](em.fork(), subjects, options)));
    } catch (error) {
      mended.failures.push({ id: invariant.id, error });
    }
  }
  return mended;
}

type Act = (em: EntityManager, subjects: string[], options: Mending) => Promise<string[]>;

const REPAIRS: Record<Repair, Act> = {
  'sync status': syncAll,
  'restore result': async (em, jobIds) => [...(await syncAll(em, jobIds)), ...(await removeAll(em))],
  'remove orphans': removeAll,
  rescue: async (em, _subjects, options) => {
    // What settles was looked for twice, more than a lease apart and over one connection.
    const { released, failed, freed, requeued } = await rescue(em, { ...options, seenAt: await readTime(em) });
    return Object.entries({ released, failed, freed, requeued }).flatMap(([word, ids]) =>
      ids.map((id) => `job ${id}: ${word} by the rescue`),
    );
  },
  requeue,
  fail: failAll,
  'drop tasks': dropTasks,
};

async function syncAll(em: EntityManager, jobIds: string[]): Promise<string[]> {
  const done: string[] = [];
  for (const id of jobIds) {
    const actions = (await syncStatus(em.fork(), id)) ?? [];
    done.push(...actions.map((action) => `job ${id}: ${action}`));
  }
  return done;
}

async function removeAll(em: EntityManager): Promise<string[]> {
  const { jobIds, resultIds, fileIds } = await removeOrphans(em);
  return [
    ...jobIds.map((id) => `job ${id}: removed, its result is gone`),
    ...resultIds.map((id) => `result ${id}: removed, its job is gone`),
    ...fileIds.map((id) => `file ${id}: removed, its job is gone`),
  ];
}

/** A waiting job that used up its attempts would wait for ever; whoever paid for it is paid back. */
async function failAll(em: EntityManager, jobIds: string[]): Promise<string[]> {
  const failed = await em.transactional(async (transaction) => {
    await sql`select set_config('assay.mover', 'doctor', true)`.execute(transaction.getKysely());
    return await move(transaction, 'fail', {
      byDoctor: true,
      where: sql`j.id = any(${jobIds}::uuid[]) and j.attempt >= j.max_attempts`,
      set: sql`finished_at = ${moveTime}, failure_code = ${FailureCode.WORKER_LOST},
        failure_message = 'No attempt was left', refunded = j.price > 0, worker_free_at = ${moveTime}`,
      also: taskRemoved,
    });
  });
  return failed.map(({ job }) => `job ${job.id}: failed, it had no attempt left`);
}

/** The job's own key makes one task of however many there were. A task that is held goes when its handler ends. */
async function requeue(em: EntityManager, jobIds: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with waiting as materialized (
      select j.* from analysis_jobs j
      where j.id = any(${jobIds}::uuid[]) and j.status = ${JobStatus.QUEUED} and j.attempt < j.max_attempts
      order by j.id for update
    ), spare as materialized (
      select graphile_worker.complete_jobs(array_agg(t.id)) from graphile_worker._private_jobs t
      join waiting j on t.payload ->> 'jobId' = j.id::text
      where t.locked_at is null and t.key is distinct from 'job:' || j.id
    )
    select j.id, ${addTask()} as task_id, (select count(*) from spare) from waiting j`.execute(em.getKysely());
  return rows.map(({ id }) => `job ${id}: queued anew`);
}

/** A task of a job that waits again by now is its new one. Locked before they go: a retry may be about to take one over. */
async function dropTasks(em: EntityManager, taskIds: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with stray as materialized (
      select t.id from graphile_worker._private_jobs t
      where t.id = any(${taskIds}::bigint[]) and t.locked_at is null and not exists (
        select from analysis_jobs j where j.id::text = t.payload ->> 'jobId' and j.status = ${JobStatus.QUEUED}
      )
      order by t.id for update skip locked
    )
    select (graphile_worker.complete_jobs(array_agg(id))).id from stray having count(*) > 0`.execute(em.getKysely());
  return rows.map(({ id }) => `task ${id}: removed, nobody waits for it`);
}
