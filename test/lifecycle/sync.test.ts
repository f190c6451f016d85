import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_USER, type SyncSource } from '../../src/entities/sync-source.ts';
import type { SyncOutcome, SyncRequest } from '../../src/lifecycle/sync.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { nextAttempt, TAKES_NO_TASK, useProcess } from './lifecycles.ts';
import { bend, clearRows, readJob, readRemains } from './rows.ts';

const database = useDatabase();
const api = useProcess(database, 'api');

const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';
const NO_MOVE = 'AS001';

beforeEach(() => {
  api().woken.length = 0;
  database().excuse(TAKES_NO_TASK);
});
afterEach(async () => {
  await database().check();
  await clearRows(database().pool);
});

const request = (more: Partial<SyncRequest> = {}): Promise<SyncOutcome> =>
  api().lifecycle.requestSync({
    ...{ source: 'PANGKAT', force: false, requestedBy: 'service:desk', maxAttempts: 3 },
    ...more,
  });

/** Brings a sync to its end as a worker does it, and answers its id. */
async function completed(source: SyncSource = 'PANGKAT', records = 3): Promise<string> {
  const { job } = await request({ source, force: true });
  const start = nextAttempt({ jobId: job.id, round: 1, attempt: 0 });
  await api().lifecycle.start(start);
  await api().lifecycle.complete(start, { source, records });
  return job.id;
}

async function readJobs(): Promise<{ id: string; status: string; sync_source: string }[]> {
  const { rows } = await database().pool.query('select id, status, sync_source from analysis_jobs order by id');
  return rows;
}

/** The code of what PostgreSQL answers to a statement, or null. */
const tryByHand = (statement: string, values: unknown[] = []): Promise<string | null> =>
  database()
    .pool.query(statement, values)
    .then(
      () => null,
      (error: { code?: string }) => error.code ?? 'unknown',
    );

describe('a request for a sync', () => {
  it('begins a job of the system, which costs nothing', async () => {
    const { outcome, job } = await request();
    expect(outcome).toBe('STARTED');
    const made = await readJob(database().pool, job.id);
    expect(made.job).toMatchObject({
      ...{ user_id: SYSTEM_USER, kind: 'SYNC', name: 'Sync PANGKAT', sync_source: 'PANGKAT' },
      ...{ status: 'QUEUED', price: 0, requested_by: 'service:desk', max_attempts: 3 },
    });
    expect(made.result).toMatchObject({ user_id: SYSTEM_USER, test_data: { source: 'PANGKAT' }, test_result: null });
    expect(made.events.map(({ type }) => type)).toEqual(['QUEUED']);
    expect(made.ledger).toEqual([]);
    expect(made.tasks).toMatchObject([{ runnable: true, payload: { jobId: job.id, round: 1, attempt: 1 } }]);
    const { rows } = await database().pool.query('select user_id, balance from accounts');
    expect(rows).toEqual([{ user_id: SYSTEM_USER, balance: 0 }]);
    expect(api().woken).toEqual([job.id]);
  });

  it('is answered with the active one, waiting or running', async () => {
    const { job } = await request();
    expect(await request()).toMatchObject({ outcome: 'ALREADY_RUNNING', job: { id: job.id, status: 'QUEUED' } });
    await api().lifecycle.start(nextAttempt({ jobId: job.id, round: 1, attempt: 0 }));
    expect(await request()).toMatchObject({ outcome: 'ALREADY_RUNNING', job: { id: job.id, status: 'PROCESSING' } });
    expect(await readJobs()).toHaveLength(1);
  });

  it('begins one for each source', async () => {
    for (const source of ['PANGKAT', 'PENSIUN', 'PG_AKADEMIK', 'PG_PROFESI', 'SKK'] as const) {
      expect(await request({ source })).toMatchObject({ outcome: 'STARTED', job: { syncSource: source } });
    }
  });

  it('is answered with the newest completed one that is not deleted', async () => {
    const [first, second] = [await completed(), await completed()];
    expect(await request()).toMatchObject({ outcome: 'ALREADY_COMPLETED', job: { id: second } });
    await api().lifecycle.bury(second, 'any owner');
    expect(await request()).toMatchObject({ outcome: 'ALREADY_COMPLETED', job: { id: first } });
    await api().lifecycle.forceDelete(first, 'any owner');
    expect(await request()).toMatchObject({ outcome: 'STARTED' });
  });

  it.each(['FAILED', 'CANCELLED'] as const)('is not held up by one that is %s', async (status) => {
    await makeJob(database().pool, { kind: 'SYNC', status, price: 0 });
    expect(await request()).toMatchObject({ outcome: 'STARTED' });
  });
});

