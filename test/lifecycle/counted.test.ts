import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { countMoves } from '../../src/lifecycle/counted.ts';
import type { Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import { createOrm } from '../../src/orm.ts';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { ALWAYS, cancelOf, nextAttempt, readLease, retryOf, STARTING_TOKENS, useProcess, work } from './lifecycles.ts';
import { bend } from './rows.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'a start in these tests takes no task off the queue',
    'gone-jobs-leave-one-event': 'rows are bent by hand here',
  },
});
const process = useProcess(database, 'counted');

let metrics: Metrics;
let lifecycle: Lifecycle;
beforeEach(() => {
  const { orm, lifecycle: verbs } = process();
  metrics = createMetrics();
  lifecycle = countMoves(verbs, { metrics, orm });
});

interface Sample {
  value: number;
  labels: Record<string, unknown>;
  metricName?: string;
}

/** What a counter or a gauge has, by the words of its labels; what is 0 is left out. */
async function counted(metric: { get(): Promise<{ values: Sample[] }> }): Promise<Record<string, number>> {
  const { values } = await metric.get();
  const found = values.filter(({ value }) => value !== 0);
  return Object.fromEntries(found.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

/** How many values a histogram has seen, by the words of its labels, and their sum. */
async function observed(metric: Metrics['cancelSeconds'] | Metrics['moveSeconds']) {
  const { values } = (await metric.get()) as { values: Sample[] };
  const of = (end: string) => values.filter(({ metricName }) => metricName?.endsWith(end));
  return {
    counts: Object.fromEntries(of('_count').map(({ labels, value }) => [Object.values(labels).join(' '), value])),
    sum: of('_sum').reduce((sum, { value }) => sum + value, 0),
  };
}

const refund = async () => [await counted(metrics.refunds), await counted(metrics.refundedTokens)];

describe('moves are counted', () => {
  it('from a submit to a retry, with how long each took', async () => {
    const userId = randomUUID();
    const { outcomes } = await lifecycle.submit(userId, [work(), work({ price: STARTING_TOKENS })]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['SUBMITTED', 'INSUFFICIENT_TOKENS']);
    const jobId = outcomes[0]?.outcome === 'SUBMITTED' ? outcomes[0].job.id : '';
    const attempt = nextAttempt({ jobId, round: 1, attempt: 0 });
    await lifecycle.start(attempt);
    await lifecycle.release(attempt, { delayMs: 0, countsAttempt: true });
    await lifecycle.start(attempt);
    const second = nextAttempt({ jobId, round: 1, attempt: 1 });
    await lifecycle.start(second);
    await lifecycle.fail(second, { code: 'HANDLER_ERROR', message: 'no' });
    await lifecycle.retry(retryOf({ jobId, userId }));
    await lifecycle.cancel(cancelOf({ jobId, userId }));
    expect(await counted(metrics.moves)).toEqual({ submit: 1, start: 2, release: 1, fail: 1, retry: 1, cancel: 1 });
    expect(await counted(metrics.submits)).toEqual({ 'ASSESSMENT new': 1 });
    expect(await counted(metrics.refusedMoves)).toEqual({ 'submit INSUFFICIENT_TOKENS': 1, 'start NOT_DUE': 1 });
    expect(await refund()).toEqual([{ '': 2 }, { '': 2 }]);
    const timed = { submit: 1, start: 3, release: 1, fail: 1, retry: 1, cancel: 1 };
    expect((await observed(metrics.moveSeconds)).counts).toEqual(timed);
  });

  it('once each, also where one call makes many or the key was used', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const idempotency = { key: 'one', mutation: 'submit', inputHash: 'x' };
    await lifecycle.submit(userId, [work({ idempotency })]);
    const { outcomes } = await lifecycle.submit(userId, [work({ idempotency }), work()]);
    const ids = outcomes.flatMap((row) => (row.outcome === 'SUBMITTED' ? [row.job.id] : []));
    expect(await counted(metrics.submits)).toEqual({ 'ASSESSMENT new': 2, 'ASSESSMENT replayed': 1 });
    const cancel = { scope: { owner: userId }, message: 'Cancelled by user' };
    await lifecycle.cancelMany([...ids, randomUUID()], cancel);
    await lifecycle.cancelMany(ids, cancel);
    expect(await counted(metrics.moves)).toEqual({ submit: 2, cancel: 2 });
    expect(await counted(metrics.refusedMoves)).toEqual({ 'cancel NOT_FOUND': 1 });
    expect(await refund()).toEqual([{ '': 2 }, { '': 2 }]);
  });

  it('and not where the guard refuses a worker, who is told all the same', async () => {
    const made = await makeJob(database().pool, { status: 'CANCELLED' });
    const lease = { jobId: made.jobId, leaseToken: randomUUID() };
    await expect(lifecycle.complete(lease, {})).rejects.toThrow('it is CANCELLED');
    await expect(lifecycle.report(lease, { percent: 1 }, 1_000)).rejects.toThrow('refused');
    await expect(lifecycle.fail({ ...lease, jobId: randomUUID() }, { code: 'STUCK', message: '' })).rejects.toThrow();
    expect(await counted(metrics.refusedMoves)).toEqual({
      'complete CANCELLED': 1,
      'report CANCELLED': 1,
      'fail GONE': 1,
    });
    expect(await counted(metrics.moves)).toEqual({});
  });
});

describe('deletions are counted', () => {
  it('with the results that went along, and what was paid back', async () => {
    const any = 'any owner';
    const buried = await makeJob(database().pool, { status: 'COMPLETED' });
    const active = await makeJob(database().pool, { status: 'QUEUED', price: 3 });
    const ended = await makeJob(database().pool, { status: 'FAILED', price: 2 });
    const answered = await makeJob(database().pool, { status: 'COMPLETED' });
    await lifecycle.bury(buried.jobId, any);
    await lifecycle.bury(buried.jobId, any);
    await lifecycle.bury(active.jobId, any);
    await lifecycle.forceDelete(active.jobId, any);
    await lifecycle.forceDelete(ended.jobId, any);
    await lifecycle.deleteResult(answered.resultId!, any);
    expect(await counted(metrics.moves)).toEqual({ delete: 1, erase: 3 });
    expect(await counted(metrics.refusedMoves)).toEqual({ 'delete JOB_ACTIVE': 1 });
    expect(await counted(metrics.cascadeDeletes)).toEqual({ bury: 1, forceDelete: 2, deleteResult: 1 });
    expect(await refund()).toEqual([{ '': 1 }, { '': 3 }]);
  });
});

describe('what a worker leaves is counted', () => {
  it('by the time from the cancel to the free thread, of cancelled jobs alone', async () => {
    const cancelled = await makeJob(database().pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
    const failed = await makeJob(database().pool, { status: 'FAILED', threadRuns: true });
    expect(await lifecycle.free(cancelled)).toBe(true);
    expect(await lifecycle.free(failed)).toBe(true);
    expect(await lifecycle.free(cancelled)).toBe(false);
    const { rows } = await database().pool.query(
      'select extract(epoch from worker_free_at - finished_at)::float8 as seconds from analysis_jobs where id = $1',
      [cancelled.jobId],
    );
    expect(await observed(metrics.cancelSeconds)).toEqual({ counts: { '': 1 }, sum: rows[0].seconds });
  });

  it('by what a rescue did, after how long, and what that paid back', async () => {
    const lost = { status: 'PROCESSING', leaseExpiresIn: -1_800, price: 2 } as const;
    const released = await makeJob(database().pool, { ...lost, attempt: 1 });
    const failed = await makeJob(database().pool, { ...lost, attempt: 3, maxAttempts: 3 });
    const leaseMs = await readLease(database().pool);
    await lifecycle.rescue({ leaseMs, runLimitsMs: {}, seenAt: ALWAYS });
    expect(await counted(metrics.rescuedJobs)).toMatchObject({ released: 1, failed: 1 });
    expect(await counted(metrics.moves)).toEqual({ release: 1, fail: 1 });
    expect(await refund()).toEqual([{ '': 1 }, { '': 2 }]);
    const { rows } = await database().pool.query(
      'select sum(rescued_after) as seconds from job_events where job_id = any($1)',
      [[released.jobId, failed.jobId]],
    );
    const { counts, sum } = await observed(metrics.timeToRescue);
    expect(counts).toEqual({ '': 2 });
    expect(sum).toBeCloseTo(rows[0].seconds, 3);
  });
});

describe('repairs are counted', () => {
  it('by what syncStatus did, and what it could not do', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', task: false });
    expect(await lifecycle.syncStatus(made.jobId)).toEqual(['requeued_lost_task']);
    await lifecycle.syncStatus(made.jobId);
    await lifecycle.syncStatus(randomUUID());
    await expect(lifecycle.syncStatus('no uuid')).rejects.toThrow();
    expect(await counted(metrics.syncActions)).toEqual({ requeued_lost_task: 1 });
    expect(await counted(metrics.syncFailures)).toEqual({ NOT_FOUND: 1, ERROR: 1 });
  });

  it('by the orphans that were removed', async () => {
    const made = await makeJob(database().pool, { status: 'COMPLETED' });
    await bend(database().pool, 'delete from analysis_jobs where id = $1', [made.jobId]);
    await lifecycle.removeOrphans();
    expect(await counted(metrics.orphans)).toEqual({ result: 1 });
  });
});

it('makes no verb fail where what it did cannot be read back', async () => {
  const elsewhere = await emptyDatabase();
  const orm = await createOrm({ url: elsewhere.url });
  const broken = countMoves(process().lifecycle, { metrics, orm });
  const cancelled = await makeJob(database().pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
  expect(await broken.free(cancelled)).toBe(true);
  const active = await makeJob(database().pool, { status: 'QUEUED' });
  expect(await broken.forceDelete(active.jobId, 'any owner')).toMatchObject({ outcome: 'DELETED' });
  expect((await observed(metrics.cancelSeconds)).sum).toBe(0);
  await orm.close();
  await elsewhere.drop();
});
