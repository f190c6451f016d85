import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import type { Start } from '../../src/lifecycle/attempt.ts';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob, makeWorker } from '../support/factory.ts';
import { findBroken } from './invariants.ts';
import { nextAttempt, type Process, readShortLease, useProcess, work } from './lifecycles.ts';
import { readBalance } from './rows.ts';

const database = useDatabase();
const first = useProcess(database, 'first');
const second = useProcess(database, 'second');

const USERS = 3;
const MAX_ATTEMPTS = 2;
const user = fc.nat(USERS - 1);
/** Which of the attempts so far: also one that is over, so that zombies are among them. */
const pick = fc.nat(20);

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('submit' as const), user, price: fc.nat(3), key: fc.nat(6) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('complete', 'fail', 'release', 'report'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lose' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rescue' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('grant' as const), user, amount: fc.constantFrom(-2, -1, 1, 2) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Acts of one batch run at once, in two processes by turns. */
const workload = fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 20 });

/** What the answers of the lifecycle add up to, kept apart from what the database says. */
interface Book {
  users: string[];
  balances: number[];
  jobs: Map<string, { user: number; price: number }>;
  attempts: (Start & { taskId: string })[];
  leaseMs: number;
}

async function openBook(): Promise<Book> {
  const { pool } = database();
  const balances = [0, 3, 10];
  const users = await Promise.all(balances.map((balance) => makeAccount(pool, { balance })));
  return { users, balances, jobs: new Map(), attempts: [], leaseMs: await readShortLease(pool) };
}

function earn(book: Book, owner: number, amount: number): void {
  book.balances[owner] = (book.balances[owner] ?? 0) + amount;
}

function payBack(book: Book, jobId: string): void {
  const job = book.jobs.get(jobId);
  if (job) earn(book, job.user, job.price);
}

async function submitOne(book: Book, options: { user: number; price: number; key: number }, lifecycle: Lifecycle) {
  const { user: owner, price, key } = options;
  const idempotency = key < 4 ? { key: `${key}`, mutation: 'm', inputHash: `${price}` } : undefined;
  const submission = work({ price, maxAttempts: MAX_ATTEMPTS, ...(idempotency ? { idempotency } : {}) });
  const { outcomes } = await lifecycle.submit(book.users[owner]!, [submission]);
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'SUBMITTED' || outcome.replayed) return;
  earn(book, owner, -price);
  book.jobs.set(outcome.job.id, { user: owner, price });
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
  book.attempts.push({ ...options, taskId: task.id });
  expect(await lifecycle.start(options)).not.toBeNull();
}

/** A worker says something of an attempt; when it is refused it ends its task as a failed one. */
async function speak(book: Book, verb: 'complete' | 'fail' | 'release' | 'report', at: number, lifecycle: Lifecycle) {
  const { pool } = database();
  const attempt = book.attempts[at % book.attempts.length];
  if (!attempt) return;
  try {
    if (verb === 'report') return await lifecycle.report(attempt, { percent: 50 }, 60_000);
    if (verb === 'complete') await lifecycle.complete(attempt, { score: 1 });
    if (verb === 'release') {
      const countsAttempt = at % 2 === 0 && attempt.attempt < MAX_ATTEMPTS;
      await lifecycle.release(attempt, { delayMs: 0, countsAttempt });
    }
    if (verb === 'fail') {
      await lifecycle.fail(attempt, { code: 'HANDLER_ERROR', message: 'It broke' });
      payBack(book, attempt.jobId);
    }
    await pool.query('delete from graphile_worker._private_jobs where id = $1', [attempt.taskId]);
  } catch (error) {
    if (!(error instanceof MoveRefused)) throw error;
    await pool.query(
      `update graphile_worker._private_jobs set locked_by = null, locked_at = null where id = $1 and locked_by = $2`,
      [attempt.taskId, `pool-${attempt.workerId}`],
    );
  }
}

/** The worker of an attempt falls silent: nothing of it was heard for an hour. */
async function lose(book: Book, at: number): Promise<void> {
  const attempt = book.attempts[at % book.attempts.length];
  if (!attempt) return;
  await database().pool.query(
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
      const { failed } = await lifecycle.rescue({ leaseMs: book.leaseMs });
      for (const jobId of failed) payBack(book, jobId);
      return;
    }
    case 'grant': {
      const { user: owner, amount } = step;
      const grant = { userId: book.users[owner]!, amount, reason: 'A test', grantedBy: 'service:desk' };
      if ((await lifecycle.grant(grant)).outcome === 'GRANTED') earn(book, owner, amount);
      return;
    }
    default:
      return await speak(book, step.do as 'complete' | 'fail' | 'release' | 'report', step.pick, lifecycle);
  }
}

describe('any workload', () => {
  it('leaves a ledger, a log, a queue and results that fit the jobs, and the balances that it answered', async () => {
    await fc.assert(
      fc.asyncProperty(workload, async (batches) => {
        const book = await openBook();
        for (const batch of batches) {
          await Promise.all(batch.map((step, index) => perform(book, step, index % 2 === 0 ? first() : second())));
        }
        const balances = await Promise.all(book.users.map((userId) => readBalance(database().pool, userId)));
        expect(balances).toEqual(book.balances);
        expect(await findBroken(database().pool, book.users)).toEqual({});
      }),
      { numRuns: 25, interruptAfterTimeLimit: 30_000 },
    );
  }, 60_000);
});

describe('the rules that a workload is held against', () => {
  it('hold for jobs of every status', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool);
    for (const status of Object.values(JobStatus)) await makeJob(pool, { userId, status, attempt: 1 });
    expect(await findBroken(pool, [userId])).toEqual({});
  });

  it.each([
    ['a balance is the sum', (id: string) => `update accounts set balance = 5 where user_id = '${id}'`],
    ['each entry tells', (id: string) => `update ledger_entries set balance = 7 where user_id = '${id}'`],
    [
      'a priced round is charged',
      (id: string) => `update ledger_entries set round = 7 where user_id = '${id}' and round = 1`,
    ],
    ['events are numbered', (id: string) => `delete from job_events where user_id = '${id}' and seq = 1`],
    [
      'the last event has the status',
      (id: string) => `update job_events set type = 'STARTED', status = 'PROCESSING' where user_id = '${id}'`,
    ],
    [
      'a waiting job has exactly one',
      (id: string) => `update graphile_worker._private_jobs set attempts = 1
        where payload ->> 'jobId' = (select j.id::text from analysis_jobs j where user_id = '${id}')`,
    ],
  ])('find what is wrong: %s', async (rule, damage) => {
    const { pool } = database();
    const { userId } = await makeJob(pool, { status: 'QUEUED' });
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(damage(userId));
      const broken = await findBroken(client, [userId]);
      expect(Object.keys(broken)).toContainEqual(expect.stringContaining(rule));
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
