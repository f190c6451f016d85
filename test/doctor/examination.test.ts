import { expect, it } from 'vitest';
import { examineDatabase, mendDatabase } from '../../src/doctor/examination.ts';
import { bend, clearRows, readAllRows } from '../lifecycle/rows.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { holdUp, untilGone } from './doctors.ts';

const database = useDatabase({ bent: 'these tests bend rows for the doctor to find' });
const options = () => ({ url: database().url, leaseMs: 200, rescueMs: 50, runLimitsMs: {} });

it('tells what is broken, when it looked by the clock of the database, and for how long', async () => {
  const { pool } = database();
  await clearRows(pool);
  const userId = await makeAccount(pool, { balance: 5 });
  await bend(pool, 'update accounts set balance = 500');
  const { rows } = await pool.query<{ before: Date }>('select now() as before');
  const { at, seconds, findings } = await examineDatabase(options());
  expect(at.getTime()).toBeGreaterThanOrEqual(rows[0]!.before.getTime());
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(10);
  expect(findings).toMatchObject([
    { invariant: { id: 'balance-is-sum' }, rows: [{ subject: userId, found: 'balance 500, entries 5' }] },
  ]);
});

it('gives what settles a lease and two rescues, and what it finds then can be mended', async () => {
  const { pool } = database();
  await clearRows(pool);
  const { jobId } = await makeJob(pool, { status: 'QUEUED', task: false });
  const { seconds, findings } = await examineDatabase(options());
  expect(seconds).toBeGreaterThanOrEqual(0.3);
  expect(await mendDatabase(options(), findings)).toEqual({ done: [`job ${jobId}: queued anew`], failures: [] });
  expect((await examineDatabase(options())).findings).toEqual([]);
});

it('that is given up leaves no statement behind', async () => {
  const { pool } = database();
  const given = new AbortController();
  await using _held = await holdUp(pool);
  const examination = examineDatabase(options(), given.signal);
  const ended = expect(examination).rejects.toThrow();
  expect(await waitUntilBlocked(pool)).toMatchObject([{ applicationName: 'assay-doctor' }]);
  given.abort();
  await ended;
  await untilGone(pool);
});

it('does nothing that was given up before', async () => {
  const { pool } = database();
  await clearRows(pool);
  await makeJob(pool, { status: 'QUEUED', task: false });
  const { findings } = await examineDatabase(options());
  const before = await readAllRows(pool);
  await expect(examineDatabase(options(), AbortSignal.abort())).rejects.toThrow('aborted');
  await expect(mendDatabase(options(), findings, AbortSignal.abort())).rejects.toThrow('aborted');
  expect(await readAllRows(pool)).toEqual(before);
});
