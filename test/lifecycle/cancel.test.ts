import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/entities/scope.ts';
import { cancel } from '../../src/lifecycle/cancel.ts';
import { beat } from '../../src/lifecycle/heartbeat.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import { cancelOf, hearStops, interrupted, retryOf, STANDINGS, useProcess } from './lifecycles.ts';
import { breakWrites, holdLock, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase();
const api = useProcess(database, 'api');
const worker = useProcess(database, 'worker');

async function expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
  const before = await readAllRows(database().pool);
  await act();
  expect(await readAllRows(database().pool)).toEqual(before);
}

describe('a cancel', () => {
  it('of a waiting job ends it, pays it back and takes its task', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 7 });
    const made = await makeJob(pool, { status: 'QUEUED', userId, price: 3 });
    const outcome = await api().lifecycle.cancel(cancelOf(made));
    const { job, result, events, ledger, tasks } = await readJob(pool, made.jobId);
    expect(job).toMatchObject({
      status: 'CANCELLED',
      failure_code: 'CANCELLED',
      failure_message: 'Cancelled by user',
      finished_at: job.updated_at,
      worker_free_at: job.updated_at,
      progress: { percent: 0 },
      refunded: true,
      lease_token: null,
    });
    expect(result).toMatchObject({ status: 'CANCELLED', test_result: null });
    expect(events.map(({ type }) => type)).toEqual(['QUEUED', 'CANCELLED']);
    expect(events.at(-1)).toMatchObject({ token_balance: 7, error_message: 'Cancelled by user' });
    expect(ledger).toMatchObject([
      { entry: 'CHARGE', amount: -3, balance: 4 },
      { entry: 'REFUND', amount: 3, balance: 7, round: 1 },
    ]);
    expect(tasks).toEqual([]);
    expect(outcome).toMatchObject({ outcome: 'CANCELLED', changed: true, tokenBalance: 7, job: { id: made.jobId } });
    expect(await readBalance(pool, userId)).toBe(7);
  });

  it('of a running job leaves its lease until the thread is gone, and its progress in the event', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING', price: 2 });
    await worker().lifecycle.report(made, { percent: 61, message: 'Nearly' }, 60_000);
    await api().lifecycle.cancel(cancelOf(made));
    const { job, events, ledger, tasks } = await readJob(pool, made.jobId);
    expect(job).toMatchObject({
      status: 'CANCELLED',
      progress: { percent: 0 },
      finished_at: job.updated_at,
      lease_token: made.leaseToken,
      worker_id: made.workerId,
      worker_free_at: null,
    });
    expect(events.at(-1)).toMatchObject({
      type: 'CANCELLED',
      progress: { percent: 61, message: 'Nearly' },
      attempt: 1,
    });
    expect(ledger.map(({ entry }) => entry)).toEqual(['CHARGE', 'REFUND']);
    expect(tasks).toMatchObject([{ runnable: false, key: null, locked_by: made.poolId }]);
  });

  it('that waits for a report keeps the progress that was reported', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    const running: Promise<unknown>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
      running.push(worker().lifecycle.report(made, { percent: 88 }, 60_000));
      await waitUntilBlocked(pool, 1);
      running.push(api().lifecycle.cancel(cancelOf(made)));
      await waitUntilBlocked(pool, 2);
    }
    await Promise.all(running);
    const { job, events } = await readJob(pool, made.jobId);
    expect(job.progress).toEqual({ percent: 0 });
    expect(events.at(-1)).toMatchObject({ type: 'CANCELLED', progress: { percent: 88 } });
  });

  it('pays nothing back where nothing was paid', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', price: 0 });
    const outcome = await api().lifecycle.cancel(cancelOf(made));
    expect(outcome).toMatchObject({ outcome: 'CANCELLED', tokenBalance: null, job: { refunded: false } });
    expect((await readJob(database().pool, made.jobId)).ledger).toEqual([]);
  });

  it('by a service says by which, whosever job it is', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const message = 'Cancelled by service desk';
    const outcome = await api().lifecycle.cancel({ jobId: made.jobId, scope: 'any owner', message });
    expect(outcome).toMatchObject({ outcome: 'CANCELLED', job: { failureMessage: message } });
  });

  it.each(['QUEUED', 'PROCESSING'] as const)(
    'of a %s job twice gives the same job and changes nothing',
    async (status) => {
      const made = await makeJob(database().pool, { status });
      const once = await api().lifecycle.cancel(cancelOf(made));
      api().woken.length = 0;
      await expectNothingChanged(async () => {
        const twice = await api().lifecycle.cancel({ ...cancelOf(made), message: 'Cancelled by service desk' });
        expect(twice).toEqual({ ...once, changed: false, tokenBalance: null });
      });
      expect(api().woken).toEqual([]);
    },
  );

  it.each(STANDINGS)('of a stranger finds nothing, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const stranger = await makeAccount(database().pool);
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.cancel(cancelOf({ ...made, userId: stranger }))).toEqual({ outcome: 'NOT_FOUND' });
    });
  });

  it.each(['analysis_results', 'accounts', 'ledger_entries', 'job_events'])(
    'that breaks at %s leaves all as it was, and tells no worker',
    async (table) => {
      const { pool } = database();
      const made = await makeJob(pool, { status: 'PROCESSING' });
      await using stops = await hearStops(pool);
      await expectNothingChanged(async () => {
        await using _broken = await breakWrites(pool, table, 'raise');
        await expect(api().lifecycle.cancel(cancelOf(made))).rejects.toThrow('broken on purpose');
      });
      expect(await stops.read()).toEqual([]);
    },
  );

  it('ends a job that was retried between the refusal and the question why', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    const em = interrupted(api().orm, () => worker().lifecycle.retry(retryOf(made)));
    expect(await cancel(em, cancelOf(made))).toMatchObject({
      outcome: 'CANCELLED',
      changed: true,
      job: { status: 'CANCELLED', round: 2 },
    });
  });
});

