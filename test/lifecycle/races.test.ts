import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { isFinished, JobStatus } from '../../src/entities/job-status.ts';
import { MOVES } from '../../src/lifecycle/machine.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type JobOptions, type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import {
  ALWAYS,
  cancelOf,
  nextAttempt,
  type Process,
  readLease,
  retryOf,
  TAKES_NO_TASK,
  useProcess,
} from './lifecycles.ts';
import { holdLock, readBalance, readJob, readRemains } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const first = useProcess(database, 'first');
const second = useProcess(database, 'second');

let leaseMs = 0;
beforeAll(async () => {
  leaseMs = await readLease(database().pool);
});

type Act = 'start' | 'complete' | 'fail' | 'release' | 'cancel' | 'retry' | 'bury' | 'force delete' | 'rescue';

/** Where a job stands: `GONE` when there is no row any more, `DELETED` when there is only a tombstone. */
type Standing = JobStatus | 'DELETED' | 'GONE';

/** Each act as whoever may do it does it, and whether it was done. */
const acts: Record<Act, (process: Process, made: MadeJob) => Promise<boolean>> = {
  start: async ({ lifecycle }, made) => (await lifecycle.start(nextAttempt(made))) !== null,
  complete: ({ lifecycle }, made) => isDone(lifecycle.complete(made, { score: 1 })),
  fail: ({ lifecycle }, made) => isDone(lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' })),
  release: ({ lifecycle }, made) => isDone(lifecycle.release(made, { delayMs: 0, countsAttempt: false })),
  async cancel({ lifecycle }, made) {
    const outcome = await lifecycle.cancel(cancelOf(made));
    return outcome.outcome === 'CANCELLED' && outcome.changed;
  },
  retry: async ({ lifecycle }, made) => (await lifecycle.retry(retryOf(made, 2))).outcome === 'RETRIED',
  async bury({ lifecycle }, made) {
    const outcome = await lifecycle.bury(made.jobId, { owner: made.userId });
    return outcome.outcome === 'DELETED' && outcome.changed;
  },
  'force delete': async ({ lifecycle }, made) =>
    (await lifecycle.forceDelete(made.jobId, { owner: made.userId })).outcome === 'DELETED',
  async rescue({ lifecycle }, made) {
    const { released, failed } = await lifecycle.rescue({ leaseMs, runLimitsMs: {}, seenAt: ALWAYS });
    return [...released, ...failed].includes(made.jobId);
  },
};

async function isDone(moving: Promise<unknown>): Promise<boolean> {
  try {
    await moving;
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'MoveRefused' });
    return false;
  }
}

/** Where an act leads from where a job stands, or null where it may not be done. The last attempt has no way back. */
function leadsTo(act: Act, from: Standing, isLast: boolean): Standing | null {
  if (from === 'GONE') return null;
  if (act === 'force delete') return 'GONE';
  if (from === 'DELETED') return null;
  if (act === 'bury') return isFinished(from) ? 'DELETED' : null;
  if (act === 'rescue') return from !== 'PROCESSING' ? null : isLast ? 'FAILED' : 'QUEUED';
  const { from: sources, to } = MOVES[act];
  return (sources as readonly JobStatus[]).includes(from) ? to : null;
}

const bases: (JobOptions & { attempt: number })[] = [
  { status: 'QUEUED', attempt: 0 },
  { status: 'PROCESSING', attempt: 1, leaseExpiresIn: -1_800 },
  { status: 'PROCESSING', attempt: 3, leaseExpiresIn: -1_800 },
  { status: 'COMPLETED', attempt: 1 },
  { status: 'FAILED', attempt: 1, threadRuns: true },
  { status: 'CANCELLED', attempt: 1, threadRuns: true },
];
const names = Object.keys(acts) as Act[];
const pairs = bases.flatMap((base) =>
  names
    .filter((winner) => leadsTo(winner, base.status, false) !== null)
    .flatMap((winner) => names.map((rival) => ({ base, winner, rival, status: base.status, attempt: base.attempt }))),
);

