import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { share } from '../../src/lifecycle/share.ts';
import { leavesNothing } from '../resolvers/unchanged.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type JobOptions, makeJob } from '../support/factory.ts';
import { interrupted, nextAttempt, retryOf, TAKES_NO_TASK, useProcess } from './lifecycles.ts';
import { bend, clearRows, holdLock, readJob } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const api = useProcess(database, 'api');
const other = useProcess(database, 'another api');

async function make(options: JobOptions = { status: 'COMPLETED' }) {
  const made = await makeJob(database().pool, options);
  return { ...made, resultId: made.resultId ?? '', scope: { owner: made.userId } };
}

const shareIdOf = async (jobId: string) => (await readJob(database().pool, jobId)).result.share_id as string;

/** A result that is shared, and under which id. */
async function makeShared(options?: JobOptions) {
  const made = await make(options);
  await api().lifecycle.share(made.resultId, made.scope);
  return { ...made, shareId: await shareIdOf(made.jobId) };
}

const open = (shareId: string) => api().lifecycle.findShared(shareId);

describe('sharing', () => {
  it('opens a completed result, and changes nothing else of it, its job or its log', async () => {
    const { jobId, resultId, scope } = await make();
    const before = await readJob(database().pool, jobId);
    expect(await api().lifecycle.share(resultId, scope)).toMatchObject({
      outcome: 'SHARED',
      result: { id: resultId, isPublic: true },
    });
    const after = await readJob(database().pool, jobId);
    const result = { ...before.result, is_public: true, share_id: after.result.share_id };
    expect(after).toEqual({ ...before, result });
    expect(api().woken).toEqual([]);
  });

  it('shows the answer and nothing of whose it is or what it came from', async () => {
    const testResult = { archetype: 'The answer' };
    const options = { status: 'COMPLETED', testResult, testData: { secret: 'given' }, name: 'Mine' } as const;
    const { shareId } = await makeShared(options);
    const shown = { assessmentName: 'Mine', testResult, assessment: testResult, createdAt: expect.any(Date) };
    expect(await open(shareId)).toEqual(shown);
    const ofAnother = await makeShared({ ...options, kind: 'COMPRESS' });
    expect(await open(ofAnother.shareId)).toEqual({ ...shown, assessment: null });
  });

  it('gives one id however often and by however many it is asked for at once', async () => {
    const { jobId, resultId, scope } = await make();
    const { pool } = database();
    const asked = await (async () => {
      await using _held = await holdLock(pool, 'select from analysis_results where id = $1', [resultId]);
      const both = [api(), other()].map(({ lifecycle }) => lifecycle.share(resultId, scope));
      await waitUntilBlocked(pool, 2);
      return both;
    })();
    const outcomes = await Promise.all(asked);
    await api().lifecycle.share(resultId, scope);
    const shareId = await shareIdOf(jobId);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ outcome: 'SHARED', result: { shareId } });
  });

  it.each([
    ['QUEUED', 'JOB_ACTIVE'],
    ['PROCESSING', 'JOB_ACTIVE'],
    ['FAILED', 'JOB_FINISHED'],
    ['CANCELLED', 'JOB_FINISHED'],
  ] as const)('refuses a %s job with %s, and writes nothing', async (status, outcome) => {
    const { jobId, resultId, scope } = await make({ status });
    await leavesNothing(database().pool, async () => {
      expect(await api().lifecycle.share(resultId, scope)).toMatchObject({ outcome, job: { id: jobId } });
    });
  });

  it('of another’s result, or of none, finds nothing and writes nothing', async () => {
    const [closed, shared] = [await make(), await makeShared()];
    const { lifecycle } = api();
    await leavesNothing(database().pool, async () => {
      for (const verb of [lifecycle.share, lifecycle.unshare]) {
        for (const { resultId } of [closed, shared]) {
          expect(await verb(resultId, { owner: randomUUID() })).toEqual({ outcome: 'NOT_FOUND' });
        }
        expect(await verb(randomUUID(), 'any owner')).toEqual({ outcome: 'NOT_FOUND' });
      }
    });
  });

  it('of a job that is completed between the refusal and the question why is done', async () => {
    const made = await make({ status: 'QUEUED' });
    const start = nextAttempt(made);
    await api().lifecycle.start(start);
    const em = interrupted(api().orm, () => api().lifecycle.complete(start, { archetype: 'Done' }), 2);
    expect(await share(em, made.resultId, made.scope)).toMatchObject({ outcome: 'SHARED', result: { isPublic: true } });
  });

  it('of a job that is deleted meanwhile finds nothing', async () => {
    const { jobId, resultId, scope } = await make({ status: 'FAILED' });
    const em = interrupted(api().orm, () => api().lifecycle.forceDelete(jobId, scope), 2);
    expect(await share(em, resultId, scope)).toEqual({ outcome: 'NOT_FOUND' });
  });
});