describe('a forced request', () => {
  it('cancels the active one and begins anew, and the history stays', async () => {
    const before = await completed();
    const { job: old } = await request({ force: true });
    const start = nextAttempt({ jobId: old.id, round: 1, attempt: 0 });
    await api().lifecycle.start(start);
    api().woken.length = 0;
    const forced = await request({ force: true, requestedBy: 'service:other' });
    expect(forced).toMatchObject({ outcome: 'STARTED', replaced: [{ id: old.id }] });
    expect(api().woken).toEqual([forced.job.id, old.id]);
    const replaced = await readJob(database().pool, old.id);
    expect(replaced.job).toMatchObject({ status: 'CANCELLED', failure_message: 'Replaced by a newer sync' });
    expect(replaced.events.map(({ type }) => type)).toEqual(['QUEUED', 'STARTED', 'CANCELLED']);
    await expect(api().lifecycle.complete(start, { records: 1 })).rejects.toThrow('CANCELLED');
    expect((await readJobs()).map(({ id }) => id).sort()).toEqual([before, old.id, forced.job.id].sort());
    await api().lifecycle.free(start);
  });

  it('does both or neither', async () => {
    const { job } = await request({ source: 'SKK' });
    const { pool } = database();
    await pool.query(
      `alter table analysis_jobs add constraint full_up check (requested_by <> 'service:late') not valid`,
    );
    await expect(request({ source: 'SKK', force: true, requestedBy: 'service:late' })).rejects.toThrow('full_up');
    await pool.query('alter table analysis_jobs drop constraint full_up');
    expect(await readJobs()).toEqual([{ id: job.id, status: 'QUEUED', sync_source: 'SKK' }]);
    expect((await readJob(pool, job.id)).tasks).toHaveLength(1);
  });
});

describe('fifty at once', () => {
  it('begin one sync, and are all answered with it', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => request()));
    expect(outcomes.filter(({ outcome }) => outcome === 'STARTED')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'ALREADY_RUNNING')).toHaveLength(49);
    expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
    expect(await readJobs()).toHaveLength(1);
  });

  it('leave one active where all of them force it', async () => {
    await request();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => request({ force: true })));
    const told = new Set(outcomes.map(({ outcome }) => outcome));
    expect([...told].sort()).toEqual(['ALREADY_RUNNING', 'STARTED']);
    const jobs = await readJobs();
    expect(jobs.filter(({ status }) => status === 'QUEUED')).toHaveLength(1);
    expect(jobs.filter(({ status }) => status === 'CANCELLED')).toHaveLength(jobs.length - 1);
    const known = new Set(jobs.map(({ id }) => id));
    expect(outcomes.every(({ job }) => known.has(job.id))).toBe(true);
  });
});

