import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../src/entities/job.ts';
import { isFinished, JobStatus } from '../../src/entities/job-status.ts';
import type { CancelOutcome } from '../../src/lifecycle/cancel.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import type { SubmitOutcome } from '../../src/lifecycle/submit.ts';
import type { ActOf } from './acts.ts';
import { type Account, look, type Moment } from './explain.ts';
import type { Owner, World } from './machine-model.ts';
import * as model from './machine-model.ts';
import { rowOfAnswer, rowOfModel } from './picture.ts';
import { jobAt, type Play } from './stage.ts';

export const NOTHING: Account = { said: 'nothing to act on', ways: [[]] };

/** Whether an answer shows a job as it is in this world. */
export function shows(world: World, answered: Job): boolean {
  const job = world.jobs[answered.id];
  return job !== undefined && isDeepStrictEqual(rowOfModel(job), rowOfAnswer(answered));
}

/** A move whose answer is the job just after it, and the owner's balance where it paid. */
export function moved(act: Moment, answer: { job: Job; tokenBalance: number | null }): Moment {
  return (world) => {
    const after = act(world);
    if (!after || !shows(after, answer.job)) return null;
    return after.jobs[answer.job.id]?.events.at(-1)?.balance === answer.tokenBalance ? after : null;
  };
}

/** Who asks, as the model and as the lifecycle name him. */
function asker(play: Play, userId: string, by: 'owner' | 'service' | 'stranger') {
  const stranger = play.users.find((user) => user !== userId) ?? userId;
  const owner: Owner = by === 'service' ? null : by === 'owner' ? userId : stranger;
  return { owner, scope: owner === null ? ('any owner' as const) : { owner } };
}

const absent = (jobId: string, owner: Owner, also?: 'tombstones') =>
  look((world) => model.seen(world, jobId, owner, also) === undefined);

export async function submit(play: Play, lifecycle: Lifecycle, act: ActOf<'submit'>): Promise<Account> {
  const userId = play.users[act.user]!;
  play.inputs += 1;
  const input = { number: play.inputs };
  // The same key is sometimes used for something else: its price tells what.
  const key = act.key === undefined ? undefined : `key ${act.key}`;
  const hash = createHash('sha1')
    .update(`${act.price > 1}`)
    .digest('hex');
  const { outcomes, tokenBalance } = await lifecycle.submit(userId, [
    {
      kind: 'ASSESSMENT',
      name: 'A history',
      testData: input,
      price: act.price,
      maxAttempts: model.MAX_ATTEMPTS,
      tierPriority: 0,
      ...(key === undefined ? {} : { idempotency: { key, mutation: 'submit', inputHash: hash } }),
    },
  ]);
  const outcome = outcomes[0]!;
  const submission = {
    userId,
    price: act.price,
    input,
    idempotency: key === undefined ? undefined : { key, hash },
  };
  const judged: Moment = (before) => {
    const world = model.opened(before, userId);
    const known = key === undefined ? undefined : world.keys[model.keyOf(userId, key)];
    const after = submitted(world, submission, outcome, known);
    return after && model.balanceOf(after, userId) === tokenBalance ? after : null;
  };
  return { said: `submit ${JSON.stringify(act)}: ${told(outcome)}, balance ${tokenBalance}`, ways: [[judged]] };
}

function submitted(
  world: World,
  submission: model.ModelSubmission,
  outcome: SubmitOutcome,
  known: { hash: string; jobId: string } | undefined,
): World | null {
  const { userId, price, idempotency } = submission;
  const balance = model.balanceOf(world, userId);
  if (outcome.outcome === 'INSUFFICIENT_TOKENS') {
    return !known && balance < price && outcome.available === balance ? world : null;
  }
  if (outcome.outcome === 'IDEMPOTENCY_KEY_REUSED') return known && known.hash !== idempotency?.hash ? world : null;
  // Nothing is uploaded in these histories, so no upload can be at fault.
  return outcome.outcome === 'SUBMITTED' ? taken(world, submission, outcome, known) : null;
}

