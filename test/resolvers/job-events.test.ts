import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { nextAttempt } from '../lifecycle/lifecycles.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, type MadeJob, makeJob } from '../support/factory.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'jobs are started here without a worker, which would have taken their tasks',
    'gone-jobs-leave-one-event': 'a job is taken out by hand',
  },
});
const api = useApi(database);

const FOLLOW = `subscription ($jobId: ID!, $after: Int) {
  jobEvents(jobId: $jobId, after: $after) {
    seq type eventType status attempt jobId userId job { status seq }
    resultId tokenBalance progress { percent } metadata { assessmentName errorMessage processingTime }
  }
}`;

type Stream = AsyncGenerator<ExecutionResult>;

const mutate = ({ jobId, userId }: MadeJob, field: string) =>
  api().read(user(userId), `mutation ($id: ID!) { ${field} { userErrors { code } } }`, { id: jobId });

const follow = (viewer: Viewer | null, jobId: string, after?: number | null) =>
  api().follow(viewer, FOLLOW, { jobId, after });

async function stream(viewer: Viewer, jobId: string, after?: number): Promise<Stream> {
  const followed = await follow(viewer, jobId, after);
  if ('errors' in followed) throw new Error(`It was refused: ${JSON.stringify(followed.errors)}`);
  return followed;
}

/** The next event of a stream, or null at its end. */
async function next(events: Stream) {
  const { done, value } = await events.next();
  if (done) return null;
  expect(value.errors).toBeUndefined();
  return (value.data as { jobEvents: Record<string, unknown> }).jobEvents;
}

async function readAll(events: Stream) {
  const read = [];
  for (let event = await next(events); event; event = await next(events)) read.push(event);
  return read;
}

