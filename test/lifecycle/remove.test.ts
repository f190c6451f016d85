import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isFinished } from '../../src/entities/job-status.ts';
import { bury, deleteResult } from '../../src/lifecycle/remove.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { cancelOf, hearStops, interrupted, nextAttempt, retryOf, STANDINGS, useProcess, work } from './lifecycles.ts';
import { bend, breakWrites, readAllRows, readBalance, readJob, readRemains } from './rows.ts';

const database = useDatabase();
const api = useProcess(database, 'api');
const worker = useProcess(database, 'worker');

const live = STANDINGS.filter(({ deleted }) => !deleted);
const finished = live.filter(({ status }) => isFinished(status));
const active = live.filter(({ status }) => !isFinished(status));
const broken = { code: 'HANDLER_ERROR', message: 'It broke' } as const;
const notFound = { outcome: 'NOT_FOUND' };
const ownerOf = ({ userId }: { userId: string }) => ({ owner: userId });

async function expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
  const before = await readAllRows(database().pool);
  await act();
  expect(await readAllRows(database().pool)).toEqual(before);
}

describe('a deletion', () => {
  it.each(finished)('leaves the row and its times, and pays nothing back, of %o', async (standing) => {
    const { pool } = database();
    const made = await makeJob(pool, { ...standing, price: 2 });
    const before = await readJob(pool, made.jobId);
    expect(await api().lifecycle.bury(made.jobId, ownerOf(made))).toEqual({
      outcome: 'DELETED',
      jobId: made.jobId,
      resultId: made.resultId,
      changed: true,
    });
    const { jobs, results, events, ledger, tasks } = await readRemains(pool, made.jobId);
    const [job] = jobs;
    expect(job).toEqual({
      ...before.job,
      ...{ status: 'CANCELLED', seq: before.job.seq + 1, result_id: null },
      ...{ deleted_at: job?.updated_at, updated_at: job?.updated_at },
      failure_message: before.job.failure_code === null ? null : 'Deleted',
    });
    expect(Date.parse(String(job?.deleted_at))).toBeGreaterThan(Date.parse(String(job?.finished_at)));
    expect(results).toEqual([]);
    expect(events).toHaveLength(before.events.length + 1);
    expect(events.at(-1)).toMatchObject({
      type: 'DELETED',
      seq: job?.seq,
      result_id: made.resultId,
      token_balance: null,
    });
    expect(ledger).toEqual(before.ledger);
    expect(tasks).toEqual([]);
    expect(await readBalance(pool, made.userId)).toBe(standing.status === 'COMPLETED' ? 0 : 2);
  });

  it.each(finished)('leaves not a word of what the job was about, of %o', async (standing) => {
    const { pool } = database();
    const [word, count] = ['THE-SECRET', () => countWord(pool, 'THE-SECRET')];
    const made = await makeJob(pool, { ...standing, testData: { word }, testResult: { word } });
    await bend(
      pool,
      `update analysis_results set raw_responses = jsonb_build_object('word', $2::text) where job_id = $1`,
      [made.jobId, word],
    );
    await bend(
      pool,
      `update job_events set error_message = $2::text, progress = progress || jsonb_build_object('message', $2::text)
       where job_id = $1`,
      [made.jobId, word],
    );
    await bend(
      pool,
      `update analysis_jobs set progress = progress || jsonb_build_object('message', $2::text),
         failure_message = case when failure_code is not null then $2 end where id = $1`,
      [made.jobId, word],
    );
    expect(await count()).toBeGreaterThan(4);
    await api().lifecycle.bury(made.jobId, ownerOf(made));
    expect(await count()).toBe(0);
  });

  it.each(finished)('is done once: again it answers the same and changes nothing, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const once = await api().lifecycle.bury(made.jobId, ownerOf(made));
    api().woken.length = 0;
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.bury(made.jobId, ownerOf(made))).toEqual({ ...once, changed: false });
    });
    expect(api().woken).toEqual([]);
  });

  it.each(finished)('leaves nothing to cancel, to retry or to take the result of, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await api().lifecycle.bury(made.jobId, ownerOf(made));
    await expectNothingChanged(async () => {
      for (const scope of [ownerOf(made), 'any owner'] as const) {
        expect(await api().lifecycle.cancel({ ...cancelOf(made), scope })).toEqual(notFound);
        expect(await api().lifecycle.retry({ ...retryOf(made), scope })).toEqual(notFound);
        expect(await api().lifecycle.deleteResult(made.resultId!, scope)).toEqual(notFound);
      }
    });
  });

  it.each(finished.filter(({ threadRuns }) => threadRuns))(
    'lets the thread that still runs say when it is gone, of %o',
    async (standing) => {
      const made = await makeJob(database().pool, standing);
      await api().lifecycle.bury(made.jobId, ownerOf(made));
      const before = await readRemains(database().pool, made.jobId);
      expect(await worker().lifecycle.free(made)).toBe(true);
      const after = await readRemains(database().pool, made.jobId);
      const { worker_free_at } = after.jobs[0]!;
      const lease = { lease_token: null, lease_expires_at: null, worker_id: null };
      expect(worker_free_at).not.toBeNull();
      expect(after).toEqual({ ...before, jobs: [{ ...before.jobs[0], ...lease, worker_free_at }] });
    },
  );

  it('keeps the idempotency key, so that a replay finds the tombstone', async () => {
    const userId = await makeAccount(database().pool);
    const idempotency = { key: 'k', mutation: 'm', inputHash: 'h' };
    const submit = () => api().lifecycle.submit(userId, [work({ idempotency })]);
    const [first] = (await submit()).outcomes;
    const jobId = first?.outcome === 'SUBMITTED' ? first.job.id : '';
    await api().lifecycle.cancel(cancelOf({ jobId, userId }));
    await api().lifecycle.bury(jobId, { owner: userId });
    const [replay] = (await submit()).outcomes;
    expect(replay).toMatchObject({ outcome: 'SUBMITTED', replayed: true, job: { id: jobId, status: 'CANCELLED' } });
  });

  it.each(STANDINGS)('of a stranger’s job finds nothing, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.bury(made.jobId, { owner: randomUUID() })).toEqual(notFound);
    });
  });

  it.each(['analysis_jobs', 'job_events'])('that breaks at %s leaves all as it was', async (table) => {
    const made = await makeJob(database().pool, { status: 'COMPLETED' });
    await expectNothingChanged(async () => {
      await using _broken = await breakWrites(database().pool, table, 'raise');
      await expect(api().lifecycle.bury(made.jobId, ownerOf(made))).rejects.toThrow('broken on purpose');
    });
  });

  it('of a job that ended between the refusal and the question why is done after all', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const em = interrupted(api().orm, () => worker().lifecycle.complete(made, { score: 1 }));
    expect(await bury(em, made.jobId, ownerOf(made))).toMatchObject({ outcome: 'DELETED', changed: true });
  });
});

