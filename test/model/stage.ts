import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { waitForConnections } from '../support/orm.ts';
import { EMPTY, type ModelJob, STARTING_TOKENS, type World } from './machine-model.ts';

/** The parts of the sources that a history runs on: the real ones, or a variant's. */
export interface Build {
  createLifecycle: typeof import('../../src/lifecycle/lifecycle.ts').createLifecycle;
  createOrm: typeof import('../../src/orm.ts').createOrm;
  beat: typeof import('../../src/lifecycle/heartbeat.ts').beat;
}

/** A database for one history at a time, and some processes on pools of their own. */
export interface Stage {
  pool: pg.Pool;
  processes: Lifecycle[];
  beat: Build['beat'];
  close(): Promise<void>;
}

const PROCESSES = 3;
/** The queue's name for workers that live; for those that do not, there is no row. */
export const ALIVE = 'pool-of-the-living';
export const DEAD = 'pool-of-the-dead';

/** Locks and statements may take their time on a busy machine; a deadlock is still found after a second. */
const LIMITS = { statementMs: 60_000, lockMs: 30_000, poolSize: 6 };

export async function openStage(pool: pg.Pool, url: string, build: Build): Promise<Stage> {
  // Heard of in the future, so that it lives through rescues whose lease is a millisecond.
  await pool.query(
    `insert into workers (id, pool_id, host, pid, concurrency, heartbeat_at)
     values ($1, '${ALIVE}', 'test', 1, 4, now() + interval '1 day')`,
    [randomUUID()],
  );
  const orms = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) => build.createOrm({ url, name: `process-${index}`, ...LIMITS })),
  );
  for (const orm of orms) await waitForConnections(orm);
  return {
    pool,
    beat: build.beat,
    processes: orms.map((orm) =>
      build.createLifecycle({ orm, startingTokens: STARTING_TOKENS, wake: () => undefined }),
    ),
    close: async () => {
      await Promise.all(orms.map((orm) => orm.close()));
    },
  };
}

/** One delivery to a worker; without a task where it was delivered twice, or out of date. */
export interface Attempt {
  jobId: string;
  leaseToken: string;
  taskId: string | null;
  pool: typeof ALIVE | typeof DEAD;
}

/** A history as it is played. */
export interface Play {
  stage: Stage;
  world: World;
  users: readonly [string, string];
  attempts: Map<string, Attempt[]>;
  inputs: number;
  /** The acts and their answers so far, for whoever reads of a failure. */
  said: string[];
}

/** Begins a history on an empty stage. */
export async function beginPlay(stage: Stage): Promise<Play> {
  await alter(
    stage.pool,
    `delete from graphile_worker._private_jobs; delete from idempotency_keys; delete from analysis_results;
     delete from analysis_jobs; delete from job_events; delete from ledger_entries; delete from accounts`,
  );
  return { stage, world: EMPTY, users: [randomUUID(), randomUUID()], attempts: new Map(), inputs: 0, said: [] };
}

/** Changes rows as a restore might, in one transaction, with no trigger and no foreign key to say no. */
export async function alter(pool: pg.Pool, statements: string): Promise<void> {
  await pool.query(`set local session_replication_role = replica; ${statements}`);
}

/** The job with a number: those that are there come first. */
export function jobAt({ world }: Play, number: number): ModelJob | undefined {
  const jobs = Object.values(world.jobs);
  const ordered = (['live', 'tombstone', 'gone'] as const).flatMap((presence) =>
    jobs.filter((job) => job.presence === presence),
  );
  return ordered[number % ordered.length];
}

/** An attempt of a job, counted from its last one; where there was none, one that was never given out. */
export function attemptAt(play: Play, { job: number, before }: { job: number; before: number }): Attempt | undefined {
  const job = jobAt(play, number);
  if (!job) return undefined;
  const attempts = play.attempts.get(job.id) ?? [];
  const attempt = attempts[attempts.length - 1 - (before % attempts.length)];
  return attempt ?? { jobId: job.id, leaseToken: randomUUID(), taskId: null, pool: ALIVE };
}

/** Takes a job's task off the queue as graphile-worker does; where an attempt is named, that one's task only. */
export async function takeTask(pool: pg.Pool, jobId: string, by: string, due?: { round: number; attempt: number }) {
  const { rows } = await pool.query<{ id: string; payload: { round: number; attempt: number } }>(
    `update graphile_worker._private_jobs set attempts = attempts + 1, locked_by = $2, locked_at = now() where id = (
       select id from graphile_worker._private_jobs where is_available and payload ->> 'jobId' = $1
         and ($3::text is null or (payload ->> 'round', payload ->> 'attempt') = ($3, $4))
       order by id limit 1 for update skip locked
     ) returning id, payload`,
    [jobId, by, due?.round.toString(), due?.attempt.toString()],
  );
  return rows[0];
}

/** Ends a task as graphile-worker does: a normal return deletes the row by its number, whoever holds it by now. */
export async function endTask(pool: pg.Pool, { taskId, pool: by }: Attempt, how: 'returned' | 'threw'): Promise<void> {
  if (taskId === null) return;
  if (how === 'returned') await pool.query('delete from graphile_worker._private_jobs where id = $1', [taskId]);
  else {
    await pool.query(
      'update graphile_worker._private_jobs set locked_by = null, locked_at = null where id = $1 and locked_by = $2',
      [taskId, by],
    );
  }
}
