import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Start } from '../../src/lifecycle/attempt.ts';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeWorker } from '../support/factory.ts';
import { findBroken } from './invariants.ts';
import { ALWAYS, nextAttempt, type Process, readLease, useProcess, work } from './lifecycles.ts';
import { bend, readBalance } from './rows.ts';

const database = useDatabase();
const first = useProcess(database, 'first');
const second = useProcess(database, 'second');

const USERS = 3;
const MAX_ATTEMPTS = 2;
const user = fc.nat(USERS - 1);
/** Which of the attempts or jobs so far, from the newest back: also one that is over, so that zombies are among them. */
const pick = fc.nat(6);

const steering = ['cancel', 'retry', 'bury', 'forceDelete', 'deleteResult', 'syncStatus'] as const;
const speaking = ['complete', 'fail', 'release', 'report', 'free'] as const;

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('submit' as const), user, price: fc.nat(3), key: fc.nat(6) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom(...speaking), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom(...steering), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rescue' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('grant' as const), user, amount: fc.constantFrom(-2, -1, 1, 2) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

const LOST = 'what was lost last is not rescued any more';
const SILENT = { 'held-task-is-running': LOST, 'running-job-has-worker': LOST, 'ended-job-is-let-go': LOST };

/** Acts of one batch run at once, in two processes by turns. */
const workload = fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 20, maxLength: 40 });

interface BookedJob {
  user: number;
  price: number;
  resultId: string;
  /** Rounds that were opened, and those of them of which an answer said that they are over. */
  rounds: number;
  ends: number;
  isErased: boolean;
}

/** What the answers of the lifecycle add up to, kept apart from what the database says. */
interface Book {
  users: string[];
  balances: number[];
  jobs: Map<string, BookedJob>;
  attempts: (Start & { taskId: string })[];
  leaseMs: number;
  /** Moves that were made, and deletions. */
  moves: number;
}

async function openBook(): Promise<Book> {
  const { pool } = database();
  const balances = [1, 5, 20];
  const users = await Promise.all(balances.map((balance) => makeAccount(pool, { balance })));
  return { users, balances, jobs: new Map(), attempts: [], leaseMs: await readLease(pool), moves: 0 };
}

function earn(book: Book, owner: number, amount: number): void {
  book.balances[owner] = (book.balances[owner] ?? 0) + amount;
}

function endRound(book: Book, jobId: string, { isPaidBack }: { isPaidBack: boolean }): void {
  const job = book.jobs.get(jobId);
  if (!job) return; // of an earlier workload: a rescue takes whatever is lost
  job.ends += 1;
  if (isPaidBack) earn(book, job.user, job.price);
}

/** A job that was taken away is paid back with its round, unless somebody was told before that the round was over. */
function settleErased(book: Book): void {
  for (const [jobId, job] of book.jobs) {
    if (job.isErased && job.ends < job.rounds) endRound(book, jobId, { isPaidBack: true });
  }
}

async function submitOne(book: Book, options: { user: number; price: number; key: number }, lifecycle: Lifecycle) {
  const { user: owner, price, key } = options;
  const idempotency = key < 4 ? { key: `${key}`, mutation: 'm', inputHash: `${price}` } : undefined;
  const submission = work({ price, maxAttempts: MAX_ATTEMPTS, ...(idempotency ? { idempotency } : {}) });
  const { outcomes } = await lifecycle.submit(book.users[owner]!, [submission]);
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'SUBMITTED' || outcome.replayed) return;
  earn(book, owner, -price);
  const { id, resultId } = outcome.job;
  book.jobs.set(id, { user: owner, price, resultId: resultId!, rounds: 1, ends: 0, isErased: false });
  book.moves += 1;
}

/** Takes the next task off the queue as graphile-worker does, and begins the attempt that it names. */
async function startNext(book: Book, lifecycle: Lifecycle): Promise<void> {
  const { pool } = database();
  const { workerId, poolId } = await makeWorker(pool);
  const { rows } = await pool.query<{ id: string; payload: { jobId: string; round: number; attempt: number } }>(
    `update graphile_worker._private_jobs set attempts = attempts + 1, locked_by = $1, locked_at = now() where id = (
       select id from graphile_worker._private_jobs where is_available and payload ->> 'jobId' = any($2)
       order by priority, run_at, id limit 1 for update skip locked
     ) returning id, payload`,
    [poolId, [...book.jobs.keys()]],
  );
  const [task] = rows;
  if (!task) return;
  const options = { ...nextAttempt(task.payload), attempt: task.payload.attempt, workerId };
  if (await lifecycle.start(options)) {
    book.attempts.push({ ...options, taskId: task.id });
    book.moves += 1;
  } else await endTask(task.id); // it was cancelled or deleted in between
}

const endTask = (id: string) => database().pool.query('delete from graphile_worker._private_jobs where id = $1', [id]);

/** A worker says something of an attempt. What is refused was ended from outside, or its task ends as a failed one. */
async function speak(book: Book, verb: (typeof speaking)[number], at: number, lifecycle: Lifecycle): Promise<void> {
  const attempt = book.attempts.at(-1 - (at % book.attempts.length));
  if (!attempt) return;
  try {
    await say(book, verb, attempt, lifecycle);
  } catch (error) {
    if (!(error instanceof MoveRefused)) throw error;
    if (await lifecycle.free(attempt)) return void (await endTask(attempt.taskId));
    await database().pool.query(
      `update graphile_worker._private_jobs set locked_by = null, locked_at = null where id = $1 and locked_by = $2`,
      [attempt.taskId, `pool-${attempt.workerId}`],
    );
  }
}

