import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { runAssay } from './assay.ts';

const database = useDatabase();

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-prune-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const prune = (args: string[], env: NodeJS.ProcessEnv) =>
  runAssay(['prune', ...args], { cwd, env: { DATABASE_URL: database().url, ...env } });

const countJobs = async () =>
  (await database().pool.query<{ count: number }>('select count(*)::int from analysis_jobs')).rows[0]?.count;

describe('assay prune', () => {
  it('counts and removes nothing in a dry run, then removes what it has counted, and no more', async () => {
    for (const days of [1, 3, 4]) await makeJob(database().pool, { status: 'COMPLETED', createdAt: days * 86_400 });
    const keep = { ASSAY_KEEP_JOBS: '2d' };
    const counted = await prune(['--dry-run'], keep);
    expect(counted).toEqual({ code: 0, stdout: 'Would remove: 0 uploads, 2 jobs, 0 events.\n', stderr: '' });
    expect(await countJobs()).toBe(3);
    expect(await prune([], keep)).toMatchObject({ code: 0, stdout: 'Removed: 0 uploads, 2 jobs, 0 events.\n' });
    expect(await countJobs()).toBe(1);
    expect(await prune([], keep)).toMatchObject({ stdout: 'Removed: 0 uploads, 0 jobs, 0 events.\n' });
  });

  it('keeps all jobs where nothing says how long, and says so', async () => {
    await makeJob(database().pool, { status: 'COMPLETED', createdAt: 3_000 * 86_400 });
    const before = await countJobs();
    expect(await prune([], {})).toMatchObject({ code: 0, stdout: expect.stringMatching(/0 jobs.*\n.*kept for ever/) });
    expect(await countJobs()).toBe(before);
  });
});
