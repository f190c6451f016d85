import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, it, vi } from 'vitest';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { cursorOf, openTransaction, takeFrames, writeEvent } from './feed-readers.ts';
import { openFeed, useFeed, useMover } from './feeds.ts';
import { wake } from './histories.ts';
import { isPending } from './readers.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'attempts are started here without taking their task',
    'gone-jobs-leave-one-event': 'events are written here that belong to no job',
  },
});
const feed = useFeed(database);
const mover = useMover(database);

const follow = async (reader: string | null, after?: string) =>
  (await feed().followJobs(reader, after === undefined ? {} : { after }))!;

/** A job of a user, waiting, with the verbs of its worker. */
async function make(userId: string) {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED', userId, price: 0 });
  const lease = { jobId, leaseToken: randomUUID() };
  return {
    jobId,
    start: () => mover().start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 60_000 }),
    report: (percent: number) => mover().report(lease, { percent }, 60_000),
    complete: () => mover().complete(lease, { answer: 42 }),
  };
}

const percents = (frames: readonly FeedFrame[]) =>
  frames.map((frame) => ('type' in frame ? `${frame.type} ${frame.progress.percent}` : frame.reason));

async function begin(userId: string | null) {
  const frames = await follow(userId);
  await takeFrames(frames, 1);
  return frames;
}

it('comes as it is reported, with the seq of the latest event and without a cursor', async () => {
  const userId = await makeAccount(database().pool);
  const job = await make(userId);
  const streams = [await begin(userId), await begin(null)];
  await job.start();
  for (const frames of streams) expect(percents(await takeFrames(frames, 1))).toEqual(['STARTED 0']);
  for (const percent of [10, 55.5]) {
    await job.report(percent);
    for (const frames of streams) {
      const [frame] = await takeFrames(frames, 1);
      expect(frame).toMatchObject({
        ...{ type: 'PROGRESSED', eventType: 'analysis.progressed', jobId: job.jobId, userId },
        ...{ seq: 2, cursor: null, status: 'PROCESSING', progress: { percent } },
      });
    }
  }
  await job.complete();
  for (const frames of streams) expect(percents(await takeFrames(frames, 1))).toEqual(['COMPLETED 100']);
});

it('is silent when nothing about it is new', async () => {
  const userId = await makeAccount(database().pool);
  const job = await make(userId);
  const frames = await begin(userId);
  await job.start();
  await job.report(0);
  await job.report(30);
  expect(percents(await takeFrames(frames, 2))).toEqual(['STARTED 0', 'PROGRESSED 30']);
  await wake(database().pool, job.jobId);
  await job.report(30);
  await job.complete();
  expect(percents(await takeFrames(frames, 1))).toEqual(['COMPLETED 100']);
});

it('collapses to the latest value of each job for a reader who is slow, behind the events', async () => {
  const userId = await makeAccount(database().pool);
  const [one, two] = [await make(userId), await make(userId)];
  const [slow, quick] = [await begin(userId), await begin(userId)];
  for (const { start } of [one, two]) await start();
  await takeFrames(quick, 2);
  for (const percent of [10, 20, 30]) {
    for (const { report } of [one, two]) {
      await report(percent);
      await takeFrames(quick, 1);
    }
  }
  await two.complete();
  await takeFrames(quick, 1);
  expect(percents(await takeFrames(slow, 4))).toEqual(['STARTED 0', 'STARTED 0', 'COMPLETED 100', 'PROGRESSED 30']);
  expect(await isPending(slow.next())).toBe(true);
});

it('is never replayed, and is nobody else’s', async () => {
  const [userId, other] = [await makeAccount(database().pool), await makeAccount(database().pool)];
  const job = await make(userId);
  const live = await follow(userId);
  const [start] = await takeFrames(live, 1);
  const foreign = await begin(other);
  await job.start();
  await job.report(30);
  await takeFrames(live, 2);
  const resumed = await follow(userId, cursorOf(start));
  expect(percents(await takeFrames(resumed, 1))).toEqual(['STARTED 0']);
  const next = resumed.next();
  expect(await isPending(next)).toBe(true);
  await job.report(40);
  expect(percents([(await next).value])).toEqual(['PROGRESSED 40']);
  expect(await isPending(foreign.next())).toBe(true);
});

it('never overtakes the event behind which it was made, however long the stretch is that is being read', async () => {
  await using own = await openFeed({ url: database().url, queueBound: 4 });
  const userId = await makeAccount(database().pool);
  const job = await make(userId);
  const frames = (await own.feed.followJobs(userId, {}))!;
  await takeFrames(frames, 1);
  const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  let pages = 0;
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    // The feed of the other tests reads for its own followers.
    const isPage = String(args[0]).includes('from event_log log') && String(args[1]).includes(userId);
    if (!isPage || ++pages !== 2) return Reflect.apply(query, this, args);
    return (async () => {
      await job.start();
      await job.report(30);
      return await Reflect.apply(query, this, args);
    })();
  } as never);
  try {
    await using burst = await openTransaction(database().url);
    for (let count = 0; count < 6; count += 1) await writeEvent(burst.client, { userId });
    await burst.commit();
    await wake(database().pool, job.jobId);
    expect(percents(await takeFrames(frames, 8)).slice(6)).toEqual(['STARTED 0', 'PROGRESSED 30']);
  } finally {
    spy.mockRestore();
  }
});

it('comes at the pace of the poll while no wake-up is heard', async () => {
  const deaf = new URL(database().url);
  deaf.port = '1';
  await using own = await openFeed({ url: database().url, listenUrl: deaf.href, isHeard: false, pollMs: 20 });
  const userId = await makeAccount(database().pool);
  const job = await make(userId);
  await job.start();
  const frames = (await own.feed.followJobs(userId, {}))!;
  await takeFrames(frames, 1);
  await job.report(30);
  expect(percents(await takeFrames(frames, 1))).toEqual(['PROGRESSED 30']);
});