describe('a cancel of many', () => {
  const cancelMany = (jobIds: string[], scope: Scope, process = api()) =>
    process.lifecycle.cancelMany(jobIds, { scope, message: 'Cancelled by user' });

  it('answers for each job as a cancel of it would, in the order that was asked for', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 20 });
    const made: MadeJob[] = [];
    for (const standing of STANDINGS) made.push(await makeJob(pool, { ...standing, userId, price: 2 }));
    const stranger = await makeJob(pool, { status: 'QUEUED' });
    const before = await readJob(pool, stranger.jobId);
    const jobIds = [stranger.jobId, ...made.map(({ jobId }) => jobId), randomUUID()].toReversed();
    const outcomes = await cancelMany(jobIds, { owner: userId });
    const told = outcomes.map((outcome) => [
      outcome.outcome,
      'job' in outcome ? outcome.job.id : null,
      'changed' in outcome && outcome.changed,
    ]);
    const expected = STANDINGS.map(({ status, deleted }, index) => {
      if (deleted) return ['NOT_FOUND', null, false];
      const isActive = status === 'QUEUED' || status === 'PROCESSING';
      const outcome = isActive || status === 'CANCELLED' ? 'CANCELLED' : 'JOB_FINISHED';
      return [outcome, made[index]?.jobId, isActive];
    });
    expect(told).toEqual([['NOT_FOUND', null, false], ...expected, ['NOT_FOUND', null, false]].toReversed());
    expect(await readJob(pool, stranger.jobId)).toEqual(before);
    expect(await readBalance(pool, userId)).toBe(16); // the one that completed and the one that was deleted after it had
  });

  it('takes the tasks of those that wait, and tells the workers of those that run', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 20 });
    const made: MadeJob[] = [];
    for (const status of ['QUEUED', 'PROCESSING', 'QUEUED', 'PROCESSING'] as const) {
      made.push(await makeJob(pool, { status, userId }));
    }
    const [, first, , second] = made as [MadeJob, MadeJob, MadeJob, MadeJob];
    await using stops = await hearStops(pool);
    await cancelMany(
      made.map(({ jobId }) => jobId),
      { owner: userId },
    );
    expect((await stops.read()).sort()).toEqual([first.leaseToken, second.leaseToken].sort());
    for (const { jobId } of made) {
      expect((await readJob(pool, jobId)).tasks.filter(({ runnable }) => runnable)).toEqual([]);
    }
  });

  it('takes the jobs in the order of their ids, so that two cannot wait for each other', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 20 });
    const jobIds: string[] = [];
    for (let n = 0; n < 5; n += 1) jobIds.push((await makeJob(pool, { status: 'QUEUED', userId })).jobId);
    jobIds.sort();
    const running: Promise<unknown>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [jobIds[0]]);
      running.push(cancelMany(jobIds.toReversed(), { owner: userId }));
      await waitUntilBlocked(pool);
      const { rows } = await pool.query<{ id: string }>(
        'select id from analysis_jobs where id = any($1) order by id for update skip locked',
        [jobIds],
      );
      expect(rows.map(({ id }) => id)).toEqual(jobIds.slice(1));
    }
    expect(await Promise.all(running)).toMatchObject([Array(5).fill({ outcome: 'CANCELLED', changed: true })]);
    expect(await readBalance(pool, userId)).toBe(20);
  });

  it('leaves to a later look what was retried while it waited for another', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 20 });
    const failed = await makeJob(pool, { status: 'FAILED', userId });
    const queued = await makeJob(pool, { status: 'QUEUED', userId });
    const running: Promise<unknown>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [queued.jobId]);
      running.push(cancelMany([failed.jobId, queued.jobId], { owner: userId }));
      await waitUntilBlocked(pool);
      await worker().lifecycle.retry(retryOf(failed));
    }
    expect(await Promise.all(running)).toMatchObject([
      [
        { outcome: 'CANCELLED', changed: true, job: { round: 2 } },
        { outcome: 'CANCELLED', changed: true, job: { round: 1 } },
      ],
    ]);
    expect(await readBalance(pool, userId)).toBe(20);
  });
});

