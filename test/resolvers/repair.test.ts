import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { holdLock, readBalance, readJob } from '../lifecycle/rows.ts';
import { service, useApi } from '../support/api.ts';
import { useDatabase, waitUntilServerIsAged } from '../support/database.ts';
import { type JobOptions, makeAccount, makeJob } from '../support/factory.ts';
import { chunked, makeFile } from '../support/files.ts';
import { bend, clear } from './bend.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase({ bent: 'these tests bend rows to see them mended' });
const LEASE_MS = 10_000;
const api = useApi(database, { leaseMs: LEASE_MS });
const reconnected = useApi(database, { leaseMs: LEASE_MS, mayJudge: false });

const repairer = service('jobs:repair');
const pool = () => database().pool;
const make = (options: JobOptions) => makeJob(pool(), { createdAt: 60, ...options });
const nothingIsStored = (act: () => Promise<void>) => leavesNothing(pool(), act);

beforeEach(() => clear(pool()));

/** One job in every standing that a job can have. */
async function makeHealthy() {
  const userId = await makeAccount(pool());
  const standings: JobOptions[] = [
    { status: 'QUEUED' },
    { status: 'QUEUED', attempt: 1 },
    { status: 'PROCESSING' },
    { status: 'COMPLETED' },
    { status: 'COMPLETED', price: 0 },
    { status: 'FAILED' },
    { status: 'FAILED', failure: 'STUCK', threadRuns: true },
    { status: 'CANCELLED' },
    { status: 'CANCELLED', attempt: 1, threadRuns: true },
    { status: 'COMPLETED', deleted: true },
    { status: 'FAILED', deleted: true },
  ];
  const made = [];
  for (const options of standings) made.push({ ...(await make({ userId, ...options })), isDeleted: options.deleted });
  return made;
}

