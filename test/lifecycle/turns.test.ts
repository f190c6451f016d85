import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { nextAttempt, TAKES_NO_TASK, useProcess, work } from './lifecycles.ts';
import { readAllRows, readJob } from './rows.ts';

const LIMIT = 2;

const database = useDatabase({ bent: TAKES_NO_TASK });
const worker = useProcess(database, 'worker');
const otherWorker = useProcess(database, 'other-worker');

/** Jobs of one user, in the order in which they wait. */
async function submit(count: number, userId?: string): Promise<string[]> {
  const owner = userId ?? (await makeAccount(database().pool));
  const { outcomes } = await worker().lifecycle.submit(
    owner,
    Array.from({ length: count }, () => work({ price: 0 })),
  );
  return outcomes.map((outcome) => (outcome.outcome === 'SUBMITTED' ? outcome.job.id : 'refused'));
}

const start = (jobId: string, process = worker(), runningPerUser = LIMIT) =>
  process.lifecycle.start({ ...nextAttempt({ jobId, round: 1, attempt: 0 }), runningPerUser });

/** How many seconds after it was made the one task of a job may run. */
async function readDelay(jobId: string): Promise<number> {
  const { rows } = await database().pool.query<{ delay: number }>(
    `select extract(epoch from run_at - updated_at)::float8 as delay from graphile_worker.jobs where key = 'job:' || $1::text`,
    [jobId],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!.delay;
}

describe('a user of whom so many jobs may run', () => {
  it('has no more running, however many are started at once', async () => {
    const jobIds = await submit(12);
    const starts = jobIds.map((jobId, index) => start(jobId, index % 2 === 0 ? worker() : otherWorker()));
    expect((await Promise.all(starts)).filter(Boolean)).toHaveLength(LIMIT);
    const stored = await Promise.all(jobIds.map((jobId) => readJob(database().pool, jobId)));
    expect(stored.filter(({ job }) => job.status === 'PROCESSING')).toHaveLength(LIMIT);
  });

  it('keeps the others waiting as they were, with a task that comes later', async () => {
    const jobIds = await submit(LIMIT + 1);
    for (const jobId of jobIds.slice(0, LIMIT)) expect(await start(jobId)).not.toBeNull();
    const [last] = jobIds.slice(-1);
    const before = await readJob(database().pool, last!);
    expect(await start(last!)).toBeNull();
    const after = await readJob(database().pool, last!);
    expect({ ...after, tasks: [] }).toEqual({ ...before, tasks: [] });
    const { key, payload, priority, max_attempts } = before.tasks[0]!;
    expect(after.tasks).toMatchObject([{ key, payload, priority, max_attempts, runnable: true }]);
    expect(await readDelay(last!)).toBe(5);
  });

  it('has each come back behind those before it', async () => {
    const jobIds = await submit(LIMIT + 5);
    for (const jobId of jobIds) await start(jobId);
    const delays = await Promise.all(jobIds.slice(LIMIT).map(readDelay));
    expect(delays).toEqual([5, 7.5, 10, 12.5, 15]);
  });

  it('takes nothing from another user, nor from a sync', async () => {
    const { pool } = database();
    const [one, two, three] = await submit(3);
    for (const jobId of [one, two]) expect(await start(jobId!)).not.toBeNull();
    expect(await start((await submit(1))[0]!)).not.toBeNull();
    const { userId } = (await start(three!, worker(), LIMIT + 1))!.job;
    const sync = await makeJob(pool, { kind: 'SYNC', status: 'QUEUED', userId, price: 0 });
    expect(await start(sync.jobId)).not.toBeNull();
  });

  it('has no limit where it is 0', async () => {
    for (const jobId of await submit(LIMIT + 3)) expect(await start(jobId, worker(), 0)).not.toBeNull();
  });

  it('gets no task for a job whose task is out of date', async () => {
    const [one, two, cancelled] = await submit(3);
    for (const jobId of [one, two]) await start(jobId!);
    await worker().lifecycle.cancel({ jobId: cancelled!, scope: 'any owner', message: 'Cancelled by user' });
    const before = await readAllRows(database().pool);
    for (const jobId of [one, cancelled]) expect(await start(jobId!)).toBeNull();
    expect(await readAllRows(database().pool)).toEqual(before);
  });
});

describe('the next one of a user', () => {
  it('comes at once, and only the first', async () => {
    const userId = await makeAccount(database().pool);
    const jobIds = await submit(LIMIT + 2, userId);
    for (const jobId of jobIds) await start(jobId);
    await worker().lifecycle.callNext(userId);
    expect(await Promise.all(jobIds.slice(LIMIT).map(readDelay))).toEqual([0, 7.5]);
    await worker().lifecycle.callNext(userId);
    expect(await Promise.all(jobIds.slice(LIMIT).map(readDelay))).toEqual([0, 0]);
  });

  it('is none that waits between its attempts', async () => {
    const [jobId] = await submit(1);
    const attempt = { ...nextAttempt({ jobId: jobId!, round: 1, attempt: 0 }), runningPerUser: LIMIT };
    const started = await worker().lifecycle.start(attempt);
    await worker().lifecycle.release(attempt, { delayMs: 60_000, countsAttempt: true });
    await worker().lifecycle.callNext(started!.job.userId);
    expect(await readDelay(jobId!)).toBe(60);
  });

  it('is nobody else’s', async () => {
    const jobIds = await submit(LIMIT + 1);
    for (const jobId of jobIds) await start(jobId);
    await worker().lifecycle.callNext(await makeAccount(database().pool));
    expect(await readDelay(jobIds[LIMIT]!)).toBe(5);
  });
});