async function countWord(pool: ReturnType<typeof database>['pool'], word: string): Promise<number> {
  return JSON.stringify(await readAllRows(pool)).split(word).length - 1;
}

type Erase = (made: { jobId: string; resultId: string | null; userId: string }) => Promise<unknown>;
const erasures: [string, Erase, typeof STANDINGS][] = [
  ['a forced deletion', (made) => api().lifecycle.forceDelete(made.jobId, ownerOf(made)), live],
  ['a deletion of the result', (made) => api().lifecycle.deleteResult(made.resultId!, ownerOf(made)), finished],
];

describe.each(erasures)('%s', (_, erase, standings) => {
  it.each(standings)('leaves nothing but one event and the money, of %o', async (standing) => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { ...standing, userId, price: 2 });
    await pool.query(
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id) values ($1, 'k', 'm', 'h', $2)`,
      [userId, made.jobId],
    );
    const before = await readJob(pool, made.jobId);
    api().woken.length = 0;
    expect(await erase(made)).toEqual({
      outcome: 'DELETED',
      jobId: made.jobId,
      resultId: made.resultId,
      changed: true,
    });
    expect(api().woken).toEqual([made.jobId]);

    const { events, ledger, tasks, ...gone } = await readRemains(pool, made.jobId);
    expect(gone).toEqual({ jobs: [], results: [], keys: [] });
    const wasActive = !isFinished(standing.status);
    const balance = standing.status === 'COMPLETED' ? 7 : 9;
    expect(events).toMatchObject([
      {
        ...{ type: 'DELETED', status: 'CANCELLED', seq: before.job.seq + 1, user_id: userId, result_id: made.resultId },
        ...{ round: 1, attempt: before.job.attempt, progress: { percent: 0 }, error_message: null },
        token_balance: wasActive ? balance : null,
      },
    ]);
    const refunds = standing.status === 'COMPLETED' ? [] : [{ entry: 'REFUND', amount: 2, balance: 9, round: 1 }];
    expect(ledger).toMatchObject([{ entry: 'CHARGE', amount: -2, balance: 7 }, ...refunds]);
    expect(ledger.slice(0, before.ledger.length)).toEqual(before.ledger);
    expect(await readBalance(pool, userId)).toBe(balance);
    if (standing.status === 'PROCESSING') expect(tasks).toMatchObject([{ runnable: false, key: null }]);
    else expect(tasks).toEqual([]);
  });

  it.each(standings)('tells the worker that holds a lease, and nobody else, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const { job } = await readJob(database().pool, made.jobId);
    await using stops = await hearStops(database().pool);
    await erase(made);
    expect(await stops.read()).toEqual(job.lease_token === null ? [] : [made.leaseToken]);
  });

  it.each(standings)('leaves a worker nothing to write to, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await erase(made);
    const { lifecycle } = worker();
    await expectNothingChanged(async () => {
      const refusal = { name: 'MoveRefused', status: null };
      await expect(lifecycle.report(made, { percent: 99 }, 60_000)).rejects.toMatchObject(refusal);
      await expect(lifecycle.complete(made, { late: true })).rejects.toMatchObject(refusal);
      await expect(lifecycle.fail(made, broken)).rejects.toMatchObject(refusal);
      await expect(lifecycle.release(made, { delayMs: 0, countsAttempt: false })).rejects.toMatchObject(refusal);
      expect(await lifecycle.free(made)).toBe(false);
      expect(await lifecycle.start(nextAttempt(made))).toBeNull();
    });
  });

  it('leaves nothing for a second one, nor for a cancel, a retry or a deletion', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await erase(made);
    await expectNothingChanged(async () => {
      expect(await erase(made)).toEqual(notFound);
      expect(await api().lifecycle.cancel(cancelOf(made))).toEqual(notFound);
      expect(await api().lifecycle.retry(retryOf(made))).toEqual(notFound);
      expect(await api().lifecycle.bury(made.jobId, ownerOf(made))).toEqual(notFound);
    });
  });

  it.each(STANDINGS)('of a stranger’s finds nothing, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await expectNothingChanged(async () => {
      const given = { jobId: made.jobId, resultId: made.resultId ?? randomUUID(), userId: randomUUID() };
      expect(await erase(given)).toEqual(notFound);
    });
  });

  it('of what is not there finds nothing', async () => {
    await expectNothingChanged(async () => {
      expect(await erase({ jobId: randomUUID(), resultId: randomUUID(), userId: randomUUID() })).toEqual(notFound);
    });
  });

  it('takes nothing that belongs to another job', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { status: 'COMPLETED', userId });
    const others: string[] = [];
    for (const standing of live) others.push((await makeJob(pool, { ...standing, userId, price: 0 })).jobId);
    const read = () => Promise.all(others.map((jobId) => readJob(pool, jobId)));
    const before = await read();
    await erase(made);
    expect(await read()).toEqual(before);
  });

  it('that breaks at the event leaves all as it was', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await expectNothingChanged(async () => {
      await using _broken = await breakWrites(database().pool, 'job_events', 'raise');
      await expect(erase(made)).rejects.toThrow('broken on purpose');
    });
  });
});

describe('a forced deletion', () => {
  it('takes a tombstone away, and with it its first DELETED event', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'COMPLETED' });
    await api().lifecycle.bury(made.jobId, ownerOf(made));
    const { jobs, ledger } = await readRemains(pool, made.jobId);
    expect(await api().lifecycle.forceDelete(made.jobId, ownerOf(made))).toMatchObject({
      outcome: 'DELETED',
      changed: true,
    });
    expect(await readRemains(pool, made.jobId)).toMatchObject({
      jobs: [],
      events: [{ type: 'DELETED', seq: Number(jobs[0]?.seq) + 1, token_balance: null }],
      ledger,
    });
  });

  it.each(active)('of work without a price pays nothing back, of %o', async (standing) => {
    const made = await makeJob(database().pool, { ...standing, price: 0 });
    await api().lifecycle.forceDelete(made.jobId, ownerOf(made));
    const { events, ledger } = await readRemains(database().pool, made.jobId);
    expect(ledger).toEqual([]);
    expect(events).toMatchObject([{ token_balance: null }]);
  });

  it.each(active)('that breaks at the refund leaves all as it was, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await using stops = await hearStops(database().pool);
    for (const table of ['accounts', 'ledger_entries']) {
      await expectNothingChanged(async () => {
        await using _broken = await breakWrites(database().pool, table, 'raise');
        await expect(api().lifecycle.forceDelete(made.jobId, ownerOf(made))).rejects.toThrow('broken on purpose');
      });
    }
    expect(await stops.read()).toEqual([]);
  });

  it('in a later round pays back that round, and no other', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { status: 'FAILED', userId, price: 2 });
    await api().lifecycle.retry(retryOf(made, 3));
    await api().lifecycle.forceDelete(made.jobId, ownerOf(made));
    const { ledger } = await readRemains(pool, made.jobId);
    expect(ledger.map(({ entry, amount, round }) => [entry, amount, round])).toEqual([
      ['CHARGE', -2, 1],
      ['REFUND', 2, 1],
      ['CHARGE', -3, 2],
      ['REFUND', 3, 2],
    ]);
    expect(await readBalance(pool, userId)).toBe(9);
  });

  it('frees the idempotency key: the same submission is a new job, charged anew', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const submission = work({ idempotency: { key: 'k', mutation: 'm', inputHash: 'h' } });
    const submit = async () => (await api().lifecycle.submit(userId, [submission])).outcomes[0];
    const first = await submit();
    const jobId = first?.outcome === 'SUBMITTED' ? first.job.id : '';
    await api().lifecycle.forceDelete(jobId, { owner: userId });
    const second = await submit();
    expect(second).toMatchObject({ outcome: 'SUBMITTED', replayed: false, job: { status: 'QUEUED' } });
    expect(second?.outcome === 'SUBMITTED' && second.job.id).not.toBe(jobId);
    expect(await readBalance(database().pool, userId)).toBe(4);
  });
});

describe('a deletion of the result', () => {
  it.each(active)('of a job that is not finished is refused and changes nothing, of %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.deleteResult(made.resultId!, ownerOf(made))).toMatchObject({
        outcome: 'JOB_ACTIVE',
        job: { id: made.jobId, status: standing.status },
      });
    });
  });

  it('of a job that ended between the refusal and the question why is done after all', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const em = interrupted(api().orm, () => worker().lifecycle.complete(made, { score: 1 }), 2);
    expect(await deleteResult(em, made.resultId!, ownerOf(made))).toMatchObject({ outcome: 'DELETED' });
  });
});
