import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventType } from '../../src/entities/job-status.ts';
import { frameOfEvent, frameOfJob, processingSeconds } from '../../src/feed/frame.ts';
import { readLog } from '../../src/feed/log.ts';
import { createOrm } from '../../src/orm.ts';
import { bend } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, makeJob } from '../support/factory.ts';
import { addEvents } from './histories.ts';

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

async function read(jobId: string) {
  const [page] = await readLog(orm.em.fork(), [{ jobId, after: 0 }], 100);
  return { job: page!.job!, events: page!.events };
}

async function make(options: JobOptions) {
  const made = await makeJob(database().pool, options);
  return { made, ...(await read(made.jobId)) };
}

it('shows a stored event as it was', async () => {
  const { made, events } = await make({ status: 'FAILED', failure: 'STUCK', price: 2, name: 'A test', attempt: 2 });
  expect(frameOfEvent(events.at(-1)!)).toEqual({
    seq: 5,
    cursor: null,
    type: 'STUCK',
    eventType: 'analysis.stuck',
    jobId: made.jobId,
    userId: made.userId,
    resultId: made.resultId,
    kind: 'ASSESSMENT',
    status: 'FAILED',
    round: 1,
    attempt: 2,
    progress: { percent: 0 },
    tokenBalance: 2,
    rescuedAfterSeconds: null,
    metadata: { assessmentName: 'A test', errorMessage: 'It did not work', processingTime: null },
    at: events.at(-1)!.at,
  });
});

it('tells of a rescue for how many seconds the worker had been silent', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED', attempt: 1 });
  await bend(database().pool, 'update job_events set rescued_after = 11.5 where job_id = $1 and seq = 3', [jobId]);
  const { events } = await read(jobId);
  expect(events.map((event) => frameOfEvent(event).rescuedAfterSeconds)).toEqual([null, null, 11.5]);
});

it('names every type of event alike', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  await addEvents(database().pool, jobId, Object.values(EventType));
  const { events } = await read(jobId);
  const types = events.slice(1).map((event) => frameOfEvent(event).eventType);
  expect(types).toEqual(Object.values(EventType).map((type) => `analysis.${type.toLowerCase()}`));
});

it('shows the job as it is, with its latest seq', async () => {
  const { made, job } = await make({ status: 'FAILED', price: 2, name: 'A test' });
  expect(frameOfJob(job, 'RESYNC')).toMatchObject({
    seq: 3,
    type: 'RESYNC',
    eventType: 'analysis.resync',
    jobId: made.jobId,
    status: 'FAILED',
    progress: { percent: 40 },
    tokenBalance: null,
    rescuedAfterSeconds: null,
    metadata: { assessmentName: 'A test', errorMessage: 'It did not work', processingTime: processingSeconds(job) },
    at: job.updatedAt,
  });
});

it('dates progress by the heartbeat, and everything else by the last move', async () => {
  const { job } = await make({ status: 'PROCESSING' });
  expect(job.heartbeatAt).not.toEqual(job.updatedAt);
  expect(frameOfJob(job, 'PROGRESSED').at).toEqual(job.heartbeatAt);
  expect(frameOfJob(job, 'SNAPSHOT').at).toEqual(job.updatedAt);
});

it('counts seconds from the start of the last attempt to the end, and only where both are known', () => {
  const startedAt = new Date('2024-01-01T00:00:00.000Z');
  const finishedAt = new Date('2024-01-01T00:01:30.250Z');
  expect(processingSeconds({ startedAt, finishedAt })).toBe(90.25);
  expect(processingSeconds({ startedAt, finishedAt: null })).toBeNull();
  expect(processingSeconds({ startedAt: null, finishedAt })).toBeNull();
});
