import type pg from 'pg';
import { isFinished } from '../../src/entities/job-status.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { findBroken } from '../lifecycle/invariants.ts';
import type { Act, Batch, History, Mishap } from './acts.ts';
import { type Account, explain } from './explain.ts';
import { damage, type ModelJob } from './machine-model.ts';
import { readPicture } from './picture.ts';
import { needsRescue } from './rescue-model.ts';
import { ALIVE, alter, attemptAt, beginPlay, DEAD, jobAt, type Play, type Stage, takeTask } from './stage.ts';
import * as user from './user-acts.ts';
import * as worker from './worker-acts.ts';

/**
 * Plays a history on the real database and holds it against the model after every batch; then ends all that is left, and
 * holds the rows against the invariants.
 * @throws where an act failed, where no order of the acts explains what is seen, and where an invariant is broken
 */
export async function playHistory(stage: Stage, { examined, beginning, batches }: History): Promise<void> {
  const play = await beginPlay(stage);
  try {
    await playActs(play, beginning);
    for (const batch of batches) await playBatch(play, batch);
    await settle(play);
  } catch (error) {
    throw new Error(`${play.said.join('\n')}\n${String(error)}`, { cause: error });
  }
  if (!examined) return;
  const broken = await findBroken(stage.pool);
  if (Object.keys(broken).length > 0) throw new Error(`Broken at the end: ${JSON.stringify(broken, null, 2)}`);
}

async function playBatch(play: Play, { lead, mishaps, lock, acts }: Batch): Promise<void> {
  const first = jobAt(play, 0);
  if (lead === 'start' && first?.status === 'QUEUED') {
    await playActs(play, [{ do: 'start', job: 0, dies: false, stale: undefined }]);
  }
  if (lead === 'end' && first && !isFinished(first.status)) {
    await playActs(play, [
      first.status === 'PROCESSING'
        ? { do: 'fail', job: 0, before: 0, code: 'HANDLER_ERROR' }
        : { do: 'cancel', job: 0, by: 'owner' },
    ]);
  }
  for (const mishap of mishaps) await befall(play, mishap);
  await playActs(play, acts, lock);
}

/** Plays acts at once, and finds the order that explains them. */
async function playActs(play: Play, acts: readonly Act[], lock?: Batch['lock']): Promise<void> {
  const before = play.world;
  const locked = lock && jobAt(play, lock.job);
  const touched = new Set(acts.flatMap((act) => ('job' in act ? [jobAt(play, act.job)?.id] : [])));
  if (lock?.what === 'job') touched.add(locked?.id);
  const accounts = await atOnce(play, acts, lock && locked && { what: lock.what, job: locked });
  play.said.push(`At once${lock ? ` (a lock on the ${lock.what})` : ''}:`, ...accounts.map(({ said }) => `  ${said}`));
  play.world = explain(before, accounts, await readPicture(play.stage.pool));
  const idle = Object.values(before.jobs).filter((job) => !touched.has(job.id));
  if (!acts.some((act) => act.do === 'cancelAll')) expectRescued(idle, acts, accounts);
}

/** The acts all at once, each by the next process. */
async function atOnce(
  play: Play,
  acts: readonly Act[],
  lock?: { what: 'job' | 'account'; job: ModelJob },
): Promise<Performed[]> {
  const { pool, processes } = play.stage;
  const holder = lock && (await hold(pool, lock.what, lock.job));
  // Whatever comes of one act, nothing is left running when this ends.
  const settled = Promise.allSettled(
    acts.map((act, index) => perform(play, act, processes[index % processes.length]!)),
  );
  try {
    if (holder) await Promise.race([settled, untilBlocked(pool, Math.min(2, acts.length))]);
  } finally {
    await holder?.letGo();
  }
  return (await settled).map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

type Performed = Account & { rescued?: string[] };

async function perform(play: Play, act: Act, lifecycle: Lifecycle): Promise<Performed> {
  switch (act.do) {
    case 'submit':
      return user.submit(play, lifecycle, act);
    case 'grant':
      return user.grant(play, lifecycle, act);
    case 'cancel':
      return user.cancel(play, lifecycle, act);
    case 'cancelAll':
      return user.cancelAll(play, lifecycle, act);
    case 'retry':
      return user.retry(play, lifecycle, act);
    case 'start':
      return worker.start(play, lifecycle, act);
    case 'complete':
    case 'fail':
    case 'release':
      return worker.speak(play, lifecycle, act);
    case 'report':
      return worker.report(play, lifecycle, act);
    case 'beat':
      return worker.beat(play, act);
    case 'free':
      return worker.free(play, lifecycle, act);
    case 'rescue':
      return worker.rescue(lifecycle, act);
    case 'syncStatus':
    case 'removeOrphans':
      return worker.repair(play, lifecycle, act);
    default:
      return user.remove(play, lifecycle, act);
  }
}

async function hold(pool: pg.Pool, what: 'job' | 'account', { id, userId }: ModelJob) {
  const client = await pool.connect();
  await client.query('begin');
  const select = what === 'job' ? 'select from analysis_jobs where id = $1' : 'select from accounts where user_id = $1';
  await client.query(`${select} for update`, [what === 'job' ? id : userId]);
  return {
    letGo: async () => {
      await client.query('rollback');
      client.release();
    },
  };
}

const LOOKS = 3;

/** Waits until so many statements wait for a lock; not for long, because acts need not want what is locked. */
async function untilBlocked(pool: pg.Pool, count: number): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rowCount ?? 0) >= count) return;
  }
}