describe('following a job', () => {
  it('begins with what it is and goes on with what happens, to the end', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const { jobId, userId } = made;
    const events = await stream(user(userId), jobId);
    expect(await next(events)).toMatchObject({
      ...{ seq: 1, type: 'SNAPSHOT', eventType: 'analysis.snapshot', status: 'QUEUED', attempt: 0, jobId, userId },
      job: { status: 'QUEUED', seq: 1 },
    });
    const attempt = nextAttempt(made);
    await api().lifecycle.start(attempt);
    expect(await next(events)).toMatchObject({ seq: 2, type: 'STARTED', job: { status: 'PROCESSING', seq: 2 } });
    await api().lifecycle.complete(attempt, { archetype: 'The test' });
    expect(await next(events)).toMatchObject({ seq: 3, type: 'COMPLETED', job: { status: 'COMPLETED', seq: 3 } });
    expect(await next(events)).toBeNull();
  });

  it('does not take a progress of 100 for the end', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const events = await stream(user(made.userId), made.jobId);
    expect(await next(events)).toMatchObject({ type: 'SNAPSHOT', status: 'PROCESSING' });
    await api().lifecycle.report(made, { percent: 100 }, 60_000);
    expect(await next(events)).toMatchObject({ type: 'PROGRESSED', status: 'PROCESSING', progress: { percent: 100 } });
    await api().lifecycle.fail(made, { code: 'HANDLER_ERROR', message: 'It broke' });
    expect(await next(events)).toMatchObject({ type: 'FAILED', status: 'FAILED', tokenBalance: 1 });
    expect(await next(events)).toBeNull();
  });

  it('after a number gives the history behind it, each event as it was and its job as it is', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'FAILED' });
    const now = { status: 'FAILED', seq: 3 };
    const history = [
      { seq: 1, type: 'QUEUED', status: 'QUEUED', job: now },
      { seq: 2, type: 'STARTED', status: 'PROCESSING', job: now },
      { seq: 3, type: 'FAILED', status: 'FAILED', job: now },
    ];
    expect(await readAll(await stream(user(userId), jobId, 0))).toMatchObject(history);
    expect(await readAll(await stream(user(userId), jobId, 2))).toMatchObject(history.slice(2));
    expect(await readAll(await stream(user(userId), jobId, 3))).toEqual([]);
    expect(await readAll(await stream(user(userId), jobId))).toMatchObject([{ type: 'SNAPSHOT', job: now }]);
  });

  it('beyond the latest event is told so once', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'FAILED' });
    expect(await readAll(await stream(user(userId), jobId, 99))).toMatchObject([{ type: 'RESYNC', seq: 3 }]);
  });

  it('shows no job once it is gone', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'FAILED' });
    const events = await stream(user(userId), jobId, 1);
    await database().pool.query('delete from analysis_jobs where id = $1', [jobId]);
    expect(await next(events)).toMatchObject({ seq: 2, jobId, job: null });
    await events.return(undefined);
  });

  it('of a cancelled job ends with the cancel, also when its thread is free later', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const events = await stream(user(made.userId), made.jobId);
    expect(await next(events)).toMatchObject({ seq: 2, type: 'SNAPSHOT', status: 'PROCESSING' });
    await mutate(made, 'cancelJob(input: { id: $id })');
    const cancelled = {
      ...{
        seq: 3,
        type: 'CANCELLED',
        eventType: 'analysis.cancelled',
        status: 'CANCELLED',
        attempt: 1,
        tokenBalance: 1,
      },
      progress: { percent: 40 },
      metadata: {
        assessmentName: 'Test of a job',
        errorMessage: 'Cancelled by user',
        processingTime: expect.any(Number),
      },
    };
    expect(await next(events)).toMatchObject({ ...cancelled, job: { status: 'CANCELLED', seq: 3 } });
    expect(await api().lifecycle.free(made)).toBe(true);
    expect(await next(events)).toBeNull();
    expect(await readAll(await stream(user(made.userId), made.jobId, 2))).toMatchObject([cancelled]);
    expect(await readAll(await stream(user(made.userId), made.jobId, 3))).toEqual([]);
    const snapshot = { seq: 3, type: 'SNAPSHOT', status: 'CANCELLED', progress: { percent: 0 } };
    expect(await readAll(await stream(user(made.userId), made.jobId))).toMatchObject([snapshot]);
  });

  it('wakes nobody with an event when a thread is free, while the job runs anew', async () => {
    const made = await makeJob(database().pool, { status: 'CANCELLED', attempt: 1, threadRuns: true });
    await mutate(made, 'retryJob(input: { id: $id })');
    const events = await stream(user(made.userId), made.jobId, 4);
    await api().lifecycle.free(made);
    await api().lifecycle.start(nextAttempt({ ...made, round: 2, attempt: 0 }));
    expect(await next(events)).toMatchObject({ seq: 5, type: 'STARTED' });
    await events.return(undefined);
  });

  it('goes on over a cancel that is history, where the job was retried since', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    const first = await stream(user(made.userId), made.jobId);
    expect(await readAll(first)).toHaveLength(1);
    await mutate(made, 'retryJob(input: { id: $id })');
    const events = await stream(user(made.userId), made.jobId, 0);
    const history = [await next(events), await next(events), await next(events), await next(events)];
    expect(history).toMatchObject([
      { seq: 1, type: 'QUEUED', status: 'QUEUED', tokenBalance: 0 },
      { seq: 2, type: 'STARTED', status: 'PROCESSING' },
      { seq: 3, type: 'FAILED', status: 'FAILED', tokenBalance: 1 },
      { seq: 4, type: 'RETRIED', eventType: 'analysis.retried', status: 'QUEUED', tokenBalance: 0 },
    ]);
    await mutate(made, 'cancelJob(input: { id: $id })');
    expect(await next(events)).toMatchObject({ seq: 5, type: 'CANCELLED', tokenBalance: 1 });
    expect(await next(events)).toBeNull();
  });

  it('of a deleted job tells its history without what it said, and ends with DELETED', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await mutate(made, 'deleteJob(input: { id: $id })');
    const job = { status: 'CANCELLED', seq: 4 };
    const history = [
      { seq: 1, type: 'QUEUED', status: 'QUEUED', job },
      { seq: 2, type: 'STARTED', status: 'PROCESSING', job },
      { seq: 3, type: 'FAILED', status: 'FAILED', metadata: { errorMessage: null }, job },
      { seq: 4, type: 'DELETED', eventType: 'analysis.deleted', status: 'CANCELLED', job },
    ];
    expect(await readAll(await stream(user(made.userId), made.jobId, 0))).toMatchObject(history);
    expect(await readAll(await stream(user(made.userId), made.jobId, 3))).toMatchObject(history.slice(3));
    expect(await readAll(await stream(user(made.userId), made.jobId, 4))).toEqual([]);
    const snapshot = { seq: 4, type: 'SNAPSHOT', status: 'CANCELLED', resultId: null };
    expect(await readAll(await stream(user(made.userId), made.jobId))).toMatchObject([snapshot]);
  });

  it('that is deleted while its history is read hears of it, once', async () => {
    const made = await makeJob(database().pool, { status: 'CANCELLED', attempt: 200, maxAttempts: 200 });
    const events = await stream(user(made.userId), made.jobId, 0);
    const read = [await next(events)];
    await mutate(made, 'deleteJob(input: { id: $id })');
    await mutate(made, 'deleteJob(input: { id: $id })');
    read.push(...(await readAll(events)));
    expect(read.map((event) => event?.seq)).toEqual(read.map((_, index) => index + 1));
    expect(read.slice(-3).map((event) => event?.type)).toEqual(['STARTED', 'CANCELLED', 'DELETED']);
  });

  it.each<JobOptions>([{ status: 'QUEUED' }, { status: 'PROCESSING' }])(
    'of %j that is deleted by force ends with DELETED and no job, and then there is nothing to follow',
    async (options) => {
      const made = await makeJob(database().pool, { ...options, price: 2 });
      const events = await stream(user(made.userId), made.jobId);
      const snapshot = await next(events);
      await mutate(made, 'deleteJob(input: { id: $id, force: true })');
      expect(await next(events)).toMatchObject({
        ...{ seq: Number(snapshot?.seq) + 1, type: 'DELETED', eventType: 'analysis.deleted', status: 'CANCELLED' },
        ...{ jobId: made.jobId, userId: made.userId, tokenBalance: 2, job: null },
      });
      expect(await next(events)).toBeNull();
      for (const after of [undefined, 0, 1]) {
        const gone = await follow(user(made.userId), made.jobId, after);
        expect(gone).toMatchObject({ data: null, errors: [{ code: 'NOT_FOUND' }] });
      }
    },
  );

  it('takes an id in capitals, and null for no position', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const followed = await follow(user(made.userId), made.jobId.toUpperCase(), null);
    if ('errors' in followed) throw new Error(`It was refused: ${JSON.stringify(followed.errors)}`);
    expect(await next(followed)).toMatchObject({ type: 'SNAPSHOT', jobId: made.jobId });
    await api().lifecycle.start(nextAttempt(made));
    expect(await next(followed)).toMatchObject({ type: 'STARTED', jobId: made.jobId });
    await followed.return(undefined);
  });

  it('is open to a service that may read', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'CANCELLED' });
    expect(await readAll(await stream(service('jobs:read'), jobId))).toHaveLength(1);
  });
});

