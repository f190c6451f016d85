import { describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import { MOVES, type MoveName } from '../../src/lifecycle/machine.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import { nextAttempt, type Process, useProcess } from './lifecycles.ts';
import { holdLock, readBalance, readJob } from './rows.ts';

const database = useDatabase();
const first = useProcess(database, 'first');
const second = useProcess(database, 'second');

type Finishing = Exclude<MoveName, 'start'>;

const verbs: Record<Finishing, (process: Process, made: MadeJob) => Promise<unknown>> = {
  complete: ({ lifecycle }, made) => lifecycle.complete(made, { score: 1 }),
  fail: ({ lifecycle }, made) => lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' }),
  release: ({ lifecycle }, made) => lifecycle.release(made, { delayMs: 0, countsAttempt: true }),
};
const names = Object.keys(verbs) as Finishing[];
const pairs = names.flatMap((winner) => names.map((loser) => [winner, loser] as const));

/**
 * Lets two processes ask for the same job while somebody else holds its row, so that both are under way before either is
 * decided. The row is then given to them in the order in which they came.
 */
async function race(jobId: string, ...acts: [() => Promise<unknown>, () => Promise<unknown>]) {
  const { pool } = database();
  const running: Promise<PromiseSettledResult<unknown>[]>[] = [];
  const waiting: string[][] = [];
  {
    await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [jobId]);
    for (const [index, act] of acts.entries()) {
      running.push(Promise.allSettled([act()]));
      waiting.push((await waitUntilBlocked(pool, index + 1)).map((backend) => backend.applicationName).sort());
    }
  }
  const [won, lost] = (await Promise.all(running)).flat();
  return { won, lost, waiting };
}

describe('two moves of one job at once', () => {
  it.each(pairs)('end with the first, %s, while %s is refused', async (winner, loser) => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 5 });
    const made = await makeJob(pool, { status: 'PROCESSING', userId, price: 2 });
    const { won, lost, waiting } = await race(
      made.jobId,
      () => verbs[winner](first(), made),
      () => verbs[loser](second(), made),
    );

    expect(waiting).toEqual([['first'], ['first', 'second']]);
    expect(won).toMatchObject({ status: 'fulfilled' });
    const status = MOVES[winner].to;
    expect(lost).toMatchObject({ status: 'rejected', reason: { name: 'MoveRefused', move: loser, status } });

    const { job, result, events, ledger, tasks } = await readJob(pool, made.jobId);
    expect(job).toMatchObject({ status, seq: 3 });
    expect(result).toMatchObject({ status });
    expect(events.map((event) => event.type)).toEqual(['QUEUED', 'STARTED', MOVES[winner].event]);
    expect(ledger.map(({ entry }) => entry)).toEqual(winner === 'fail' ? ['CHARGE', 'REFUND'] : ['CHARGE']);
    expect(await readBalance(pool, userId)).toBe(winner === 'fail' ? 5 : 3);
    expect(tasks.filter((task) => task.runnable)).toHaveLength(winner === 'release' ? 1 : 0);
  });

  it('start one attempt, whichever worker comes first', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const starts = [nextAttempt(made), nextAttempt(made)] as const;
    const { won, lost, waiting } = await race(
      made.jobId,
      () => first().lifecycle.start(starts[0]),
      () => second().lifecycle.start(starts[1]),
    );
    expect(waiting).toEqual([['first'], ['first', 'second']]);
    expect(won).toMatchObject({ value: { job: { attempt: 1, leaseToken: starts[0].leaseToken } } });
    expect(lost).toEqual({ status: 'fulfilled', value: null });
    const { job, events } = await readJob(database().pool, made.jobId);
    expect(job).toMatchObject({ lease_token: starts[0].leaseToken, seq: 2 });
    expect(events.map((event) => event.type)).toEqual(['QUEUED', 'STARTED']);
  });

  it.each(names)('let a report that comes after %s change nothing', async (name) => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    const { lost } = await race(
      made.jobId,
      () => verbs[name](first(), made),
      () => second().lifecycle.report(made, { percent: 77 }, 60_000),
    );
    expect(lost).toMatchObject({ reason: { name: 'MoveRefused', move: 'report', status: MOVES[name].to } });
    expect((await readJob(pool, made.jobId)).job.progress).not.toEqual({ percent: 77 });
  });
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
    const failing = verbs.fail(first(), made);
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