async function say(
  book: Book,
  verb: (typeof speaking)[number],
  attempt: Book['attempts'][number],
  lifecycle: Lifecycle,
): Promise<void> {
  if (verb === 'report') return await lifecycle.report(attempt, { percent: 50 }, 60_000);
  if (verb === 'free') return void (await lifecycle.free(attempt));
  if (verb === 'complete') {
    await lifecycle.complete(attempt, { score: 1 });
    endRound(book, attempt.jobId, { isPaidBack: false });
  } else if (verb === 'fail') {
    await lifecycle.fail(attempt, { code: 'HANDLER_ERROR', message: 'It broke' });
    endRound(book, attempt.jobId, { isPaidBack: true });
  } else await lifecycle.release(attempt, { delayMs: 0, countsAttempt: attempt.attempt < MAX_ATTEMPTS });
  book.moves += 1;
  await endTask(attempt.taskId);
}

/** A user steers one of his jobs. */
async function steer(book: Book, verb: (typeof steering)[number], at: number, lifecycle: Lifecycle): Promise<void> {
  const [jobId, job] = [...book.jobs].at(-1 - (at % book.jobs.size)) ?? [];
  if (!jobId || !job) return;
  const scope = { owner: book.users[job.user]! };
  if (verb === 'syncStatus') {
    expect(await lifecycle.syncStatus(jobId)).toSatisfy((actions) => actions === null || actions.length === 0);
    return;
  }
  const acts = {
    async cancel() {
      const outcome = await lifecycle.cancel({ jobId, scope, message: 'Cancelled by user' });
      if (outcome.outcome !== 'CANCELLED' || !outcome.changed) return false;
      endRound(book, jobId, { isPaidBack: true });
      return true;
    },
    async retry() {
      const outcome = await lifecycle.retry({ jobId, scope, priceOf: () => job.price, tierPriority: 0 });
      if (outcome.outcome !== 'RETRIED') return false;
      earn(book, job.user, -job.price);
      job.rounds += 1;
      return true;
    },
    async bury() {
      const outcome = await lifecycle.bury(jobId, scope);
      return outcome.outcome === 'DELETED' && outcome.changed;
    },
    forceDelete: async () => noteErased(await lifecycle.forceDelete(jobId, scope)),
    deleteResult: async () => noteErased(await lifecycle.deleteResult(job.resultId, scope)),
  };
  const noteErased = ({ outcome }: { outcome: string }) => {
    job.isErased ||= outcome === 'DELETED';
    return outcome === 'DELETED';
  };
  if (await acts[verb]()) book.moves += 1;
}

/** The worker of an attempt falls silent: nothing of it was heard for an hour. */
async function lose(book: Book, at: number): Promise<void> {
  const attempt = book.attempts.at(-1 - (at % book.attempts.length));
  if (!attempt) return;
  await bend(
    database().pool,
    `with silent as (update workers set heartbeat_at = now() - interval '1 hour' where id = $1),
       unheard as (
         update graphile_worker._private_jobs set locked_at = now() - interval '1 hour' where locked_by = 'pool-' || $1::text
       )
     update analysis_jobs set lease_expires_at = now() - interval '1 hour' where lease_token = $2`,
    [attempt.workerId, attempt.leaseToken],
  );
}

async function perform(book: Book, step: Act, { lifecycle }: Process): Promise<void> {
  switch (step.do) {
    case 'submit':
      return await submitOne(book, step, lifecycle);
    case 'start':
      return await startNext(book, lifecycle);
    case 'lose':
      return await lose(book, step.pick);
    case 'rescue': {
      const { failed, released } = await lifecycle.rescue({ leaseMs: book.leaseMs, runLimitsMs: {}, seenAt: ALWAYS });
      for (const jobId of failed) endRound(book, jobId, { isPaidBack: true });
      book.moves += failed.length + released.length;
      return;
    }
    case 'grant': {
      const { user: owner, amount } = step;
      const grant = { userId: book.users[owner]!, amount, reason: 'A test', grantedBy: 'service:desk' };
      if ((await lifecycle.grant(grant)).outcome === 'GRANTED') earn(book, owner, amount);
      return;
    }
    case 'complete':
    case 'fail':
    case 'release':
    case 'report':
    case 'free':
      return await speak(book, step.do, step.pick, lifecycle);
    default:
      return await steer(book, step.do, step.pick, lifecycle);
  }
}

async function performAll(book: Book, batches: Act[][]): Promise<void> {
  for (const acts of batches) {
    await Promise.all(acts.map((step, index) => perform(book, step, index % 2 === 0 ? first() : second())));
    settleErased(book);
  }
}

const MOVES_AT_LEAST = 1_000;

describe('any workload', () => {
  it('leaves rows that fit each other, the balances that it answered, and nothing to mend', async () => {
    let moves = 0;
    await fc.assert(
      fc.asyncProperty(workload, async (batches) => {
        if (moves >= MOVES_AT_LEAST) return;
        const book = await openBook();
        await performAll(book, batches);
        const balances = await Promise.all(book.users.map((userId) => readBalance(database().pool, userId)));
        expect(balances).toEqual(book.balances);
        expect(await findBroken(database().pool, SILENT)).toEqual({});
        const { lifecycle } = first();
        for (const jobId of book.jobs.keys()) expect((await lifecycle.syncStatus(jobId)) ?? [], jobId).toEqual([]);
        expect(await lifecycle.findOrphans()).toEqual({ jobIds: [], resultIds: [], fileIds: [] });
        moves += book.moves;
      }),
      { numRuns: 100 },
    );
    expect(moves).toBeGreaterThanOrEqual(MOVES_AT_LEAST);
  }, 300_000);
});