describe('a subscription is refused before it begins', () => {
  async function refusal(viewer: Viewer | null, jobId: string, after?: number) {
    const followed = await follow(viewer, jobId, after);
    return 'errors' in followed ? followed.errors.map(({ code }) => code) : 'a stream';
  }

  it('for a job of another user, exactly as for one that is not there', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'PROCESSING' });
    const foreign = await follow(user(), jobId);
    const absent = await follow(user(), randomUUID());
    expect(foreign).toEqual(absent);
    expect(foreign).toMatchObject({
      data: null,
      errors: [{ code: 'NOT_FOUND', message: 'There is nothing with this id.' }],
    });
    expect(await refusal(user(), jobId, 0)).toEqual(['NOT_FOUND']);
    expect(await refusal(service('jobs:read'), randomUUID())).toEqual(['NOT_FOUND']);
  });

  it.each(['', 'x', "' or true --", 'a\u0000b'])('for the malformed id %j', async (jobId) => {
    expect(await refusal(user(), jobId)).toEqual(['NOT_FOUND']);
  });

  it('for an id of more than 128 characters', async () => {
    expect(await refusal(user(), 'x'.repeat(129))).toEqual(['BAD_USER_INPUT']);
  });

  it('for a negative position, whether the job is there or not', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'PROCESSING' });
    expect(await refusal(user(userId), jobId, -1)).toEqual(['BAD_USER_INPUT']);
    expect(await refusal(user(), jobId, -1)).toEqual(['BAD_USER_INPUT']);
    expect(await refusal(user(userId), jobId, -2_147_483_648)).toEqual(['BAD_USER_INPUT']);
  });

  it('for nobody, and for a service that may not read', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'PROCESSING' });
    expect(await refusal(null, jobId)).toEqual(['UNAUTHENTICATED']);
    expect(await refusal(service('jobs:manage'), jobId)).toEqual(['FORBIDDEN']);
  });
});