/** What nobody else touched, a rescue must have taken up; which of several did is their affair. */
function expectRescued(idle: ModelJob[], acts: readonly Act[], accounts: readonly Performed[]): void {
  const rescues = acts.filter((act) => act.do === 'rescue');
  if (rescues.length === 0) return;
  const rescued = new Set(accounts.flatMap((account) => account.rescued ?? []));
  const isOverdue = rescues.some((act) => act.overdue);
  const forgotten = idle.filter((job) => needsRescue(job, isOverdue) && !rescued.has(job.id));
  if (forgotten.length > 0) {
    throw new Error(`Not rescued: ${JSON.stringify(forgotten)}`);
  }
}

async function befall(play: Play, mishap: Mishap): Promise<void> {
  const { pool } = play.stage;
  const job = jobAt(play, mishap.job);
  if (!job) return;
  play.said.push(`${mishap.befalls}: ${job.id}`);
  if (mishap.befalls === 'worker dies') {
    const attempt = attemptAt(play, mishap);
    if (!attempt) return;
    attempt.pool = DEAD;
    await alter(
      pool,
      `update analysis_jobs set lease_expires_at = now() - interval '1 hour' where lease_token = '${attempt.leaseToken}';
       update graphile_worker._private_jobs set locked_by = '${DEAD}'
         where id = ${attempt.taskId ?? 'null'} and locked_by = '${ALIVE}'`,
    );
    if (job.lease === attempt.leaseToken) play.world = damage(play.world, job.id, { lost: true });
  } else if (mishap.befalls === 'task is lost') {
    const { rowCount } = await pool.query(
      `delete from graphile_worker._private_jobs where is_available and payload ->> 'jobId' = $1`,
      [job.id],
    );
    if (rowCount) play.world = damage(play.world, job.id, { task: 'none' });
  } else if (await takeTask(pool, job.id, DEAD)) {
    play.world = damage(play.world, job.id, { task: 'held' });
  }
}

/** All workers die; the rescue takes up what they left, and what waits is cancelled. Then nobody works on anything. */
async function settle(play: Play): Promise<void> {
  const { pool } = play.stage;
  await alter(
    pool,
    `update analysis_jobs set lease_expires_at = now() - interval '1 hour' where lease_token is not null;
     update graphile_worker._private_jobs set locked_by = '${DEAD}' where locked_by is not null`,
  );
  for (const job of Object.values(play.world.jobs)) {
    if (job.lease !== null) play.world = damage(play.world, job.id, { lost: true });
  }
  const { rowCount: dead } = await pool.query('select from graphile_worker._private_jobs where not is_available');
  if (dead || Object.values(play.world.jobs).some((job) => needsRescue(job, false))) {
    const rescue = { do: 'rescue' as const, overdue: false };
    await playActs(play, [rescue, rescue]);
  }
  await playActs(play, [{ do: 'cancelAll', by: 'service' }]);
  const held = Object.values(play.world.jobs).filter((job) => job.presence !== 'gone' && job.lease !== null);
  const { rows: tasks } = await pool.query('select * from graphile_worker._private_jobs');
  if (held.length + tasks.length > 0) throw new Error(`Not let go: ${JSON.stringify({ held, tasks })}`);
}