describe('syncStatus', () => {
  const SYNC = `mutation ($jobId: ID!) {
    syncStatus(input: { jobId: $jobId }) {
      jobId syncActions success message userErrors { __typename code message field }
    }
  }`;
  const sync = async (jobId: string, viewer: Viewer = repairer) =>
    (await api().read<{ syncStatus: { syncActions: string[] } }>(viewer, SYNC, { jobId })).syncStatus;
  const notFound = {
    ...{ jobId: null, syncActions: [], success: false, message: 'There is no such job' },
    userErrors: [
      {
        ...{ __typename: 'SimpleError', code: 'NOT_FOUND', message: 'There is nothing with this id' },
        field: ['input', 'jobId'],
      },
    ],
  };

  it('does nothing to a healthy job, whatever its status is, and finds no tombstone', async () => {
    const all = await makeHealthy();
    await nothingIsStored(async () => {
      for (const { jobId, isDeleted } of all) {
        const healthy = { jobId, syncActions: [], success: true, message: 'There was nothing to mend', userErrors: [] };
        expect(await sync(jobId)).toEqual(isDeleted ? notFound : healthy);
      }
    });
  });

  it.each(['', 'x', randomUUID(), 'x'.repeat(128)])('finds nothing under %j', async (jobId) => {
    expect(await sync(jobId)).toEqual(notFound);
  });

  it('refuses an id of more than 128 characters', async () => {
    const { errors } = await api().ask(repairer, SYNC, { jobId: 'x'.repeat(129) });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'jobId'] }] }]);
  });

  it('says of a completed job without an answer that it cannot be mended', async () => {
    const { jobId } = await make({ status: 'COMPLETED' });
    const { rows } = await pool().query<{ rule: string }>(
      `select pg_get_constraintdef(oid) as rule from pg_constraint where conname = 'results_content_fits_status'`,
    );
    const lose = `alter table analysis_results drop constraint results_content_fits_status;
      update analysis_results set test_result = null where job_id = '${jobId}'`;
    const find = `update analysis_results set test_result = '{}' where job_id = '${jobId}';
      alter table analysis_results add constraint results_content_fits_status ${rows[0]!.rule}`;
    try {
      await pool().query(lose);
      const message = 'The job is COMPLETED and its answer is gone: nobody can mend that';
      expect(await sync(jobId)).toEqual({ jobId, syncActions: [], success: false, message, userErrors: [] });
    } finally {
      await pool().query(find);
    }
  });

  const mends = async (jobId: string, ...syncActions: string[]) => {
    expect(await sync(jobId.toUpperCase())).toEqual({
      ...{ jobId, syncActions, success: true, userErrors: [] },
      message: `Mended: ${syncActions.join(', ')}`,
    });
    await nothingIsStored(async () => {
      expect((await sync(jobId)).syncActions).toEqual([]);
    });
  };

  it('carries the job’s status to its result', async () => {
    const { jobId } = await make({ status: 'FAILED' });
    await bend(pool(), `update analysis_results set status = 'PROCESSING' where job_id = $1`, [jobId]);
    await mends(jobId, 'synced_result_status_processing_to_failed');
    expect((await readJob(pool(), jobId)).result.status).toBe('FAILED');
  });

  it('closes the link of a result whose job never completed', async () => {
    const { jobId, resultId } = await make({ status: 'COMPLETED' });
    await api().lifecycle.share(resultId ?? '', 'any owner');
    const failed = `status = 'FAILED', failure_code = 'HANDLER_ERROR', failure_message = 'It did not work', refunded = price > 0`;
    await bend(pool(), `update analysis_jobs set ${failed} where id = $1`, [jobId]);
    await sync(jobId);
    const { result } = await readJob(pool(), jobId);
    expect(result).toMatchObject({ status: 'FAILED', is_public: false, share_id: null });
  });

  it('carries it also where the answer is there and only the status is behind', async () => {
    const { jobId } = await make({ status: 'COMPLETED' });
    const content = 'constraint results_content_fits_status';
    const { rows } = await pool().query<{ definition: string }>(
      `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'results_content_fits_status'`,
    );
    await pool().query(`alter table analysis_results drop ${content}`);
    await bend(pool(), `update analysis_results set status = 'PROCESSING' where job_id = $1`, [jobId]);
    await mends(jobId, 'synced_result_status_processing_to_completed');
    await pool().query(`alter table analysis_results add ${content} ${rows[0]?.definition}`);
    expect((await readJob(pool(), jobId)).result).toMatchObject({
      status: 'COMPLETED',
      test_result: expect.anything(),
    });
  });

  it('lets the job point to its own result again', async () => {
    const { jobId, resultId } = await make({ status: 'QUEUED' });
    await bend(pool(), 'update analysis_jobs set result_id = $2 where id = $1', [jobId, randomUUID()]);
    await mends(jobId, 'cleared_orphaned_result_id');
    expect((await readJob(pool(), jobId)).job.result_id).toBe(resultId);
  });

  it('puts a job that was lost back into the queue', async () => {
    const { jobId } = await make({ status: 'QUEUED', attempt: 1, task: false });
    await mends(jobId, 'requeued_lost_task');
    const { tasks } = await readJob(pool(), jobId);
    expect(tasks.map(({ payload, runnable }) => [payload, runnable])).toEqual([
      [{ jobId, round: 1, attempt: 2 }, true],
    ]);
  });

  it('pays back what was never paid back', async () => {
    const { jobId, userId } = await make({ status: 'CANCELLED', price: 2 });
    await bend(pool(), `delete from ledger_entries where job_id = $1 and entry = 'REFUND'`, [jobId]);
    await bend(pool(), 'update accounts set balance = 0 where user_id = $1', [userId]);
    await mends(jobId, 'issued_missing_refund');
    expect(await readBalance(pool(), userId)).toBe(2);
    expect((await readJob(pool(), jobId)).ledger.map(({ entry, amount }) => [entry, amount])).toEqual([
      ['CHARGE', -2],
      ['REFUND', 2],
    ]);
  });

  it('mends all that is bent at once', async () => {
    const { jobId, userId } = await make({ status: 'FAILED' });
    await bend(pool(), 'update analysis_jobs set result_id = $2 where id = $1', [jobId, randomUUID()]);
    await bend(pool(), `update analysis_results set status = 'QUEUED' where job_id = $1`, [jobId]);
    await bend(pool(), `delete from ledger_entries where job_id = $1 and entry = 'REFUND'`, [jobId]);
    await bend(pool(), 'update accounts set balance = 0 where user_id = $1', [userId]);
    await mends(jobId, 'cleared_orphaned_result_id', 'synced_result_status_queued_to_failed', 'issued_missing_refund');
  });
});