describe('an old sync', () => {
  const retry = (jobId: string) =>
    api().lifecycle.retry({ jobId, scope: 'any owner', priceOf: () => 0, tierPriority: 0 });

  it.each(['FAILED', 'CANCELLED'] as const)('that is %s runs again', async (status) => {
    const { jobId } = await makeJob(database().pool, { kind: 'SYNC', status, price: 0 });
    expect(await retry(jobId)).toMatchObject({ outcome: 'RETRIED', job: { id: jobId, status: 'QUEUED', round: 2 } });
    expect(await request()).toMatchObject({ outcome: 'ALREADY_RUNNING', job: { id: jobId } });
  });

  it('does not while another of its source is active, and nothing is changed', async () => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, { kind: 'SYNC', status: 'FAILED', price: 0 });
    const { job } = await request();
    const before = await readJob(pool, jobId);
    expect(await retry(jobId)).toMatchObject({ outcome: 'JOB_ACTIVE', job: { id: job.id, status: 'QUEUED' } });
    expect(await readJob(pool, jobId)).toEqual(before);
  });

  it('races with a request: one of them wins, and the other is told', async () => {
    const { jobId } = await makeJob(database().pool, { kind: 'SYNC', status: 'FAILED', price: 0 });
    const [retried, requested] = await Promise.all([retry(jobId), request()]);
    const active = (await readJobs()).filter(({ status }) => status === 'QUEUED');
    expect(active).toHaveLength(1);
    expect([retried.outcome, requested.outcome]).toEqual(
      active[0]?.id === jobId ? ['RETRIED', 'ALREADY_RUNNING'] : ['JOB_ACTIVE', 'STARTED'],
    );
  });
});

describe('where a source stands', () => {
  it('is nothing at first', async () => {
    expect(await api().lifecycle.findSync('SKK')).toEqual({ activeJob: null, lastSync: null, recordCount: 0 });
  });

  it('is told by the active job, the last completed one and the records', async () => {
    const last = await completed('PANGKAT', 2);
    await bend(
      database().pool,
      `update analysis_jobs set created_at = created_at - interval '150 s',
        started_at = started_at - interval '150 s', finished_at = finished_at - interval '150 s'`,
    );
    database().excuse({ 'row-is-its-events': 'a sync was dated back', ...TAKES_NO_TASK });
    await database().pool.query(
      `insert into sync_records (source, id, data, words) values
         ('PANGKAT', 'a', '{}', ''), ('PANGKAT', 'b', '{}', ''), ('SKK', 'c', '{}', '')`,
    );
    const { job } = await request({ force: true });
    expect(await api().lifecycle.findSync('PANGKAT')).toMatchObject({
      activeJob: { id: job.id },
      lastSync: { job: { id: last }, finishedAt: expect.any(Date), minutesAgo: 2, total: 2 },
      recordCount: 2,
    });
    await database().pool.query('delete from sync_records');
  });
});

