import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SyncSource } from '../../src/entities/sync-source.ts';
import type { Lease } from '../../src/lifecycle/attempt.ts';
import { MoveRefused } from '../../src/lifecycle/errors.ts';
import { sweepStaging } from '../../src/lifecycle/stage.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { useProcess } from './lifecycles.ts';
import { clearRows, holdLock, readJob } from './rows.ts';

const database = useDatabase({ bent: 'attempts of workers that are none' });
const worker = useProcess(database, 'worker');

beforeEach(async () => {
  await clearRows(database().pool);
  await database().pool.query('truncate sync_staging, sync_records');
});

/** A running sync, by its lease. */
const running = async (syncSource: SyncSource = 'PANGKAT'): Promise<Lease> =>
  await makeJob(database().pool, { kind: 'SYNC', syncSource, status: 'PROCESSING', price: 0 });

const row = (id: string, name = id) => ({ id, data: { id, name }, words: name.toLowerCase() });

const stage = (lease: Lease, ...rows: object[]) => worker().lifecycle.stage(lease, JSON.stringify(rows));

async function readStaged(lease?: Lease): Promise<{ id: string; data: unknown; words: string }[]> {
  const { rows } = await database().pool.query(
    'select id, data, words from sync_staging where $1::uuid is null or (job_id, lease_token) = ($1, $2) order by id',
    [lease?.jobId ?? null, lease?.leaseToken ?? null],
  );
  return rows;
}