describe('the worker of a cancelled job', () => {
  it('is told its lease when the cancel commits, and not before', async () => {
    const { pool } = database();
    const [kept, gone] = [await makeJob(pool, { status: 'PROCESSING' }), await makeJob(pool, { status: 'PROCESSING' })];
    await using stops = await hearStops(pool);
    const em = api().orm.em.fork();
    await em.transactional(async (transaction) => {
      expect(await cancel(transaction, cancelOf(gone))).toMatchObject({ changed: true });
      expect(await stops.read()).toEqual([]);
    });
    expect(await stops.read()).toEqual([gone.leaseToken]);

    const undone = em.transactional(async (transaction) => {
      await cancel(transaction, cancelOf(kept));
      throw new Error('thought better of it');
    });
    await expect(undone).rejects.toThrow('thought better of it');
    expect(await stops.read()).toEqual([]);
  });

  it('is not there where the job only waited, so nobody is told', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', attempt: 1 });
    await using stops = await hearStops(database().pool);
    await api().lifecycle.cancel(cancelOf(made));
    expect(await stops.read()).toEqual([]);
  });

  it('can write nothing more, with NOTIFY or without', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    await api().lifecycle.cancel(cancelOf(made));
    const { lifecycle } = worker();
    const writes = [
      () => lifecycle.report(made, { percent: 99 }, 60_000),
      () => lifecycle.complete(made, { late: true }),
      () => lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'Late' }),
      () => lifecycle.release(made, { delayMs: 0, countsAttempt: false }),
    ];
    await expectNothingChanged(async () => {
      for (const write of writes) await expect(write()).rejects.toMatchObject({ status: 'CANCELLED' });
    });
  });

  it('hears from its next beat that the lease is lost', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    const { workerId, poolId, jobId, leaseToken } = made;
    const leases = [{ jobId, leaseToken }];
    const options = { workerId, poolId, host: 'test', pid: 1, concurrency: 4, leaseMs: 60_000, leases };
    expect(await beat(pool, options)).toEqual([]);
    await api().lifecycle.cancel(cancelOf(made));
    expect(await beat(pool, options)).toEqual(leases);
  });
});

describe('a thread that is gone', () => {
  const held = [
    { status: 'FAILED', threadRuns: true },
    { status: 'CANCELLED', attempt: 1, threadRuns: true },
  ] as const;

  it.each(held)('is written down once, without an event, on %o', async (standing) => {
    const { pool } = database();
    const made = await makeJob(pool, standing);
    const before = await readJob(pool, made.jobId);
    worker().woken.length = 0;
    expect(await worker().lifecycle.free(made)).toBe(true);
    expect(worker().woken).toEqual([made.jobId]);
    const after = await readJob(pool, made.jobId);
    const { worker_free_at } = after.job;
    expect(Date.parse(String(worker_free_at))).toBeGreaterThan(Date.parse(String(before.job.finished_at)));
    const lease = { lease_token: null, lease_expires_at: null, worker_id: null };
    expect(after).toEqual({ ...before, job: { ...before.job, ...lease, worker_free_at } });
    await expectNothingChanged(async () => expect(await worker().lifecycle.free(made)).toBe(false));
  });

  it.each(held)('is not another one’s to write down, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await expectNothingChanged(async () => {
      expect(await worker().lifecycle.free({ ...made, leaseToken: randomUUID() })).toBe(false);
    });
  });

  it.each(STANDINGS.filter(({ threadRuns }) => !threadRuns))('is nobody’s to write down, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await expectNothingChanged(async () => expect(await worker().lifecycle.free(made)).toBe(false));
  });
});
