import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { JobFrame } from '../../src/feed/frame.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { openFeed, useFeed, useMover } from './feeds.ts';
import { wake } from './histories.ts';
import { isPending, readToEnd, said, take } from './readers.ts';

const database = useDatabase({
  bent: { 'runnable-task-has-waiting-job': 'attempts are started here without taking their task' },
});
const feed = useFeed(database);
const mover = useMover(database);

const follow = async (jobId: string, after?: number) =>
  (await feed().followJob(jobId, { owner: null, ...(after === undefined ? {} : { after }) }))!;

const percents = (frames: JobFrame[]) => frames.map(({ type, progress }) => `${type} ${progress.percent}`);

/** A job whose first attempt has just begun, with the verbs of its worker. */
async function begin() {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  const start = async (attempt: number) => {
    const lease = { jobId, leaseToken: randomUUID() };
    await mover().start({ ...lease, round: 1, attempt, workerId: randomUUID(), leaseMs: 60_000 });
    return lease;
  };
  const lease = await start(1);
  return {
    jobId,
    start,
    report: (percent: number) => mover().report(lease, { percent }, 60_000),
    release: () => mover().release(lease, { delayMs: 0, countsAttempt: true }),
    complete: () => mover().complete(lease, { answer: 42 }),
  };
}

it('comes as it is reported, with the seq of the latest event, also twice the same seq', async () => {
  const { jobId, report, complete } = await begin();
  const frames = await follow(jobId);
  await take(frames, 1);
  for (const percent of [10, 55.5]) {
    await report(percent);
    const [frame] = await take(frames, 1);
    expect(frame).toMatchObject({
      type: 'PROGRESSED',
      seq: 2,
      cursor: null,
      status: 'PROCESSING',
      progress: { percent },
    });
  }
  await complete();
  expect(said(await readToEnd(frames))).toEqual(['COMPLETED 3']);
});

it('is silent before there is any, and when nothing about it is new', async () => {
  const { jobId, report, complete } = await begin();
  const frames = await follow(jobId, 2);
  const next = frames.next();
  await wake(database().pool, jobId);
  await report(30);
  expect(percents([(await next).value])).toEqual(['PROGRESSED 30']);
  await wake(database().pool, jobId);
  await report(30);
  await complete();
  expect(percents(await readToEnd(frames))).toEqual(['COMPLETED 100']);
});

it('is silent again when a new attempt has not reported', async () => {
  const { jobId, report, release, start } = await begin();
  const frames = await follow(jobId, 2);
  await report(30);
  expect(percents(await take(frames, 1))).toEqual(['PROGRESSED 30']);
  await release();
  const second = await start(2);
  expect(said(await take(frames, 2))).toEqual(['RELEASED 3', 'STARTED 4']);
  await wake(database().pool, jobId);
  await mover().report(second, { percent: 5 }, 60_000);
  expect(percents(await take(frames, 1))).toEqual(['PROGRESSED 5']);
});

it('collapses to the latest value for a reader who is slow', async () => {
  const { jobId, report, complete } = await begin();
  const [slow, quick] = [await follow(jobId, 2), await follow(jobId, 2)];
  for (const percent of [10, 20, 30]) {
    await report(percent);
    await take(quick, 1);
  }
  expect(percents(await take(slow, 1))).toEqual(['PROGRESSED 30']);
  const next = slow.next();
  expect(await isPending(next)).toBe(true);
  await complete();
  expect(percents([(await next).value])).toEqual(['COMPLETED 100']);
});

it('is never replayed: whoever resumes gets the stored events and the present value', async () => {
  const { jobId, report } = await begin();
  for (const percent of [10, 20, 30]) await report(percent);
  const frames = await follow(jobId, 0);
  expect(percents(await take(frames, 3))).toEqual(['QUEUED 0', 'STARTED 0', 'PROGRESSED 30']);
  expect(await isPending(frames.next())).toBe(true);
});

it('is part of a SNAPSHOT, and not said again behind it', async () => {
  const { jobId, report } = await begin();
  await report(30);
  const frames = await follow(jobId);
  expect(percents(await take(frames, 1))).toEqual(['SNAPSHOT 30']);
  expect(await isPending(frames.next())).toBe(true);
});

it('costs a reader who is full no event', async () => {
  await using own = await openFeed({ url: database().url, queueBound: 2 });
  const { jobId, report } = await begin();
  const [full, quick] = await Promise.all([0, 2].map((after) => own.feed.followJob(jobId, { owner: null, after })));
  for (const percent of [10, 20]) {
    await report(percent);
    await take(quick!, 1);
  }
  expect(percents(await take(full!, 3))).toEqual(['QUEUED 0', 'STARTED 0', 'PROGRESSED 20']);
});

it('comes at the pace of the poll while no wake-up is heard', async () => {
  const deaf = new URL(database().url);
  deaf.port = '1';
  await using own = await openFeed({ url: database().url, listenUrl: deaf.href, isHeard: false, pollMs: 20 });
  const { jobId, report } = await begin();
  const frames = (await own.feed.followJob(jobId, { owner: null, after: 2 }))!;
  await report(30);
  expect(percents(await take(frames, 1))).toEqual(['PROGRESSED 30']);
  expect(own.feed.isListening()).toBe(false);
});