describe('rows that an attempt gathers', () => {
  it('are kept with their attempt, and counted', async () => {
    const [one, other] = [await running(), await running('SKK')];
    expect(await stage(one, row('a'), row('b'))).toBe(2);
    expect(await stage(other, row('a'))).toBe(1);
    expect(await readStaged(one)).toEqual([row('a'), row('b')]);
    expect(await worker().lifecycle.countStaged(one)).toBe(2);
    await worker().lifecycle.unstage(one);
    expect(await readStaged()).toEqual([row('a')]);
  });

  it('are as they came last, of those with the same id', async () => {
    const lease = await running();
    expect(await stage(lease, row('a', 'First'), row('b'), row('a', 'Second'))).toBe(2);
    expect(await stage(lease, row('b', 'Later'), row('c'))).toBe(1);
    expect(await readStaged()).toEqual([row('a', 'Second'), row('b', 'Later'), row('c')]);
  });

  it('may be none', async () => {
    expect(await stage(await running())).toBe(0);
  });

  it('are of any content that a JSON text can have', async () => {
    const lease = await running();
    const odd = { id: `'; drop table sync_staging; --`, data: { $1: '\\"', ünï: ['😀', null, 1.5] }, words: '%_\\' };
    await stage(lease, odd);
    expect(await readStaged()).toEqual([odd]);
  });

  it.each(['QUEUED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const)(
    'are refused where it is over: %s',
    async (status) => {
      const lease = await makeJob(database().pool, { kind: 'SYNC', status, price: 0 });
      await expect(stage(lease, row('a'))).rejects.toMatchObject({ name: 'MoveRefused', move: 'stage', status });
      expect(await readStaged()).toEqual([]);
    },
  );

  it('are refused where the lease is another’s, or the job gone', async () => {
    const { jobId } = await running();
    await expect(stage({ jobId, leaseToken: randomUUID() }, row('a'))).rejects.toThrow(MoveRefused);
    const nobody = stage({ jobId: randomUUID(), leaseToken: randomUUID() }, row('a'));
    await expect(nobody).rejects.toMatchObject({ status: null });
    expect(await readStaged()).toEqual([]);
  });

  it('are refused where a cancel came first, which they wait for', async () => {
    const { pool } = database();
    const lease = await running();
    await using lock = await holdLock(pool, 'select from analysis_jobs where id = $1', [lease.jobId]);
    const cancelled = worker().lifecycle.cancel({ jobId: lease.jobId, scope: 'any owner', message: 'Cancelled' });
    await waitUntilBlocked(pool);
    const staged = expect(stage(lease, row('a'))).rejects.toMatchObject({ status: 'CANCELLED' });
    await waitUntilBlocked(pool, 2);
    await lock[Symbol.asyncDispose]();
    expect(await cancelled).toMatchObject({ outcome: 'CANCELLED' });
    await staged;
    expect(await readStaged()).toEqual([]);
  });
});

describe('a sweep', () => {
  const sweep = () => sweepStaging(worker().orm.em.fork());

  it('takes the rows of attempts that are over, and leaves those of one that runs', async () => {
    const { pool } = database();
    const runs = await running();
    await stage(runs, row('a'));
    const over = [
      await makeJob(pool, { kind: 'SYNC', syncSource: 'SKK', status: 'QUEUED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'FAILED', price: 0 }),
      await makeJob(pool, { kind: 'SYNC', status: 'CANCELLED', attempt: 1, threadRuns: true, price: 0 }),
      { jobId: randomUUID(), leaseToken: randomUUID() },
      { jobId: runs.jobId, leaseToken: randomUUID() },
    ];
    for (const { jobId, leaseToken } of over) {
      await pool.query(`insert into sync_staging select $1, $2, n::text, '{}', '' from generate_series(1, 3) n`, [
        jobId,
        leaseToken,
      ]);
    }
    expect(await sweep()).toHaveLength(15);
    expect(await readStaged()).toEqual([row('a')]);
    expect(await sweep()).toEqual([]);
  });

  it('takes many rows in turns, and comes with each rescue', async () => {
    await database().pool.query(
      `insert into sync_staging select $1, $2, n::text, '{}', '' from generate_series(1, 25000) n`,
      [randomUUID(), randomUUID()],
    );
    expect(await sweep()).toHaveLength(10_000);
    await worker().lifecycle.rescue({ leaseMs: 60_000, runLimitsMs: {}, seenAt: null });
    expect(await readStaged()).toEqual([]);
  });
});

describe('what is done in the transaction that completes a job', () => {
  const REPLACE = `insert into sync_records (source, id, data, words) select 'PANGKAT', id, data, words from sync_staging
    where job_id = $1 and lease_token = $2 returning id`;

  const readRecords = async () => (await database().pool.query('select id from sync_records order by id')).rows;

  it('is there with the completed job', async () => {
    const lease = await running();
    await stage(lease, row('a'), row('b'));
    const moved = await worker().lifecycle.complete(lease, { records: 2 }, [], async (execute) => {
      expect(await execute<{ id: string }>(REPLACE, [lease.jobId, lease.leaseToken])).toHaveLength(2);
      // Nobody else sees it yet, and the job is not held by it.
      expect(await readRecords()).toEqual([]);
      await worker().lifecycle.report(lease, { percent: 99 }, 60_000);
    });
    expect(moved.job.status).toBe('COMPLETED');
    expect(await readRecords()).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect((await readJob(database().pool, lease.jobId)).result).toMatchObject({ test_result: { records: 2 } });
  });

  it('is not there where the lease is lost meanwhile', async () => {
    const lease = await running();
    await stage(lease, row('a'));
    const completing = worker().lifecycle.complete(lease, { records: 1 }, [], async (execute) => {
      await execute(REPLACE, [lease.jobId, lease.leaseToken]);
      await worker().lifecycle.cancel({ jobId: lease.jobId, scope: 'any owner', message: 'Cancelled by user' });
    });
    await expect(completing).rejects.toMatchObject({ name: 'MoveRefused', status: 'CANCELLED' });
    expect(await readRecords()).toEqual([]);
  });

  it('takes the job with it where it cannot be committed', async () => {
    const lease = await running();
    await stage(lease, row('a'));
    const completing = worker().lifecycle.complete(lease, { records: 1 }, [], async (execute) => {
      await execute(REPLACE, [lease.jobId, lease.leaseToken]);
      await execute('create temporary table late (id int unique deferrable initially deferred) on commit drop');
      await execute('insert into late values (1), (1)');
    });
    await expect(completing).rejects.toThrow('late_id_key');
    expect(await readRecords()).toEqual([]);
    expect((await readJob(database().pool, lease.jobId)).job.status).toBe('PROCESSING');
  });

  it('takes the job with it where it fails', async () => {
    const lease = await running();
    await stage(lease, row('a'));
    const completing = worker().lifecycle.complete(lease, { records: 1 }, [], async (execute) => {
      await execute(REPLACE, [lease.jobId, lease.leaseToken]);
      throw new Error('not so');
    });
    await expect(completing).rejects.toThrow('not so');
    expect(await readRecords()).toEqual([]);
    expect((await readJob(database().pool, lease.jobId)).job.status).toBe('PROCESSING');
  });
});
