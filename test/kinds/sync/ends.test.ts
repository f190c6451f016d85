import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bend, holdLock } from '../../lifecycle/rows.ts';
import { useDatabase } from '../../support/database.ts';
import { startProcess } from '../../support/process.ts';
import { type Answer, numbered, rowsOf, startUpstream, type Upstream } from '../../support/upstream.ts';
import { FAST, FREE_WITHIN_MS, LASTING, useWorkers } from '../../support/workers.ts';

const database = useDatabase();
const workers = useWorkers(database);

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

const OLD = { id: 'old' };
const ROWS = numbered(650);

let upstream: Upstream;
/** Lets the source answer on; until then it gives three pages of a hundred, or one of five hundred. */
let letGo: () => void;

beforeEach(async () => {
  const { pool } = database();
  await pool.query(`insert into sync_records (source, id, data, words) values ('SKK', 'old', $1, 'old')`, [
    JSON.stringify(OLD),
  ]);
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const behave = rowsOf(ROWS);
  const answer: Answer = async (request, response, incoming) => {
    if (request.offset >= (request.limit === 500 ? 500 : 300)) await gate;
    behave(request, response, incoming);
  };
  upstream = await startUpstream(answer);
});

afterEach(async () => {
  letGo();
  await database().check();
  await database().pool.query('truncate sync_records');
  await workers.lifecycle().cleanupSync(null);
});

const env = () => ({ ASSAY_SYNC_URL_SKK: `${upstream.origin}/skk` });

/** A worker whose pages may take long: the source of these tests holds some back. */
const startWorker = (lease: Partial<typeof LASTING> = LASTING) =>
  workers.start({ ...lease, ...env() }, { kindsModule: patientKinds });
const patientKinds = new URL('../../support/patient-sync-kinds.ts', import.meta.url).href;

async function request(): Promise<string> {
  const { job } = await workers
    .lifecycle()
    .requestSync({ source: 'SKK', force: true, requestedBy: 'service:test', maxAttempts: 3 });
  return job.id;
}

async function readStaged(): Promise<number> {
  const { rows } = await database().pool.query<{ count: number }>('select count(*)::int as count from sync_staging');
  return rows[0]!.count;
}

const gathered = (count: number) =>
  vi.waitFor(async () => expect(await readStaged()).toBe(count), { timeout: 40_000, interval: 20 });

async function readRecords(): Promise<string[]> {
  const { rows } = await database().pool.query<{ id: string }>(
    `select id from sync_records where source = 'SKK' order by id`,
  );
  return rows.map(({ id }) => id);
}

const ALL = ROWS.map(({ id }) => id);

describe('a sync that is under way', () => {
  it('leaves nothing when it is cancelled, and the old records stay', async () => {
    await startWorker();
    const jobId = await request();
    await gathered(300);
    await workers.cancel(jobId);
    expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    expect({ staged: await readStaged(), records: await readRecords() }).toEqual({ staged: 0, records: ['old'] });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'CANCELLED']);
  });

  it('gives way to a forced one, which completes', async () => {
    await startWorker();
    const old = await request();
    await gathered(300);
    const newer = await request();
    letGo();
    expect(await workers.reach(old, 'CANCELLED')).toMatchObject({ failureMessage: 'Replaced by a newer sync' });
    expect(await workers.reach(newer, 'COMPLETED')).toMatchObject({ testResult: { records: 650 } });
    await workers.free(old);
    expect({ staged: await readStaged(), records: await readRecords() }).toEqual({ staged: 0, records: ALL });
  });

  it('is given back by a worker that stops, without losing an attempt', async () => {
    const first = await startWorker();
    const jobId = await request();
    await gathered(300);
    await first.stop();
    expect(await workers.state(jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
    expect({ staged: await readStaged(), records: await readRecords() }).toEqual({ staged: 0, records: ['old'] });
    letGo();
    await startWorker();
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 1, testResult: { records: 650 } });
  });

  it('is done anew where its worker is killed, and what that one had gathered is swept', async () => {
    const killed = startProcess(process.execPath, [cli, 'worker'], {
      env: { PATH: process.env.PATH, DATABASE_URL: database().url, ...FAST, ...env() },
    });
    const jobId = await request();
    await gathered(500);
    killed.kill('SIGKILL');
    await killed.waitForEnd();
    letGo();
    await startWorker({});
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 2, testResult: { records: 650 } });
    await gathered(0);
    expect(await readRecords()).toEqual(ALL);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
  });

  it('changes nothing any more where its lease is another’s', async () => {
    await startWorker({});
    const jobId = await request();
    await gathered(300);
    const taken = "lease_token = gen_random_uuid(), lease_expires_at = now() + interval '1 hour'";
    await bend(database().pool, `update analysis_jobs set ${taken} where id = $1`, [jobId]);
    letGo();
    await gathered(0);
    expect(await readRecords()).toEqual(['old']);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED']);
    await workers.cancel(jobId);
    await bend(database().pool, `update analysis_jobs set lease_expires_at = now() - interval '1 day' where id = $1`, [
      jobId,
    ]);
    await workers.free(jobId);
  });

  it('counts its rows rightly where the connection breaks on the way', async () => {
    await startWorker();
    const jobId = await request();
    await gathered(300);
    {
      await using _lock = await holdLock(database().pool, 'select from analysis_jobs where id = $1', [jobId]);
      letGo();
      const cutOff = `select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%sync_staging%' and datname = current_database()`;
      await vi.waitFor(async () => expect((await database().pool.query(cutOff)).rowCount).toBe(1), {
        ...{ timeout: 40_000, interval: 20 },
      });
    }
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({
      attempt: 1,
      testResult: { records: 650, rows: 650, warnings: [] },
    });
    expect(await readRecords()).toEqual(ALL);
  });

  it('fails where rows are lost that it had gathered, and the old records stay', async () => {
    await startWorker();
    const jobId = await request();
    await gathered(300);
    await database().pool.query('truncate sync_staging');
    letGo();
    const { status, failureCode, failureMessage } = await workers.reach(jobId, ['FAILED', 'COMPLETED']);
    expect({ status, failureCode }).toEqual({ status: 'FAILED', failureCode: 'UPSTREAM_ERROR' });
    expect(failureMessage).toBe('650 rows were gathered and 350 are there');
    await gathered(0);
    expect(await readRecords()).toEqual(['old']);
  });
});
