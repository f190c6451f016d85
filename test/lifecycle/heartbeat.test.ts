import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Beat, beat, retire } from '../../src/lifecycle/heartbeat.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { readAllRows, readJob } from './rows.ts';

const database = useDatabase();

function beatOf(options: Partial<Beat> = {}): Beat {
  const workerId = randomUUID();
  return {
    workerId,
    poolId: `pool-${workerId}`,
    host: 'test',
    pid: 1,
    concurrency: 4,
    leaseMs: 60_000,
    leases: [],
    ...options,
  };
}

describe('a beat', () => {
  it('enters the worker once and proves its life each time', async () => {
    const { pool } = database();
    const options = beatOf();
    await beat(pool, options);
    await pool.query(`update workers set heartbeat_at = now() - interval '1 hour' where id = $1`, [options.workerId]);
    await beat(pool, options);
    const { rows } = await pool.query(
      `select pool_id, heartbeat_at > now() - interval '1 minute' as alive from workers where id = $1`,
      [options.workerId],
    );
    expect(rows).toEqual([{ pool_id: options.poolId, alive: true }]);
  });

  it('prolongs the leases of all its jobs, and nothing else of them', async () => {
    const { pool } = database();
    const jobs = [
      await makeJob(pool, { status: 'PROCESSING', leaseExpiresIn: -5 }),
      await makeJob(pool, { status: 'PROCESSING', leaseExpiresIn: -5 }),
    ];
    const before = await Promise.all(jobs.map(({ jobId }) => readJob(pool, jobId)));
    expect(await beat(pool, beatOf({ leases: jobs }))).toEqual([]);
    for (const [index, { jobId }] of jobs.entries()) {
      const after = await readJob(pool, jobId);
      const { heartbeat_at, lease_expires_at } = after.job;
      expect(Date.parse(String(lease_expires_at)) - Date.parse(String(heartbeat_at))).toBe(60_000);
      expect(Date.parse(String(heartbeat_at))).toBeGreaterThan(Date.parse(String(before[index]!.job.heartbeat_at)));
      expect(after).toEqual({ ...before[index], job: { ...before[index]!.job, heartbeat_at, lease_expires_at } });
    }
  });

  it('tells which leases are lost, and leaves those jobs alone', async () => {
    const { pool } = database();
    const kept = await makeJob(pool, { status: 'PROCESSING' });
    const taken = await makeJob(pool, { status: 'PROCESSING' });
    const cancelled = await makeJob(pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
    const gone = { jobId: randomUUID(), leaseToken: randomUUID() };
    const lost = [{ ...taken, leaseToken: randomUUID() }, cancelled, gone];
    const options = beatOf({ leases: [lost[0]!, kept, ...lost.slice(1)] });
    await beat(pool, { ...options, leases: [] });

    const before = await readAllRows(pool);
    expect(await beat(pool, options)).toEqual(lost);
    const after = await readAllRows(pool);
    const others = (rows: typeof before) => rows.analysis_jobs?.filter(({ id }) => id !== kept.jobId);
    expect(others(after)).toEqual(others(before));
    expect({ ...after, analysis_jobs: [], workers: [] }).toEqual({ ...before, analysis_jobs: [], workers: [] });
  });

  it('works without a job', async () => {
    expect(await beat(database().pool, beatOf())).toEqual([]);
  });
});

describe('a worker that retires', () => {
  it('leaves the books, and the others stay', async () => {
    const { pool } = database();
    const [leaving, staying] = [beatOf(), beatOf()];
    await beat(pool, leaving);
    await beat(pool, staying);
    await retire(pool, leaving.workerId);
    const { rows } = await pool.query('select id from workers where id = any($1)', [
      [leaving.workerId, staying.workerId],
    ]);
    expect(rows).toEqual([{ id: staying.workerId }]);
  });
});
