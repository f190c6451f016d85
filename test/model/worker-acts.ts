import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { JobStatus } from '../../src/entities/job-status.ts';
import type { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import type { ActOf } from './acts.ts';
import { type Account, look, type Moment } from './explain.ts';
import * as model from './machine-model.ts';
import { type RESCUES, rescueAll } from './rescue-model.ts';
import { ALIVE, type Attempt, attemptAt, DEAD, endTask, jobAt, type Play, takeTask } from './stage.ts';
import { moved, NOTHING, shows } from './user-acts.ts';

const LEASE_MS = 600_000;

/** A delivery; one that names an attempt which is not due takes no task. */
export async function start(play: Play, lifecycle: Lifecycle, act: ActOf<'start'>): Promise<Account> {
  const job = jobAt(play, act.job);
  if (!job) return NOTHING;
  const { pool } = play.stage;
  const by = act.dies ? DEAD : ALIVE;
  const task = act.stale ? undefined : await takeTask(pool, job.id, by);
  const due = task?.payload ?? delivery(job, act.stale);
  const attempt: Attempt = { jobId: job.id, leaseToken: randomUUID(), taskId: task?.id ?? null, pool: by };
  play.attempts.set(job.id, [...(play.attempts.get(job.id) ?? []), attempt]);
  const lease = attempt.leaseToken;
  const { round, attempt: number } = due;
  const started = await lifecycle.start({
    jobId: job.id,
    round,
    attempt: number,
    workerId: randomUUID(),
    leaseToken: lease,
    leaseMs: act.dies ? 0 : LEASE_MS,
  });
  if (!started) await endTask(pool, attempt, 'returned');
  // It named an attempt that became due meanwhile: then the task that was made for it is the one that was delivered.
  else if (!task) attempt.taskId = (await takeTask(pool, job.id, by, due))?.id ?? null;
  const begin: Moment = (world) => model.start(world, job.id, { round, attempt: number, lease, lost: act.dies });
  const said = `start ${job.id} round ${round} attempt ${number}${task ? '' : ' without a task'}: ${started?.job.status ?? null}`;
  if (started) {
    const isWhole = isDeepStrictEqual(started.input, { kind: 'ASSESSMENT', testData: job.input, rawResponses: null });
    const answered: Moment = (world) => {
      const after = begin(world);
      return after && shows(after, started.job) ? after : null;
    };
    return { said, ways: isWhole ? [[answered]] : [] };
  }
  const refused = look((world) => begin(world) === null);
  const gone = look((world) => world.jobs[job.id]?.presence !== 'live');
  return { said, ways: [[refused], [begin, gone]] };
}

function delivery({ round, attempt }: model.ModelJob, stale: ActOf<'start'>['stale']) {
  switch (stale) {
    case 'this attempt again':
      return { round, attempt };
    case 'an attempt too far':
      return { round, attempt: attempt + 2 };
    case 'another round':
      return { round: round === 1 ? 2 : round - 1, attempt: attempt + 1 };
    default:
      return { round, attempt: attempt + 1 };
  }
}

/** The last word of an attempt. One that is refused lets go of the job, if that was all it was waited for. */
export async function speak(
  play: Play,
  lifecycle: Lifecycle,
  act: ActOf<'complete' | 'fail' | 'release'>,
): Promise<Account> {
  const attempt = attemptAt(play, act);
  if (!attempt) return NOTHING;
  const { jobId, leaseToken } = attempt;
  const { pool } = play.stage;
  const { call, judge } = wordOf(act, jobId, leaseToken);
  const said = `${act.do} ${jobId} as ${leaseToken}`;
  const answer = await refusable(call(lifecycle, attempt));
  if (!(answer instanceof Error)) {
    await endTask(pool, attempt, 'returned');
    return { said: `${said}: ${answer.job.status} ${answer.job.seq}`, ways: [[moved(judge, answer)]] };
  }
  const isFreed = await lifecycle.free(attempt);
  await endTask(pool, attempt, isFreed ? 'returned' : 'threw');
  return {
    said: `${said}: ${answer.message}${isFreed ? ', and freed' : ''}`,
    ways: [[...refusedMoments(jobId, judge, answer), freedOrNot(attempt, isFreed)]],
  };
}

function wordOf(act: ActOf<'complete' | 'fail' | 'release'>, jobId: string, lease: string) {
  switch (act.do) {
    case 'complete': {
      const answer = { by: lease };
      return {
        call: (lifecycle: Lifecycle, attempt: Attempt) => lifecycle.complete(attempt, answer),
        judge: (world: model.World) => model.complete(world, jobId, lease, answer),
      };
    }
    case 'fail': {
      const failure = { code: act.code, message: 'It broke' };
      return {
        call: (lifecycle: Lifecycle, attempt: Attempt) => lifecycle.fail(attempt, failure),
        judge: (world: model.World) => model.fail(world, jobId, lease, failure),
      };
    }
    default: {
      const { countsAttempt } = act;
      const options = { countsAttempt, errorMessage: 'It was given back' };
      return {
        call: (lifecycle: Lifecycle, attempt: Attempt) => lifecycle.release(attempt, { delayMs: 0, ...options }),
        judge: (world: model.World) => model.release(world, jobId, lease, options),
      };
    }
  }
}

/** What was answered, or the refusal; anything else that is thrown is a fault. */
async function refusable<T>(answer: Promise<T>): Promise<T | MoveRefused> {
  try {
    return await answer;
  } catch (error) {
    // A variant has a class of its own for it.
    if (error instanceof Error && error.name === 'MoveRefused') return error as MoveRefused;
    throw error;
  }
}

/** The guard did not hold, and in a second look the job was so. */
function refusedMoments(jobId: string, judge: Moment, { status }: MoveRefused): Moment[] {
  return [
    look((world) => judge(world) === null),
    look((world) => (model.seen(world, jobId, null, 'tombstones')?.status ?? null) === status),
  ];
}

function freedOrNot({ jobId, leaseToken }: Attempt, isFreed: boolean): Moment {
  const freed: Moment = (world) => model.free(world, jobId, leaseToken);
  return isFreed ? freed : look((world) => freed(world) === null);
}

export async function report(play: Play, lifecycle: Lifecycle, act: ActOf<'report'>): Promise<Account> {
  const attempt = attemptAt(play, act);
  if (!attempt) return NOTHING;
  const { jobId, leaseToken } = attempt;
  const progress = { percent: act.percent, message: `at ${act.percent}` };
  const judge: Moment = (world) => model.beat(world, jobId, leaseToken, progress);
  const answer = await refusable(lifecycle.report(attempt, progress, LEASE_MS));
  const said = `report ${jobId} as ${leaseToken}`;
  if (!(answer instanceof Error)) return { said: `${said}: written`, ways: [[judge]] };
  return { said: `${said}: ${answer.message}`, ways: [refusedMoments(jobId, judge, answer)] };
}

export async function beat(play: Play, act: ActOf<'beat' | 'free'>): Promise<Account> {
  const attempt = attemptAt(play, act);
  if (!attempt) return NOTHING;
  const { jobId, leaseToken } = attempt;
  const workerId = randomUUID();
  const worker = { workerId, poolId: `beats-${workerId}`, host: 'test', pid: 1, concurrency: 1 };
  const lost = await play.stage.beat(play.stage.pool, { ...worker, leaseMs: LEASE_MS, leases: [attempt] });
  const beaten: Moment = (world) => model.beat(world, jobId, leaseToken);
  const said = `beat ${jobId} as ${leaseToken}: ${lost.length > 0 ? 'lost' : 'kept'}`;
  return { said, ways: [[lost.length > 0 ? look((world) => beaten(world) === null) : beaten]] };
}

export async function free(play: Play, lifecycle: Lifecycle, act: ActOf<'beat' | 'free'>): Promise<Account> {
  const attempt = attemptAt(play, act);
  if (!attempt) return NOTHING;
  const isFreed = await lifecycle.free(attempt);
  if (isFreed) await endTask(play.stage.pool, attempt, 'returned');
  return { said: `free ${attempt.jobId} as ${attempt.leaseToken}: ${isFreed}`, ways: [[freedOrNot(attempt, isFreed)]] };
}

/** A rescue is several statements, and takes up only what nobody has locked. */
export async function rescue(lifecycle: Lifecycle, act: ActOf<'rescue'>): Promise<Account & { rescued: string[] }> {
  const { released, failed, freed, requeued } = await lifecycle.rescue({
    leaseMs: 1,
    seenAt: 'infinity',
    runLimitsMs: act.overdue ? { ASSESSMENT: 0 } : {},
  });
  const some = (how: keyof typeof RESCUES, ids: string[]): Moment[] =>
    ids.length > 0 ? [(world) => rescueAll(world, how, ids)] : [];
  // It tells of the overdue ones first, and of those on their last attempt in the same list.
  const ways = failed
    .concat('')
    .map((_, overdue) => [
      ...some('stuck', failed.slice(0, overdue)),
      ...some('released', released),
      ...some('lost', failed.slice(overdue)),
      ...some('freed', freed),
      ...some('requeued', requeued),
    ]);
  return {
    said: `rescue ${JSON.stringify({ ...act, released, failed, freed, requeued })}`,
    ways: act.overdue ? ways : ways.slice(0, 1),
    rescued: [...released, ...failed, ...freed, ...requeued],
  };
}

/** Nothing of what these mend is ever broken here, but for a lost task. */
export async function repair(
  play: Play,
  lifecycle: Lifecycle,
  act: ActOf<'syncStatus' | 'removeOrphans'>,
): Promise<Account> {
  if (act.do === 'removeOrphans') {
    const removed = Object.values(await lifecycle.removeOrphans()).flat();
    return { said: 'removeOrphans', ways: removed.length === 0 ? [[]] : [] };
  }
  const job = jobAt(play, act.job);
  if (!job) return NOTHING;
  const actions = await lifecycle.syncStatus(job.id);
  const judged: Moment = (world) => {
    const now = model.seen(world, job.id, null);
    if (!now || actions === null) return now || actions ? null : world;
    return synced(world, now, actions);
  };
  return { said: `syncStatus ${job.id}: ${JSON.stringify(actions)}`, ways: [[judged]] };
}

function synced(world: model.World, { id, status, task }: model.ModelJob, actions: string[]): model.World | null {
  const isWaiting = status === JobStatus.QUEUED;
  if (actions.length === 0) return isWaiting && task === 'none' ? null : world;
  const isRight = isWaiting && task !== 'runnable' && isDeepStrictEqual(actions, ['requeued_lost_task']);
  return isRight ? model.damage(world, id, { task: 'runnable' }) : null;
}
