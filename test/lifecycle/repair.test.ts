import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type JobOptions, lockTask, type MadeJob, makeAccount, makeJob, makeWorker } from '../support/factory.ts';
import { findBroken } from './invariants.ts';
import { nextAttempt, retryOf, STANDINGS, useProcess } from './lifecycles.ts';
import { bend, breakWrites, clearRows, holdLock, readAllRows, readBalance, readJob, readRemains } from './rows.ts';

const database = useDatabase({ bent: 'what cannot be mended is left as it is' });
const api = useProcess(database, 'api');
const other = useProcess(database, 'other');

beforeEach(async () => {
  await clearRows(database().pool);
});

/** A used-up task is the rescue's to clear away, and the jobs that run here have no worker. */
const UNATTENDED = { 'held-task-is-running': 'a used-up task lies about until the next rescue' };

const bendJob = ({ jobId }: MadeJob, set: string) =>
  bend(database().pool, `update analysis_jobs set ${set} where id = $1`, [jobId]);
const bendResult = ({ jobId }: MadeJob, set: string) =>
  bend(database().pool, `update analysis_results set ${set} where job_id = $1`, [jobId]);
/** A restore brings rows before it brings the CHECKs. */
async function bendResultUnchecked(made: MadeJob, set: string): Promise<void> {
  const { pool } = database();
  const { rows } = await pool.query<{ definition: string }>(
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'results_content_fits_status'`,
  );
  await pool.query('alter table analysis_results drop constraint results_content_fits_status');
  await bendResult(made, set);
  await pool.query(
    `alter table analysis_results add constraint results_content_fits_status ${rows[0]!.definition} not valid`,
  );
}

const loseRefund = ({ jobId, userId }: MadeJob) =>
  bend(
    database().pool,
    `with lost as (delete from ledger_entries where job_id = $1 and entry = 'REFUND' returning amount)
     update accounts set balance = balance - (select sum(amount) from lost) where user_id = $2`,
    [jobId, userId],
  );
const loseTask = ({ jobId }: MadeJob) =>
  bend(database().pool, `delete from graphile_worker._private_jobs where key = 'job:' || $1::text`, [jobId]);
const useUpTask = ({ jobId }: MadeJob) =>
  bend(database().pool, `update graphile_worker._private_jobs set attempts = 1 where key = 'job:' || $1::text`, [
    jobId,
  ]);

async function expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
  const before = await readAllRows(database().pool);
  await act();
  expect(await readAllRows(database().pool)).toEqual(before);
}

/** Where a job stands, how it is bent, and what is said to have been done about it. */
const faults: [what: string, standing: JobOptions, damage: (made: MadeJob) => Promise<unknown>, actions: string[]][] = [
  [
    'a result that is behind its job, and has the answer',
    { status: 'COMPLETED' },
    (made) => bendResultUnchecked(made, `status = 'PROCESSING'`),
    ['synced_result_status_processing_to_completed'],
  ],
  [
    'a result that still waits',
    { status: 'FAILED' },
    (made) => bendResult(made, `status = 'QUEUED'`),
    ['synced_result_status_queued_to_failed'],
  ],
  [
    'a result that still runs',
    { status: 'CANCELLED' },
    (made) => bendResult(made, `status = 'PROCESSING'`),
    ['synced_result_status_processing_to_cancelled'],
  ],
  [
    'a result with an answer that its job never gave',
    { status: 'FAILED' },
    (made) => bendResult(made, `status = 'COMPLETED', test_result = '{"a": 1}'`),
    ['synced_result_status_completed_to_failed'],
  ],
  [
    'a job that points nowhere',
    { status: 'COMPLETED' },
    (made) => bendJob(made, 'result_id = assay_uuid()'),
    ['cleared_orphaned_result_id'],
  ],
  ['a task that is gone', { status: 'QUEUED', attempt: 1 }, loseTask, ['requeued_lost_task']],
  ['a task that is used up and in nobody’s hands', { status: 'QUEUED' }, useUpTask, ['requeued_lost_task']],
  ['a refund that is gone', { status: 'FAILED', price: 3 }, loseRefund, ['issued_missing_refund']],
  ['a refund that is gone, of a cancel', { status: 'CANCELLED', price: 3 }, loseRefund, ['issued_missing_refund']],
  [
    'all of it at once',
    { status: 'FAILED', price: 2 },
    async (made) => {
      await bendResult(made, `status = 'PROCESSING'`);
      await bendJob(made, 'result_id = assay_uuid()');
      await loseRefund(made);
    },
    ['cleared_orphaned_result_id', 'synced_result_status_processing_to_failed', 'issued_missing_refund'],
  ],
];

describe('the repair of one job', () => {
  it.each(STANDINGS.filter(({ deleted }) => !deleted))('does nothing to a healthy one, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    api().woken.length = 0;
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(made.jobId)).toEqual([]));
    expect(api().woken).toEqual([]);
  });

  it.each(faults)('mends %s, on %o', async (_, standing, damage, actions) => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { ...standing, userId });
    const [before, balance] = [await readJob(pool, made.jobId), await readBalance(pool, userId)];
    await damage(made);
    expect(await findBroken(pool, UNATTENDED)).not.toEqual({});
    api().woken.length = 0;
    expect(await api().lifecycle.syncStatus(made.jobId)).toEqual(actions);
    expect(api().woken).toEqual([made.jobId]);

    await pool.query('alter table analysis_results validate constraint results_content_fits_status');
    expect(await findBroken(pool, UNATTENDED)).toEqual({});
    const { job, events } = await readJob(pool, made.jobId);
    expect({ job, events }).toEqual({ job: before.job, events: before.events });
    expect(await readBalance(pool, userId)).toBe(balance);
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(made.jobId)).toEqual([]));
  });

  it('gives a lost task back as the next attempt of its round, in its place in the queue', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', attempt: 1, priority: 6, task: false });
    await api().lifecycle.syncStatus(made.jobId);
    expect((await readJob(database().pool, made.jobId)).tasks).toMatchObject([
      { runnable: true, priority: 6, payload: { jobId: made.jobId, round: 1, attempt: 2 } },
    ]);
  });

  it('leaves a task alone that a worker has just taken', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'QUEUED' });
    const { poolId } = await makeWorker(pool);
    await lockTask(pool, { jobId: made.jobId, poolId });
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(made.jobId)).toEqual([]));
  });

  it('pays back every round that is owed, each once, and the present one only where it failed', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 20 });
    const made = await makeJob(pool, { status: 'FAILED', userId, price: 1 });
    await api().lifecycle.retry(retryOf(made, 2));
    await api().lifecycle.cancel({ jobId: made.jobId, scope: 'any owner', message: 'No' });
    await api().lifecycle.retry(retryOf(made, 4));
    await loseRefund(made);
    expect(await api().lifecycle.syncStatus(made.jobId)).toEqual(['issued_missing_refund', 'issued_missing_refund']);
    const { ledger } = await readJob(pool, made.jobId);
    expect(ledger.filter(({ entry }) => entry === 'REFUND').map(({ round, amount }) => [round, amount])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await readBalance(pool, userId)).toBe(16);
  });

  it('pays nothing back that was never charged', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'FAILED', price: 0 });
    await bendJob(made, 'price = 5, refunded = true');
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(made.jobId)).toEqual([]));
  });

  it('cannot know an answer that is lost', async () => {
    const made = await makeJob(database().pool, { status: 'COMPLETED' });
    await bendResult(made, `status = 'FAILED', test_result = null`);
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(made.jobId)).toEqual([]));
  });

  it.each([
    ['of a tombstone', () => makeJob(database().pool, { status: 'FAILED', deleted: true }).then(({ jobId }) => jobId)],
    ['that is not there', () => Promise.resolve(randomUUID())],
  ])('finds no job, %s', async (_, make) => {
    const jobId = await make();
    await expectNothingChanged(async () => expect(await api().lifecycle.syncStatus(jobId)).toBeNull());
  });

  it('twice at once pays back once', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { status: 'FAILED', userId, price: 3 });
    await loseRefund(made);
    const running: Promise<unknown>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from accounts where user_id = $1', [userId]);
      running.push(api().lifecycle.syncStatus(made.jobId));
      await waitUntilBlocked(pool, 1);
      running.push(other().lifecycle.syncStatus(made.jobId));
      await waitUntilBlocked(pool, 2);
    }
    expect(await Promise.all(running)).toEqual([['issued_missing_refund'], []]);
    expect(await readBalance(pool, userId)).toBe(9);
  });

  it('that breaks in the middle leaves all as it was', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await bendResult(made, `status = 'QUEUED'`);
    await loseRefund(made);
    await expectNothingChanged(async () => {
      await using _broken = await breakWrites(database().pool, 'ledger_entries', 'raise');
      await expect(api().lifecycle.syncStatus(made.jobId)).rejects.toThrow('broken on purpose');
    });
  });
});

describe('the orphans', () => {
  const orphaned = STANDINGS.filter(({ deleted }) => !deleted);

  it('are none among healthy jobs of every standing', async () => {
    for (const standing of STANDINGS) await makeJob(database().pool, standing);
    expect(await api().lifecycle.findOrphans()).toEqual({ jobIds: [], resultIds: [], fileIds: [] });
    await expectNothingChanged(async () => {
      expect(await api().lifecycle.removeOrphans()).toEqual({ jobIds: [], resultIds: [], fileIds: [] });
    });
  });

  it.each(orphaned)(
    'are a live job without its result, which is removed and paid back if it was active, on %o',
    async (standing) => {
      const { pool } = database();
      const userId = await makeAccount(pool, { balance: 9 });
      const made = await makeJob(pool, { ...standing, userId, price: 2 });
      await makeJob(pool, { status: 'FAILED' });
      await bend(pool, 'delete from analysis_results where job_id = $1', [made.jobId]);
      const found = { jobIds: [made.jobId], resultIds: [], fileIds: [] };
      await expectNothingChanged(async () => expect(await api().lifecycle.findOrphans()).toEqual(found));
      api().woken.length = 0;
      expect(await api().lifecycle.removeOrphans()).toEqual(found);
      expect(api().woken).toEqual([made.jobId]);
      const { jobs, events } = await readRemains(pool, made.jobId);
      expect(jobs).toEqual([]);
      expect(events).toMatchObject([{ type: 'DELETED' }]);
      expect(await readBalance(pool, userId)).toBe(standing.status === 'COMPLETED' ? 7 : 9);
      expect(await api().lifecycle.findOrphans()).toEqual({ jobIds: [], resultIds: [], fileIds: [] });
    },
  );

  it.each(orphaned)('are a result without its job, which is removed and nothing else, on %o', async (standing) => {
    const { pool } = database();
    const [made, kept] = [await makeJob(pool, standing), await makeJob(pool, standing)];
    const before = await readJob(pool, kept.jobId);
    await bend(pool, 'delete from analysis_jobs where id = $1', [made.jobId]);
    const found = { jobIds: [], resultIds: [made.resultId], fileIds: [] };
    await expectNothingChanged(async () => expect(await api().lifecycle.findOrphans()).toEqual(found));
    expect(await api().lifecycle.removeOrphans()).toEqual(found);
    expect((await readRemains(pool, made.jobId)).results).toEqual([]);
    expect(await readJob(pool, kept.jobId)).toEqual(before);
  });

  it('are removed once by two at the same time', async () => {
    const { pool } = database();
    const userId = await makeAccount(pool, { balance: 9 });
    const made = await makeJob(pool, { status: 'QUEUED', userId, price: 2 });
    await bend(pool, 'delete from analysis_results where job_id = $1', [made.jobId]);
    const running: ReturnType<ReturnType<typeof api>['lifecycle']['removeOrphans']>[] = [];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [made.jobId]);
      running.push(api().lifecycle.removeOrphans(), other().lifecycle.removeOrphans());
      await waitUntilBlocked(pool, 2);
    }
    expect((await Promise.all(running)).flatMap(({ jobIds }) => jobIds)).toEqual([made.jobId]);
    expect(await readBalance(pool, userId)).toBe(9);
  });
});

describe('the stuck jobs', () => {
  it('are the running ones that were silent for so long, the most silent first', async () => {
    const { pool } = database();
    const silent = async (leaseExpiresIn: number) =>
      (await makeJob(pool, { status: 'PROCESSING', leaseExpiresIn, createdAt: 3_600 })).jobId;
    const [a, b, c] = [await silent(-60), await silent(-600), await silent(-180)];
    for (const standing of STANDINGS) if (standing.status !== 'PROCESSING') await makeJob(pool, standing);
    const find = async (seconds: number) => (await api().lifecycle.findStuck(seconds)).map(({ id }) => id);
    expect(await find(30)).toEqual([b, c, a]);
    expect(await find(120)).toEqual([b, c]);
    expect(await find(0.5)).toEqual([b, c, a]);
    expect(await find(3_600)).toEqual([]);
  });

  it('do not count a job that has just begun', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', createdAt: 7_200 });
    await api().lifecycle.start(nextAttempt(made));
    expect(await api().lifecycle.findStuck(60)).toEqual([]);
  });
});