describe('a cleanup', () => {
  /** One of each standing, of two sources. */
  async function fill(): Promise<string[]> {
    const { pool } = database();
    const made = [
      await makeJob(pool, { kind: 'SYNC', status: 'QUEUED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'COMPLETED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'COMPLETED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'FAILED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'CANCELLED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'CANCELLED', price: 0, deleted: true }),
      await makeJob(pool, { kind: 'SYNC', syncSource: 'SKK', status: 'PROCESSING', price: 0 }),
      await makeJob(pool, { status: 'COMPLETED' }),
    ];
    database().excuse({ ...TAKES_NO_TASK, 'held-task-is-running': 'its worker is none' });
    await pool.query(`insert into sync_records (source, id, data, words) values ('PANGKAT', 'a', '{}', '')`);
    return made.map(({ jobId }) => jobId);
  }
  afterEach(async () => {
    await database().pool.query('delete from sync_records');
  });

  it('removes the jobs of one source, and tells how they stood', async () => {
    const { pool } = database();
    const made = await fill();
    const expected = { PROCESSING: 0, QUEUED: 1, COMPLETED: 2, FAILED: 1, CANCELLED: 1 };
    expect(await api().lifecycle.countSyncs('PANGKAT')).toEqual(expected);
    expect(await readJobs()).toHaveLength(made.length);
    expect(await api().lifecycle.cleanupSync('PANGKAT')).toEqual(expected);
    // A tombstone is deleted already, and the job of another source or kind is none of it.
    expect((await readJobs()).map(({ id }) => id).sort()).toEqual(made.slice(5).sort());
    for (const jobId of made.slice(0, 5)) {
      const { events, ...rest } = await readRemains(pool, jobId);
      expect(events).toMatchObject([{ type: 'DELETED' }]);
      expect(Object.values(rest).flat()).toEqual([]);
    }
    expect(new Set(api().woken)).toEqual(new Set(made.slice(0, 5)));
    const { rows } = await pool.query('select id from sync_records');
    expect(rows).toEqual([{ id: 'a' }]);
  });

  it('removes the jobs of all sources', async () => {
    await fill();
    expect(await api().lifecycle.cleanupSync(null)).toMatchObject({ PROCESSING: 1, QUEUED: 1, COMPLETED: 2 });
    expect(await api().lifecycle.countSyncs(null)).toMatchObject({ PROCESSING: 0, QUEUED: 0, COMPLETED: 0 });
    expect(await api().lifecycle.cleanupSync(null)).toMatchObject({ PROCESSING: 0, QUEUED: 0, COMPLETED: 0 });
  });

  it('removes more than one transaction takes', async () => {
    for (let count = 0; count < 105; count += 1) {
      await makeJob(database().pool, { kind: 'SYNC', status: 'FAILED', price: 0, userId: await systemAccount() });
    }
    expect(await api().lifecycle.cleanupSync('PANGKAT')).toMatchObject({ FAILED: 105 });
  });

  async function systemAccount(): Promise<string> {
    await database().pool.query('insert into accounts (user_id, balance) values ($1, 0) on conflict do nothing', [
      SYSTEM_USER,
    ]);
    return SYSTEM_USER;
  }
});

describe('the database itself', () => {
  it('refuses a second active sync of a source', async () => {
    const { pool } = database();
    await makeJob(pool, { kind: 'SYNC', status: 'QUEUED', price: 0 });
    await expect(makeJob(pool, { kind: 'SYNC', status: 'QUEUED', price: 0 })).rejects.toMatchObject({
      code: UNIQUE_VIOLATION,
    });
    await expect(makeJob(pool, { kind: 'SYNC', status: 'FAILED', price: 0 })).resolves.toBeDefined();
  });

  it('refuses a sync without a source, and a source of anything else', async () => {
    const { pool } = database();
    for (const made of [
      await makeJob(pool, { kind: 'SYNC', status: 'COMPLETED', price: 0 }),
      await makeJob(pool, { status: 'COMPLETED' }),
    ]) {
      const copy = `insert into analysis_jobs select (jsonb_populate_record(j, jsonb_build_object('id', assay_uuid(), 'sync_source', $2::text))).*
        from analysis_jobs j where id = $1`;
      const wrong = (await readJob(pool, made.jobId)).job.kind === 'SYNC' ? [null, 'ELSEWHERE'] : ['PANGKAT'];
      for (const source of wrong) expect(await tryByHand(copy, [made.jobId, source])).toBe(CHECK_VIOLATION);
    }
  });

  it('refuses to give a job another source', async () => {
    const { jobId } = await makeJob(database().pool, { kind: 'SYNC', status: 'FAILED', price: 0 });
    expect(await tryByHand(`update analysis_jobs set sync_source = 'SKK' where id = $1`, [jobId])).toBe(NO_MOVE);
    const retried = `update analysis_jobs set sync_source = 'SKK', status = 'QUEUED', seq = seq + 1, round = 2, attempt = 0,
      updated_at = now(), refunded = false, failure_code = null, failure_message = null, progress = '{"percent": 0}',
      started_at = null, finished_at = null, worker_free_at = null where id = $1`;
    expect(await tryByHand(retried, [jobId])).toBe(NO_MOVE);
  });
});
