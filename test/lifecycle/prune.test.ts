import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import { SyncSource } from '../../src/entities/sync-source.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type JobOptions, makeAccount, makeJob } from '../support/factory.ts';
import { makeFile } from '../support/files.ts';
import { scansOf } from '../support/scans.ts';
import { retryOf, useProcess } from './lifecycles.ts';
import { bend, clearRows, holdAfter, readAllRows, readJob, readRemains } from './rows.ts';

const database = useDatabase();
const api = useProcess(database, 'api');
const worker = useProcess(database, 'worker');
const pool = () => database().pool;

const HOUR = 3_600;
const DAY = 24 * HOUR;
const KEPT_MS = DAY * 1_000;
const OLD = { createdAt: 2 * DAY };

const finished: JobOptions[] = [
  { status: 'COMPLETED' },
  { status: 'FAILED' },
  { status: 'CANCELLED' },
  { status: 'COMPLETED', deleted: true },
];

// A prune looks at all rows there are.
beforeEach(() => clearRows(pool()));

const typesOf = (events: Record<string, unknown>[]) => events.map(({ type }) => type);

describe('a prune', () => {
  it.each(finished)('removes what ended long ago for good, and pays nothing back, of %o', async (standing) => {
    const made = await makeJob(pool(), { ...standing, ...OLD, price: 2 });
    const storedAs = randomUUID();
    const hasFile = standing.status === 'COMPLETED' && !standing.deleted;
    if (hasFile) await makeFile(pool(), { userId: made.userId, jobId: made.jobId, role: 'OUTPUT', storedAs });
    const before = await readRemains(pool(), made.jobId);
    expect(await worker().lifecycle.countPrunable(KEPT_MS)).toMatchObject({ jobs: 1, events: 0 });
    expect(await worker().lifecycle.prune(KEPT_MS)).toMatchObject({ jobs: 1, events: 0 });
    const { jobs, results, events, ledger, tasks } = await readRemains(pool(), made.jobId);
    expect([jobs, results, tasks]).toEqual([[], [], []]);
    expect(typesOf(events)).toEqual(['DELETED']);
    expect(ledger).toEqual(before.ledger);
    expect(worker().woken).toContain(made.jobId);
    const { rows } = await pool().query('delete from file_removals where stored_as = $1 returning stored_as', [
      storedAs,
    ]);
    expect(rows).toHaveLength(hasFile ? 1 : 0);
  });

  it('leaves what is active, and what ended a short while ago, however old it is', async () => {
    for (const status of Object.values(JobStatus)) await makeJob(pool(), { status, createdAt: DAY - HOUR });
    for (const status of ['QUEUED', 'PROCESSING'] as const) await makeJob(pool(), { status, ...OLD });
    const late = await makeJob(pool(), { status: 'FAILED', ...OLD });
    const now = new Date();
    await bend(pool(), 'update analysis_jobs set finished_at = $2, updated_at = $2 where id = $1', [late.jobId, now]);
    await bend(pool(), 'update analysis_results set updated_at = $2 where id = $1', [late.resultId, now]);
    await bend(pool(), `update job_events set at = $2 where job_id = $1 and type = 'FAILED'`, [late.jobId, now]);
    const before = await readAllRows(pool());
    expect(await worker().lifecycle.countPrunable(KEPT_MS)).toEqual({ uploads: 0, jobs: 0, events: 0 });
    expect(await worker().lifecycle.prune(KEPT_MS)).toEqual({ uploads: 0, jobs: 0, events: 0 });
    expect(await readAllRows(pool())).toEqual(before);
  });

  it('keeps the newest completed sync of each source, and no other', async () => {
    const make = async (syncSource: SyncSource, days: number, standing: Partial<JobOptions> = {}) => {
      const sync = { kind: 'SYNC', price: 0, status: 'COMPLETED', syncSource, createdAt: days * DAY } as const;
      return (await makeJob(pool(), { ...sync, ...standing })).jobId;
    };
    const newest = [];
    for (const source of Object.values(SyncSource)) newest.push(await make(source, 30));
    const others = [
      await make('PANGKAT', 60),
      await make('PANGKAT', 20, { status: 'FAILED' }),
      await make('SKK', 10, { deleted: true }),
    ];
    expect(await worker().lifecycle.prune(KEPT_MS)).toMatchObject({ jobs: others.length });
    const { rows } = await pool().query<{ id: string }>('select id from analysis_jobs where sync_source is not null');
    expect(rows.map(({ id }) => id).sort()).toEqual(newest.sort());
  });

  it('keeps all jobs where nothing says how long', async () => {
    const { jobId } = await makeJob(pool(), { status: 'COMPLETED', createdAt: 3_000 * DAY });
    expect(await worker().lifecycle.countPrunable(null)).toMatchObject({ jobs: 0 });
    expect(await worker().lifecycle.prune(null)).toMatchObject({ jobs: 0 });
    expect((await readJob(pool(), jobId)).job.status).toBe('COMPLETED');
  });

  it('counts and removes uploads that no job took within a day', async () => {
    const userId = await makeAccount(pool());
    await makeFile(pool(), { userId, storedAs: null, createdAt: DAY + HOUR });
    await makeFile(pool(), { userId, storedAs: null, createdAt: DAY - HOUR });
    expect(await worker().lifecycle.countPrunable(null)).toEqual({ uploads: 1, jobs: 0, events: 0 });
    expect(await worker().lifecycle.prune(null)).toEqual({ uploads: 1, jobs: 0, events: 0 });
    expect(await worker().lifecycle.countPrunable(null)).toEqual({ uploads: 0, jobs: 0, events: 0 });
  });

  it('takes out of the log what it says of jobs long gone, and notes how far', async () => {
    const gone = await makeJob(pool(), { status: 'COMPLETED' });
    const justGone = await makeJob(pool(), { status: 'COMPLETED' });
    for (const { jobId } of [gone, justGone]) await api().lifecycle.forceDelete(jobId, 'any owner');
    await bend(pool(), `update job_events set at = now() - interval '2 days' where job_id = $1`, [gone.jobId]);
    const [event] = (await readRemains(pool(), gone.jobId)).events;
    expect(await worker().lifecycle.countPrunable(KEPT_MS)).toMatchObject({ jobs: 0, events: 1 });
    expect(await worker().lifecycle.prune(KEPT_MS)).toMatchObject({ jobs: 0, events: 1 });
    expect((await readRemains(pool(), gone.jobId)).events).toEqual([]);
    expect(typesOf((await readRemains(pool(), justGone.jobId)).events)).toEqual(['DELETED']);
    const { rows } = await pool().query('select pruned_id::text from event_log');
    expect(rows).toEqual([{ pruned_id: String(event?.id) }]);
  });

  it('looks at few events where the oldest is too young, and at all where all are old enough', async () => {
    const { userId } = await makeJob(pool(), { status: 'COMPLETED' });
    await pool().query(
      `insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at)
       select gen_random_uuid(), 1, 'DELETED', $1, 'PROBE', 'CANCELLED', 1, 0, '{}', 'x', now() - interval '1 hour'
       from generate_series(1, 12000)`,
      [userId],
    );
    await pool().query('analyze job_events');
    const { lifecycle } = worker();
    for (const { rows } of await scansOf(pool(), 'job_events', () => lifecycle.prune(KEPT_MS))) {
      expect(rows).toBeLessThan(200);
    }
    expect(await lifecycle.prune(KEPT_MS)).toMatchObject({ jobs: 0, events: 0 });
    expect(await lifecycle.prune(60_000)).toMatchObject({ events: 12_000 });
  });

  it('leaves a job that is retried while it waits for it', async () => {
    const made = await makeJob(pool(), { status: 'FAILED', price: 1, ...OLD });
    let pruned: Promise<unknown>;
    let retried: Promise<{ outcome: string }>;
    {
      await using _held = await holdAfter(pool(), 'api', 'update on analysis_jobs');
      retried = api().lifecycle.retry(retryOf(made));
      await waitUntilBlocked(pool(), 1);
      pruned = worker().lifecycle.prune(KEPT_MS);
      await waitUntilBlocked(pool(), 2);
    }
    expect(await retried).toMatchObject({ outcome: 'RETRIED' });
    expect(await pruned).toMatchObject({ jobs: 0 });
    expect((await readJob(pool(), made.jobId)).job.status).toBe('QUEUED');
  });

  it('that runs twice at once removes each job once', async () => {
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push(await makeJob(pool(), { status: 'COMPLETED', ...OLD }));
    const both = await Promise.all([api(), worker()].map(({ lifecycle }) => lifecycle.prune(KEPT_MS)));
    expect(both.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(made.length);
    for (const { jobId } of made) expect(typesOf((await readRemains(pool(), jobId)).events)).toEqual(['DELETED']);
  });
});