describe('cleanupOrphaned', () => {
  const CLEAN = `mutation ($dryRun: Boolean) {
    cleanupOrphaned(input: { dryRun: $dryRun }) {
      success dryRun deletedCount deletedJobIds deletedResultIds deletedFileCount message userErrors { code }
    }
  }`;
  const clean = async (dryRun?: boolean | null) =>
    (await api().read<{ cleanupOrphaned: object }>(repairer, CLEAN, { dryRun })).cleanupOrphaned;
  const answer = (jobIds: string[], resultIds: string[], dryRun: boolean, files = 0) => ({
    ...{ success: true, dryRun, deletedFileCount: files, userErrors: [] },
    deletedCount: jobIds.length + resultIds.length + files,
    ...{ deletedJobIds: jobIds, deletedResultIds: resultIds },
    message: `${dryRun ? 'Would remove' : 'Removed'} ${jobIds.length} jobs, ${resultIds.length} results and ${files} files`,
  });

  it('finds nothing where nothing is orphaned, jobs that failed and tombstones least of all', async () => {
    await makeHealthy();
    await nothingIsStored(async () => {
      for (const dryRun of [true, false]) expect(await clean(dryRun)).toEqual(answer([], [], dryRun));
    });
  });

  it('removes jobs without a result and results without a job, and only says so on a dry run', async () => {
    const failed = await make({ status: 'FAILED', createdAt: 300 });
    const running = await make({ status: 'PROCESSING', createdAt: 200, price: 2 });
    const jobless = await make({ status: 'COMPLETED', createdAt: 100 });
    const healthy = await make({ status: 'FAILED' });
    await bend(pool(), 'delete from analysis_results where job_id = any($1)', [[failed.jobId, running.jobId]]);
    await bend(pool(), 'delete from analysis_jobs where id = $1', [jobless.jobId]);
    const jobIds = [failed.jobId, running.jobId];
    const resultIds = [String(jobless.resultId)];
    await nothingIsStored(async () => {
      expect(await clean(true)).toEqual(answer(jobIds, resultIds, true));
    });
    expect(await clean()).toEqual(answer(jobIds, resultIds, false));
    expect(await clean(null)).toEqual(answer([], [], false));
    expect(await readBalance(pool(), running.userId)).toBe(2);
    expect(await readBalance(pool(), failed.userId)).toBe(1);
    const { rows } = await pool().query('select id from analysis_jobs union select job_id from analysis_results');
    expect(rows).toEqual([{ id: healthy.jobId }]);
  });

  it('removes files without a job, and bytes that no row knows of, and counts both', async () => {
    const put = async () => {
      const storedAs = randomUUID();
      await api().storage.write(storedAs, chunked(Buffer.from('x')));
      return storedAs;
    };
    const names = async () => (await Array.fromAsync(api().storage.list())).sort();
    const made = await make({ status: 'COMPLETED' });
    const [owned, uploaded, jobless, stray, due] = [await put(), await put(), await put(), await put(), await put()];
    await makeFile(pool(), { ...made, role: 'OUTPUT', storedAs: owned });
    await makeFile(pool(), { userId: made.userId, storedAs: uploaded });
    const gone = await make({ status: 'QUEUED' });
    await makeFile(pool(), { ...gone, storedAs: jobless });
    await bend(pool(), 'delete from analysis_jobs where id = $1', [gone.jobId]);
    await bend(pool(), 'delete from analysis_results where job_id = $1', [gone.jobId]);
    await api().lifecycle.reserveBytes([due], 60_000);
    await nothingIsStored(async () => expect(await clean(true)).toEqual(answer([], [], true, 2)));
    expect(await names()).toContain(stray);
    expect(await clean()).toEqual(answer([], [], false, 2));
    expect(await api().lifecycle.takeDueRemovals()).toEqual([jobless]);
    expect(await names()).toEqual([owned, uploaded, jobless, due].sort());
    expect(await clean()).toEqual(answer([], [], false));
    for (const name of await names()) await api().storage.remove(name);
  });
});