const PRICE = 2;
const POLL_MS = 5;
/** What a round costs its owner when its job stands so in the end, or stood so before it was deleted. */
const REFUNDED: readonly Standing[] = ['FAILED', 'CANCELLED'];

/** What the log and the money must be when these acts were done in this order, and nothing else was. */
function play(base: JobOptions & { attempt: number }, done: Act[]) {
  const isLast = base.attempt === 3;
  const types: string[] = [];
  let standing: Standing = base.status;
  let spent = REFUNDED.includes(standing) ? 0 : PRICE;
  for (const act of done) {
    const to: Standing | null = leadsTo(act, standing, isLast);
    if (to === null) throw new Error(`${act} from ${standing} is no sequence that can be`);
    const isActive = standing === 'QUEUED' || standing === 'PROCESSING';
    if (act === 'retry') spent += PRICE;
    if (act === 'force delete' ? isActive : !isFinished(standing as JobStatus) && REFUNDED.includes(to)) spent -= PRICE;
    types.push(eventOf(act, to));
    standing = to;
  }
  return { standing, spent, types };
}

function eventOf(act: Act, to: Standing): string {
  if (act === 'rescue') return to === 'FAILED' ? 'FAILED' : 'RELEASED';
  return to === 'DELETED' || to === 'GONE' ? 'DELETED' : MOVES[act as keyof typeof MOVES].event;
}

/**
 * Lets two processes act on one job while somebody else holds its result. The first one has the job's row by then and
 * waits for the result; the second one waits for the first, unless it has nothing to do or does not wait by nature.
 */
async function race(made: MadeJob, winner: Act, rival: Act) {
  const { pool } = database();
  const running: Promise<boolean>[] = [];
  const waiting: string[][] = [];
  {
    await using _lock = await holdLock(pool, 'select from analysis_results where job_id = $1', [made.jobId]);
    running.push(acts[winner](first(), made));
    waiting.push(namesOf(await waitUntilBlocked(pool)));
    running.push(acts[rival](second(), made));
    waiting.push(await waitersOrAnswer(running[1]!));
  }
  const [isWon, isRivalDone] = await Promise.all(running);
  return { isWon, isRivalDone, waiting };
}

/** Who waits, once the second one does too or has its answer. */
async function waitersOrAnswer(answer: Promise<unknown>): Promise<string[]> {
  let isAnswered = false;
  const note = () => {
    isAnswered = true;
  };
  answer.then(note, note);
  for (;;) {
    const wasAnswered = isAnswered;
    const names = namesOf(await waitUntilBlocked(database().pool));
    if (names.length === 2 || wasAnswered) return names;
    await delay(POLL_MS);
  }
}

const namesOf = (backends: { applicationName: string }[]) => backends.map((backend) => backend.applicationName).sort();

/**
 * A rival for which the job stood wrong when it came is refused at once. A rescue takes only jobs that nobody holds, and
 * may then wait for their tasks.
 */
function expectWaiters([atFirst, then]: string[][], rival: Act, rivalWaits: boolean): void {
  expect(atFirst).toEqual(['first']);
  if (rival !== 'rescue') expect(then).toEqual(rivalWaits ? ['first', 'second'] : ['first']);
}

/** The rows of a job that came to stand so by these events, on top of those that it had. */
async function expectRows(
  made: MadeJob,
  before: string[],
  { standing, types }: ReturnType<typeof play>,
): Promise<void> {
  const { jobs, results, events } = await readRemains(database().pool, made.jobId);
  const told = events.map(({ type }) => type);
  if (standing === 'GONE') {
    expect({ jobs, results, told }).toEqual({ jobs: [], results: [], told: ['DELETED'] });
    return;
  }
  const status = standing === 'DELETED' ? 'CANCELLED' : standing;
  expect(jobs).toMatchObject([{ status, seq: before.length + types.length }]);
  expect(results).toMatchObject(standing === 'DELETED' ? [] : [{ status }]);
  expect(told).toEqual([...before, ...types]);
}