function taken(
  world: World,
  submission: model.ModelSubmission,
  { job, replayed }: Extract<SubmitOutcome, { outcome: 'SUBMITTED' }>,
  known: { hash: string; jobId: string } | undefined,
): World | null {
  const { idempotency } = submission;
  if (replayed && (known?.jobId !== job.id || known.hash !== idempotency?.hash)) return null;
  const after = replayed ? world : model.submit(world, submission, { id: job.id, resultId: job.resultId ?? '' });
  return after && shows(after, job) ? after : null;
}

export async function grant(play: Play, lifecycle: Lifecycle, act: ActOf<'grant'>): Promise<Account> {
  const userId = play.users[act.user]!;
  const outcome = await lifecycle.grant({ userId, amount: act.amount, reason: 'A history', grantedBy: 'service:desk' });
  const judged: Moment = (before) => {
    const world = model.opened(before, userId);
    if (outcome.outcome === 'GRANTED') {
      const after = model.grant(world, userId, act.amount);
      return after && model.balanceOf(after, userId) === outcome.tokenBalance ? after : null;
    }
    const balance = model.balanceOf(world, userId);
    if (outcome.outcome !== 'INSUFFICIENT_TOKENS' || balance + act.amount >= 0) return null;
    return outcome.available === balance ? world : null;
  };
  return { said: `grant ${JSON.stringify(act)}: ${outcome.outcome}`, ways: [[judged]] };
}

export async function cancel(play: Play, lifecycle: Lifecycle, act: ActOf<'cancel'>): Promise<Account> {
  const job = jobAt(play, act.job);
  if (!job) return NOTHING;
  const { owner, scope } = asker(play, job.userId, act.by);
  const message = `Cancelled by ${act.by}`;
  const outcome = await lifecycle.cancel({ jobId: job.id, scope, message });
  return {
    said: `cancel ${job.id} by ${act.by}: ${told(outcome)}`,
    ways: [[cancelled(job.id, owner, message, outcome)]],
  };
}

const cancelled = (jobId: string, owner: Owner, message: string, outcome: CancelOutcome): Moment => {
  if (outcome.outcome === 'NOT_FOUND') return absent(jobId, owner);
  if (outcome.outcome === 'CANCELLED' && outcome.changed) {
    return moved((before) => model.cancel(before, jobId, owner, message), outcome);
  }
  return look((world) => {
    const status = model.seen(world, jobId, owner)?.status;
    const isSo =
      outcome.outcome === 'CANCELLED'
        ? status === JobStatus.CANCELLED
        : status === JobStatus.COMPLETED || status === JobStatus.FAILED;
    return isSo && shows(world, outcome.job);
  });
};

/** The jobs that are active are cancelled together, the others answered for one by one. */
export async function cancelAll(play: Play, lifecycle: Lifecycle, act: ActOf<'cancelAll'>): Promise<Account> {
  const { owner, scope } = asker(play, play.users[0], act.by);
  const message = `All cancelled by ${act.by}`;
  const ids = Object.keys(play.world.jobs);
  const outcomes = await lifecycle.cancelMany(ids, { scope, message });
  const answers = ids.map((id, index) => ({ id, outcome: outcomes[index]! }));
  const said = `cancelAll by ${act.by}: ${answers.map(({ id, outcome }) => `${id} ${told(outcome)}`).join(', ')}`;
  const judge = ({ id, outcome }: (typeof answers)[number]) => cancelled(id, owner, message, outcome);
  const changed = answers.filter(({ outcome }) => outcome.outcome === 'CANCELLED' && outcome.changed);
  // One that had ended when the others were cancelled, and was active again when it was asked about, is cancelled then.
  // It takes a retry to make one active again, and no more than three other acts run at once.
  const batches = subsets(changed).filter((batch) => changed.length - batch.length <= 3);
  const ways = batches.map((batch) => {
    const together = batch.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(judge);
    const atOnce: Moment = (world) => together.reduce<World | null>((now, judged) => now && judged(now), world);
    return [atOnce, ...answers.filter((answer) => !batch.includes(answer)).map(judge)];
  });
  return { said, ways };
}

/** All of them first. */
function subsets<T>([first, ...rest]: readonly T[]): T[][] {
  if (first === undefined) return [[]];
  const others = subsets(rest);
  return [...others.map((some) => [first, ...some]), ...others];
}

