import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { nextAttempt } from '../lifecycle/lifecycles.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase();
const api = useApi(database);

const FOLLOW = `subscription ($jobId: ID!, $after: Int) {
  jobEvents(jobId: $jobId, after: $after) { seq type eventType status attempt jobId userId job { status seq } }
}`;

type Stream = AsyncGenerator<ExecutionResult>;

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
    expect(await next(events)).toEqual({
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