describe('two acts on one job at once', () => {
  it.each(pairs)(
    'are one sequence that can be: $winner, then $rival, from $status at attempt $attempt',
    async ({ base, winner, rival }) => {
      const { pool } = database();
      const userId = await makeAccount(pool, { balance: 10 });
      const made = await makeJob(pool, { ...base, userId, price: PRICE });
      const before = (await readJob(pool, made.jobId)).events.map(({ type }) => type);
      const { isWon, isRivalDone, waiting } = await race(made, winner, rival);

      const isLast = base.attempt === 3;
      const between = leadsTo(winner, base.status, isLast)!;
      const rivalWaits = rival !== 'rescue' && leadsTo(rival, base.status, isLast) !== null;
      expectWaiters(waiting, rival, rivalWaits);
      // A start whose job is gone before it has read the input has nothing to begin.
      expect(isWon || (winner === 'start' && rival === 'force delete')).toBe(true);
      expect(isRivalDone).toBe(rivalWaits && leadsTo(rival, between, isLast) !== null);

      const played = play(base, isRivalDone ? [winner, rival] : [winner]);
      await expectRows(made, before, played);
      expect(await readBalance(pool, userId)).toBe(10 - played.spent);
      const { tasks } = await readRemains(pool, made.jobId);
      if (winner === 'start' || rival === 'start') return; // takes no task off the queue here
      expect(tasks.filter(({ runnable }) => runnable)).toHaveLength(played.standing === 'QUEUED' ? 1 : 0);
    },
  );

  it.each(['complete', 'fail', 'release', 'cancel', 'force delete'] as const)(
    'let a report that comes after %s change nothing',
    async (act) => {
      const { pool } = database();
      const made = await makeJob(pool, { status: 'PROCESSING' });
      const running: Promise<unknown>[] = [];
      {
        await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
        running.push(acts[act](first(), made));
        await waitUntilBlocked(pool, 1);
        running.push(second().lifecycle.report(made, { percent: 77 }, 60_000));
        running[1]?.catch(() => undefined);
        expect(namesOf(await waitUntilBlocked(pool, 2))).toEqual(['first', 'second']);
      }
      const status = { complete: 'COMPLETED', fail: 'FAILED', release: 'QUEUED', cancel: 'CANCELLED' }[act as 'fail'];
      await expect(running[1]).rejects.toMatchObject({ name: 'MoveRefused', move: 'report', status: status ?? null });
      expect(await running[0]).toBe(true);
      expect(JSON.stringify(await readRemains(pool, made.jobId))).not.toContain('"percent":77');
    },
  );
});

describe('a refund', () => {
  it('that meets a submit of the same user waits for it, and both are in the balance', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 2 });
    const made = await makeJob(pool, { status: 'PROCESSING', userId });
    const spender = await pool.connect();
    await spender.query('begin');
    await spender.query(
      `with paid as (update accounts set balance = balance - 1 where user_id = $1 returning balance)
       insert into ledger_entries (user_id, entry, amount, balance) select $1, 'ADJUST', -1, balance from paid`,
      [userId],
    );
    const failing = first().lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' });
    const waiting = await waitUntilBlocked(pool);
    await spender.query('commit');
    spender.release();
    expect(waiting.map((backend) => backend.applicationName)).toEqual(['first']);
    expect(await failing).toMatchObject({ tokenBalance: 1 });
    const { job, ledger } = await readJob(pool, made.jobId);
    expect(job.status).toBe(JobStatus.FAILED);
    expect(ledger.at(-1)).toMatchObject({ entry: 'REFUND', amount: 1, balance: 1 });
    expect(await readBalance(pool, userId)).toBe(1);
  });
});