describe('stuckJobs', () => {
  const reader = service('jobs:read');
  const stuck = async (olderThanSeconds?: number | null) => {
    const text = 'query ($age: Int) { stuckJobs(olderThanSeconds: $age) { id status } }';
    const { stuckJobs } = await api().read<{ stuckJobs: { id: string }[] }>(reader, text, { age: olderThanSeconds });
    return stuckJobs.map(({ id }) => id);
  };

  it('lists running jobs without a sign of life for a lease, the most silent first', async () => {
    await makeHealthy();
    const silent = await make({ status: 'PROCESSING', leaseExpiresIn: -20 });
    const mute = await make({ status: 'PROCESSING', leaseExpiresIn: -3_000 });
    await make({ status: 'PROCESSING', leaseExpiresIn: -0.1 });
    await make({ status: 'CANCELLED', attempt: 1, threadRuns: true, leaseExpiresIn: -40 });
    await nothingIsStored(async () => {
      expect(await stuck()).toEqual([mute.jobId, silent.jobId]);
      expect(await stuck(null)).toEqual([mute.jobId, silent.jobId]);
    });
    expect(await stuck(1_000)).toEqual([mute.jobId]);
    expect(await stuck(0)).toHaveLength(4);
    expect(await stuck(2_147_483_647)).toEqual([]);
  });

  it('refuses a time below zero', async () => {
    const { errors } = await api().ask(reader, '{ stuckJobs(olderThanSeconds: -1) { id } }');
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['olderThanSeconds'] }] }]);
  });
});

describe('rescueStuckJobs', () => {
  const RESCUE = 'mutation { rescueStuckJobs { released failed requeued notFixed userErrors { code } } }';
  const none = { released: [], failed: [], requeued: [], notFixed: [], userErrors: [] };
  const rescue = async () => (await api().read<{ rescueStuckJobs: object }>(repairer, RESCUE)).rescueStuckJobs;

  beforeAll(() => waitUntilServerIsAged(pool(), LEASE_MS + 100));

  it('finds nothing where everything is looked after', async () => {
    await makeHealthy();
    await pool().query(`update workers set heartbeat_at = now() + interval '1 hour'`);
    await nothingIsStored(async () => {
      expect(await rescue()).toEqual(none);
    });
  });

  it('releases, fails and requeues what is not, once', async () => {
    const lost = await make({ status: 'PROCESSING', leaseExpiresIn: -30 });
    const last = await make({ status: 'PROCESSING', attempt: 3, leaseExpiresIn: -30 });
    const endless = await make({ status: 'PROCESSING', createdAt: 3_600 });
    const taskless = await make({ status: 'QUEUED', task: false });
    const alive = await make({ status: 'PROCESSING' });
    expect(await rescue()).toEqual({
      ...none,
      released: [lost.jobId],
      failed: [endless.jobId, last.jobId],
      requeued: [taskless.jobId],
    });
    const failures = await pool().query('select id, failure_code from analysis_jobs where status = $1 order by id', [
      'FAILED',
    ]);
    expect(failures.rows).toEqual([
      { id: endless.jobId, failure_code: 'STUCK' },
      { id: last.jobId, failure_code: 'WORKER_LOST' },
    ]);
    expect((await readJob(pool(), alive.jobId)).job.status).toBe('PROCESSING');
    expect(await rescue()).toEqual(none);
  });

  it('tells of what it found and could not fix', async () => {
    const { jobId } = await make({ status: 'PROCESSING', leaseExpiresIn: -30 });
    {
      await using _held = await holdLock(pool(), 'select from analysis_jobs where id = $1', [jobId]);
      expect(await rescue()).toEqual({ ...none, notFixed: [jobId] });
    }
    expect(await rescue()).toEqual({ ...none, released: [jobId] });
  });

  it('tells of the lost, and leaves them, where the API was cut off from the database a moment ago', async () => {
    const { jobId } = await make({ status: 'PROCESSING', leaseExpiresIn: -30 });
    const { rescueStuckJobs } = await reconnected().read<{ rescueStuckJobs: object }>(repairer, RESCUE);
    expect(rescueStuckJobs).toEqual({ ...none, notFixed: [jobId] });
    expect((await readJob(pool(), jobId)).job.status).toBe('PROCESSING');
    expect(await rescue()).toEqual({ ...none, released: [jobId] });
  });
});
