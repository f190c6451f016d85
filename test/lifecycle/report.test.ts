import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { describe, expect, it } from 'vitest';
import type { StoredProgress } from '../../src/entities/progress.ts';
import { report } from '../../src/lifecycle/attempt.ts';
import { useDatabase } from '../support/database.ts';
import { makeCopies, makeJob } from '../support/factory.ts';
import { useProcess } from './lifecycles.ts';
import { bend, readAllRows, readJob } from './rows.ts';

const database = useDatabase({
  bent: {
    'round-charged-once': 'copies of a job have no entries',
    'events-without-gap': 'copies of a job have no events',
  },
});
const worker = useProcess(database, 'worker');

describe('a report', () => {
  it('writes progress and proof of life, and nothing else', async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING', leaseExpiresIn: -5 });
    const before = await readJob(pool, made.jobId);
    await worker().lifecycle.report(made, { percent: 61.5, stage: 'scoring', current: 3 }, 90_000);
    const after = await readJob(pool, made.jobId);

    const { progress, heartbeat_at, lease_expires_at } = after.job;
    const { reportedAt, ...word } = progress as StoredProgress;
    expect(word).toEqual({ percent: 61.5, stage: 'scoring', current: 3 });
    expect(Date.parse(String(reportedAt))).toBe(Date.parse(String(heartbeat_at)));
    expect(Date.parse(String(lease_expires_at)) - Date.parse(String(heartbeat_at))).toBe(90_000);
    expect(Date.parse(String(heartbeat_at))).toBeGreaterThan(Date.parse(String(before.job.heartbeat_at)));
    expect(after).toEqual({ ...before, job: { ...before.job, progress, heartbeat_at, lease_expires_at } });
  });

  it('of the same word keeps the time at which it was said first, until there is another', async () => {
    const { pool } = database();
    const old = '2026-01-02T03:04:05.678+00:00';
    const made = await makeJob(pool, { status: 'PROCESSING' });
    await bend(pool, `update analysis_jobs set progress = '{"percent": 7, "reportedAt": "${old}"}' where id = $1`, [
      made.jobId,
    ]);
    const said = async (percent: number) => {
      await worker().lifecycle.report(made, { percent }, 60_000);
      const { job } = await readJob(pool, made.jobId);
      return job.progress as StoredProgress;
    };
    expect(await said(7)).toEqual({ percent: 7, reportedAt: old });
    expect((await said(8)).reportedAt).not.toBe(old);
  });

  it('wakes the readers of the job', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    worker().woken.length = 0;
    await worker().lifecycle.report(made, { percent: 1 }, 1_000);
    expect(worker().woken).toEqual([made.jobId]);
  });

  it.each([
    [{ status: 'QUEUED' }],
    [{ status: 'COMPLETED' }],
    [{ status: 'FAILED', threadRuns: true }],
    [{ status: 'CANCELLED', attempt: 1, threadRuns: true }],
  ] as const)('is refused on %o and changes nothing', async (standing) => {
    const made = await makeJob(database().pool, standing);
    const before = await readAllRows(database().pool);
    await expect(worker().lifecycle.report(made, { percent: 50 }, 1_000)).rejects.toMatchObject({
      name: 'MoveRefused',
      move: 'report',
      status: standing.status,
    });
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('is refused without the lease and changes nothing', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const before = await readAllRows(database().pool);
    const stranger = { ...made, leaseToken: randomUUID() };
    await expect(worker().lifecycle.report(stranger, { percent: 50 }, 1_000)).rejects.toThrow('is PROCESSING');
    expect(await readAllRows(database().pool)).toEqual(before);
  });

  it('of a progress out of range is refused by the database', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    for (const percent of [-1, 100.1, Number.NaN]) {
      await expect(worker().lifecycle.report(made, { percent }, 1_000)).rejects.toThrow('jobs_progress_in_range');
    }
  });

  it('touches no index, also where the pages are full', { timeout: 60_000 }, async () => {
    const { pool } = database();
    const made = await makeJob(pool, { status: 'PROCESSING' });
    await makeCopies(pool, made, 200);
    const { rows: jobs } = await pool.query<{ id: string }>('select id from analysis_jobs where lease_token = $1', [
      made.leaseToken,
    ]);
    const countUpdates = async (em: EntityManager) => {
      const [counted] = await em.execute<{ updates: number; hot: number }[]>(
        `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_xact_user_tables
         where relname = 'analysis_jobs'`,
      );
      return counted!;
    };
    const reportAll = async () => {
      let [updates, hot] = [0, 0];
      for (const { id } of jobs) {
        await worker()
          .orm.em.fork()
          .transactional(async (em) => {
            const before = await countUpdates(em);
            await report(em, { jobId: id, leaseToken: made.leaseToken }, { percent: 50 }, 60_000);
            const after = await countUpdates(em);
            updates += after.updates - before.updates;
            hot += after.hot - before.hot;
          });
      }
      return { updates, hot };
    };
    // A transaction that is open anywhere in the server, such as another test's, keeps pages from being cleaned meanwhile.
    await expect.poll(reportAll, { timeout: 45_000, interval: 500 }).toEqual({ updates: 201, hot: 201 });
  });
});
