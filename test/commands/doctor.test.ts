import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INVARIANTS } from '../../src/lifecycle/invariants.ts';
import { bend } from '../lifecycle/rows.ts';
import { createTestDatabase, emptyDatabase, type TestDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { runAssay } from './assay.ts';

let cwd: string;
let database: TestDatabase;
beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-doctor-'));
  database = await createTestDatabase({ bent: 'each test breaks the rows for the doctor to find' });
});
afterEach(async () => {
  await database.drop();
  await rm(cwd, { recursive: true, force: true });
});

/** By a lease and rescues so short that a second look comes soon. */
async function doctor(args: string[], url = database.url) {
  const times = { ASSAY_HEARTBEAT_MS: '50', ASSAY_LEASE_MS: '200', ASSAY_RESCUE_MS: '50' };
  const { code, stdout, stderr } = await runAssay(['doctor', ...args], { cwd, env: { DATABASE_URL: url, ...times } });
  expect(stderr).toBe('');
  return { code, lines: stdout.trimEnd().split('\n') };
}

describe('assay doctor', () => {
  it('has a calm line for each invariant of a healthy database, and code 0', async () => {
    await makeJob(database.pool, { status: 'COMPLETED' });
    const { code, lines } = await doctor([]);
    expect(code).toBe(0);
    expect(lines.slice(0, -1)).toEqual(
      INVARIANTS.map(({ id, sentence }) => expect.stringMatching(new RegExp(`^ok +${id} +${sentence}$`))),
    );
    expect(lines.at(-1)).toBe(`All ${INVARIANTS.length} invariants hold.`);
  });

  it('ends with code 1 and the rows that break one, and changes nothing', async () => {
    const { jobId } = await makeJob(database.pool, { status: 'QUEUED', task: false });
    const userId = await makeAccount(database.pool, { balance: 5 });
    await bend(database.pool, 'update accounts set balance = 500 where user_id = $1', [userId]);
    for (let times = 0; times < 2; times += 1) {
      const { code, lines } = await doctor([]);
      expect(code).toBe(1);
      expect(lines[1]).toBe(`          ${userId}  balance 500, entries 5`);
      const at = lines.findIndex((line) => line.startsWith('BROKEN  waiting-job-has-task '));
      expect(lines[at + 1]).toBe(`          ${jobId}  since event 1; tasks: none`);
      expect(lines.at(-1)).toBe(`2 of ${INVARIANTS.length} invariants are broken.`);
    }
  });

  it('shows a hundred rows and says how many more there are', async () => {
    await database.pool.query(
      `insert into accounts (user_id, balance) select gen_random_uuid(), 1 from generate_series(1, 103)`,
    );
    const { code, lines } = await doctor([]);
    expect(code).toBe(1);
    expect(lines.filter((line) => line.endsWith('balance 1, entries 0'))).toHaveLength(100);
    expect(lines).toContain('          and 3 more');
  });

  it('--repair mends what is safe, says what it did, and finds nothing the next time', async () => {
    const lost = await makeJob(database.pool, { status: 'QUEUED', task: false });
    const orphan = await makeJob(database.pool, { status: 'FAILED' });
    await bend(database.pool, 'delete from analysis_results where job_id = $1', [orphan.jobId]);
    const { code, lines } = await doctor(['--repair']);
    expect(lines).toContain(`job ${lost.jobId}: queued anew`);
    expect(lines).toContain(`job ${orphan.jobId}: removed, its result is gone`);
    expect(lines).toContain('Mended: 2.');
    expect(lines.at(-1)).toBe(`All ${INVARIANTS.length} invariants hold.`);
    expect(code).toBe(0);
    const again = await doctor(['--repair']);
    expect(again).toEqual({ code: 0, lines: expect.not.arrayContaining([expect.stringContaining('Mended')]) });
  });

  it('--repair ends with code 1 where a person is needed', async () => {
    await makeAccount(database.pool, { balance: 5 });
    await bend(database.pool, 'update accounts set balance = 500');
    const { code, lines } = await doctor(['--repair']);
    expect(lines).toContain('There was nothing that could be mended.');
    expect(lines.at(-1)).toBe(`1 of ${INVARIANTS.length} invariants are broken.`);
    expect(code).toBe(1);
  });

  it('asks for the migrations first', async () => {
    const empty = await emptyDatabase();
    const outcome = await runAssay(['doctor'], { cwd, env: { DATABASE_URL: empty.url } });
    await empty.drop();
    expect(outcome).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The database is not migrated: run `assay migrate up` first.\n',
    });
  });
});
