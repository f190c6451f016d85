import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { lockTask, makeAccount, makeJob, makeWorker } from '../support/factory.ts';
import { STANDINGS, useProcess, work } from './lifecycles.ts';
import { readJob, readRemains } from './rows.ts';

const database = useDatabase({
  bent: { 'waiting-job-has-task': 'one task is taken and another used up, to be shown so' },
});
const api = useProcess(database, 'api');

type Row = Record<string, unknown>;

/** What outside checkers rely on: these columns, in this order. */
const columns: Record<string, string> = {
  jobs:
    'id, user_id, kind, status, round, attempt, price, result_id, seq, lease_expires_at, worker_free_at, deleted_at, ' +
    'created_at, finished_at',
  results: 'id, job_id, status, has_test_result',
  ledger: 'id, user_id, job_id, round, entry, amount, created_at',
  events: 'job_id, seq, type, status, round, attempt, at',
  idempotency: 'user_id, key, job_id',
  queue: 'job_id, round, attempt, locked, runnable',
};

async function readView(view: string, where: string, values: unknown[]): Promise<Row[]> {
  const { rows } = await database().pool.query<{ row: Row }>(
    `select to_jsonb(v) as row from audit_v1.${view} v where ${where}`,
    values,
  );
  return rows.map(({ row }) => row);
}

/** Those columns of a table's row that the view of it has under the same name. */
const seen = (view: string, row: Row): Row =>
  Object.fromEntries(columns[view]!.split(', ').map((name) => [name, row[name]]));

describe('the views for outside checkers', () => {
  it('are these, with these columns in this order', async () => {
    const { rows } = await database().pool.query<{ view: string; columns: string }>(
      `select table_name as view, string_agg(column_name, ', ' order by ordinal_position) as columns
       from information_schema.columns where table_schema = 'audit_v1' group by 1`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.view, row.columns]))).toEqual(columns);
  });

  it.each(STANDINGS)('show a job, its events and its money as they are, on %o', async (standing) => {
    const made = await makeJob(database().pool, { ...standing, price: 2 });
    const { job, events, ledger } = await readJob(database().pool, made.jobId);
    expect(await readView('jobs', 'id = $1', [made.jobId])).toEqual([seen('jobs', job)]);
    expect(await readView('events', 'job_id = $1 order by seq', [made.jobId])).toEqual(
      events.map((event) => seen('events', event)),
    );
    expect(await readView('ledger', 'job_id = $1 order by id', [made.jobId])).toEqual(
      ledger.map((entry) => seen('ledger', entry)),
    );
    expect(ledger[0]).toMatchObject({ amount: -2 });
  });

  it.each(STANDINGS)('show of a result whether there is an answer, and not which, on %o', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const { id, job_id, status } = (await readRemains(database().pool, made.jobId)).results[0] ?? {};
    const has_test_result = standing.status === 'COMPLETED';
    const expected = standing.deleted ? [] : [{ id, job_id, status, has_test_result }];
    expect(await readView('results', 'job_id = $1', [made.jobId])).toEqual(expected);
  });

  it('show the keys of users, and of nobody else', async () => {
    const userId = await makeAccount(database().pool);
    const idempotency = { key: 'mine', mutation: 'm', inputHash: 'h' };
    const { outcomes } = await api().lifecycle.submit(userId, [work({ idempotency }), work()]);
    const grant = { userId, amount: 1, reason: 'A test', grantedBy: 'service:desk' };
    await api().lifecycle.grant({ ...grant, idempotency: { key: 'theirs', inputHash: 'h' } });
    const [first] = outcomes;
    const row = { user_id: userId, key: 'mine', job_id: first?.outcome === 'SUBMITTED' ? first.job.id : null };
    expect(await readView('idempotency', 'user_id = $1', [userId])).toEqual([row]);
    expect(await readView('idempotency', 'true', [])).toEqual([row]);
  });
});

describe('the view of the queue', () => {
  it('tells which tasks could run now or later, and which are held', async () => {
    const { pool } = database();
    const waiting = await makeJob(pool, { status: 'QUEUED', attempt: 1 });
    const running = await makeJob(pool, { status: 'PROCESSING', task: false });
    const taken = await makeJob(pool, { status: 'QUEUED' });
    await lockTask(pool, { jobId: taken.jobId, poolId: (await makeWorker(pool)).poolId });
    const usedUp = await makeJob(pool, { status: 'QUEUED' });
    await pool.query(`update graphile_worker._private_jobs set attempts = 1 where key = 'job:' || $1::text`, [
      usedUp.jobId,
    ]);
    await api().lifecycle.release(running, { delayMs: 3_600_000, countsAttempt: true });
    await pool.query(`select graphile_worker.add_job('rescue_stuck_jobs')`);

    const ids = [waiting, running, taken, usedUp].map(({ jobId }) => jobId);
    const rows = await readView('queue', 'job_id = any($1)', [ids]);
    expect(rows.toSorted((a, b) => ids.indexOf(String(a.job_id)) - ids.indexOf(String(b.job_id)))).toEqual([
      { job_id: waiting.jobId, round: 1, attempt: 2, locked: false, runnable: true },
      { job_id: running.jobId, round: 1, attempt: 2, locked: false, runnable: true },
      { job_id: taken.jobId, round: 1, attempt: 1, locked: true, runnable: false },
      { job_id: usedUp.jobId, round: 1, attempt: 1, locked: false, runnable: false },
    ]);
    expect(await readView('queue', 'job_id is null', [])).toEqual([]);
  });
});