describe('a share', () => {
  it('that is closed is closed at once and for good', async () => {
    const { jobId, resultId, scope, shareId } = await makeShared();
    for (const _time of [1, 2]) {
      expect(await api().lifecycle.unshare(resultId, scope)).toMatchObject({
        outcome: 'UNSHARED',
        result: { isPublic: false, shareId: null },
      });
      expect(await open(shareId)).toBeNull();
    }
    await api().lifecycle.share(resultId, scope);
    const next = await shareIdOf(jobId);
    expect(next).not.toBe(shareId);
    expect(await open(shareId)).toBeNull();
    expect(await open(next)).not.toBeNull();
  });

  it.each([
    ['bury', (jobId: string) => api().lifecycle.bury(jobId, 'any owner')],
    ['forceDelete', (jobId: string) => api().lifecycle.forceDelete(jobId, 'any owner')],
    [
      'deleteResult',
      async (jobId: string) => {
        const { result } = await readJob(database().pool, jobId);
        return await api().lifecycle.deleteResult(String(result.id), 'any owner');
      },
    ],
  ])('ends with its job, by %s', async (_verb, act) => {
    const { jobId, shareId } = await makeShared();
    expect(await act(jobId)).toMatchObject({ outcome: 'DELETED' });
    expect(await open(shareId)).toBeNull();
  });

  it('stays open where a retry is refused, because its job is completed', async () => {
    const { shareId, ...made } = await makeShared();
    expect(await api().lifecycle.retry(retryOf(made))).toMatchObject({ outcome: 'NOT_RETRYABLE' });
    expect(await open(shareId)).not.toBeNull();
  });

  it.each([
    [
      'a tombstone',
      `update analysis_jobs set status = 'CANCELLED', deleted_at = updated_at, result_id = null where id = $1`,
    ],
    ['gone', 'delete from analysis_jobs where id = $1'],
  ])('ends also where a hand around all guards has left its result, and its job is %s', async (_what, statement) => {
    const { jobId, shareId } = await makeShared();
    await bend(database().pool, statement, [jobId]);
    expect(await open(shareId)).toBeNull();
    await clearRows(database().pool);
  });

  it('ends with the retry of a job that something from outside has turned to FAILED', async () => {
    const { shareId, ...made } = await makeShared({ status: 'COMPLETED', price: 0 });
    const failed = `status = 'FAILED', failure_code = 'HANDLER_ERROR', failure_message = 'No'`;
    await bend(database().pool, `update analysis_jobs set ${failed} where id = $1`, [made.jobId]);
    expect(await api().lifecycle.retry(retryOf(made, 0))).toMatchObject({ outcome: 'RETRIED' });
    expect(await open(shareId)).toBeNull();
    expect((await readJob(database().pool, made.jobId)).result).toMatchObject({ is_public: false, share_id: null });
    await clearRows(database().pool); // its log tells two ends of one round
  });

  it('is not left behind by a hand that takes the answer away', async () => {
    const { jobId, shareId } = await makeShared();
    await expect(
      database().pool.query(`update analysis_results set status = 'FAILED', test_result = null where job_id = $1`, [
        jobId,
      ]),
    ).rejects.toMatchObject({ constraint: 'results_share_is_completed' });
    expect(await open(shareId)).not.toBeNull();
  });
});