export async function retry(play: Play, lifecycle: Lifecycle, act: ActOf<'retry'>): Promise<Account> {
  const job = jobAt(play, act.job);
  if (!job) return NOTHING;
  const { owner, scope } = asker(play, job.userId, act.by);
  const { id: jobId, userId } = job;
  const outcome = await lifecycle.retry({ jobId, scope, priceOf: () => act.price, tierPriority: 0 });
  const is = (isSo: (now: model.ModelJob, world: World) => boolean) =>
    look((world) => {
      const now = model.seen(world, jobId, owner);
      return now !== undefined && isSo(now, world);
    });
  const said = `retry ${jobId} by ${act.by} for ${act.price}: ${told(outcome)}`;
  switch (outcome.outcome) {
    case 'RETRIED':
      return { said, ways: [[moved((world) => model.retry(world, jobId, owner, act.price), outcome)]] };
    case 'NOT_FOUND':
      return { said, ways: [[absent(jobId, owner)]] };
    case 'JOB_ACTIVE':
      return { said, ways: [[is((now, world) => !isFinished(now.status) && shows(world, outcome.job))]] };
    case 'NOT_RETRYABLE':
      return { said, ways: [[is((now, world) => now.status === JobStatus.COMPLETED && shows(world, outcome.job))]] };
    case 'QUEUE_LIMIT_REACHED':
      return { said, ways: [] };
    case 'INSUFFICIENT_TOKENS': {
      // The job and the account are read one after the other.
      const isShort = look((world) => model.balanceOf(world, userId) === outcome.available);
      return { said, ways: outcome.available < act.price ? [[is(model.isRetryable), isShort]] : [] };
    }
  }
}

export async function remove(
  play: Play,
  lifecycle: Lifecycle,
  act: ActOf<'bury' | 'forceDelete' | 'deleteResult'>,
): Promise<Account> {
  const job = jobAt(play, act.job);
  if (!job) return NOTHING;
  const { id, resultId } = job;
  const { owner, scope } = asker(play, job.userId, act.by);
  const outcome =
    act.do === 'deleteResult' ? await lifecycle.deleteResult(resultId, scope) : await lifecycle[act.do](id, scope);
  const said = `${act.do} ${id} by ${act.by}: ${told(outcome)}`;
  const also = act.do === 'forceDelete' ? 'tombstones' : undefined;
  switch (outcome.outcome) {
    case 'NOT_FOUND':
      return { said, ways: [[absent(id, owner, act.do === 'bury' ? 'tombstones' : also)]] };
    case 'JOB_ACTIVE': {
      const isActive = look((world) => {
        const now = model.seen(world, id, owner);
        return now !== undefined && !isFinished(now.status) && shows(world, outcome.job);
      });
      return { said, ways: act.do === 'forceDelete' ? [] : [[isActive]] };
    }
    default:
      return { said, ways: [removed(outcome)] };
  }

  function removed({ resultId: answered, changed }: { resultId: string | null; changed: boolean }): Moment[] {
    const now = (world: World) => model.seen(world, id, owner, 'tombstones');
    const isRight = (before: model.ModelJob | undefined) =>
      answered === (before?.presence === 'live' ? before.resultId : null);
    if (!changed) {
      return [
        look((world) => now(world)?.presence === 'tombstone'),
        look((world) => answered === (world.jobs[id]?.presence === 'tombstone' ? resultId : null)),
      ];
    }
    return [
      (world) => {
        if (!isRight(now(world))) return null;
        if (act.do === 'bury') return model.bury(world, id, owner);
        if (act.do === 'forceDelete') return model.erase(world, id, owner);
        const before = model.seen(world, id, owner);
        return before && isFinished(before.status) ? model.erase(world, id, owner) : null;
      },
    ];
  }
}

/** A word for an answer. */
function told(outcome: { outcome: string; job?: Job; changed?: boolean; replayed?: boolean }): string {
  const { job, changed, replayed } = outcome;
  const more = { changed, replayed, ...(job ? { id: job.id, status: job.status, seq: job.seq } : {}) };
  return `${outcome.outcome} ${JSON.stringify(more)}`;
}
