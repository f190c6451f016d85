import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { makeFile } from '../support/files.ts';
import { runAssay } from './assay.ts';

const database = useDatabase();

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-user-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const erase = (args: string[], url = database().url) =>
  runAssay(['user', 'erase', ...args], { cwd, env: { DATABASE_URL: url } });

describe('assay user erase', () => {
  it('removes what is a user’s, asks nothing, says what it did, and finds nothing the next time', async () => {
    const { userId } = await makeJob(database().pool, { status: 'QUEUED' });
    await makeJob(database().pool, { status: 'COMPLETED', userId, price: 0 });
    await makeFile(database().pool, { userId });
    const other = await makeJob(database().pool, { status: 'QUEUED' });
    expect(await erase(['--sub', userId.toUpperCase()])).toEqual({
      code: 0,
      stdout: 'Erased: 2 jobs, 1 uploads. Made anonymous: 3 ledger entries, 2 events.\n',
      stderr: '',
    });
    const { rows } = await database().pool.query('select id, user_id from analysis_jobs');
    expect(rows).toEqual([{ id: other.jobId, user_id: other.userId }]);
    expect(await erase(['--sub', userId])).toEqual({
      code: 0,
      stdout: 'Nothing is kept of this user.\n',
      stderr: '',
    });
  });

  it.each([
    ['an id that is no UUID', ['--sub', '1'], /'--sub <uuid>' argument '1' is invalid\. It must be a UUID/],
    ['no id', [], /required option '--sub <uuid>'/],
    ['the account of the system', ['--sub', '00000000-0000-0000-0000-000000000000'], /account of the system/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await erase(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('refuses a database that is not migrated', async () => {
    const empty = await emptyDatabase();
    try {
      const { code, stderr } = await erase(['--sub', randomUUID()], empty.url);
      expect(code).toBe(1);
      expect(stderr).toMatch(/run `assay migrate up` first/);
    } finally {
      await empty.drop();
    }
  });
});
