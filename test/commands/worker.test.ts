import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { runAssay, startAssay } from './assay.ts';

const database = useDatabase();

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-worker-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('assay worker', () => {
  it('runs until it is told to stop, and needs no secret of the API', async () => {
    const env = { DATABASE_URL: database().url, ASSAY_WORKER_CONCURRENCY: '1' };
    await using worker = startAssay(['worker'], { cwd, env });
    await worker.waitForOutput(/worker started/);
    const workers = async () => (await database().pool.query('select concurrency from workers')).rows;
    await expect.poll(workers, { timeout: 5_000 }).toEqual([{ concurrency: 1 }]);
    worker.kill('SIGTERM');
    expect(await worker.waitForEnd()).toEqual({ code: 0, signal: null });
  });

  it('tells in one line when the database cannot be reached', async () => {
    const env = { DATABASE_URL: 'postgres://assay:hunter2@127.0.0.1:1/assay' };
    const { code, stderr } = await runAssay(['worker'], { cwd, env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'The database 127.0.0.1:1/assay refuses the connection. Is PostgreSQL running there?\n',
    });
  });
});
