import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, it } from 'vitest';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { cursorOf, openTransaction, takeFrames, told, writeEvent } from './feed-readers.ts';
import { useFeed } from './feeds.ts';
import { wake } from './histories.ts';
import { isPending } from './readers.ts';

const database = useDatabase({ bent: 'events are written by hand, into transactions that stay open' });
const feed = useFeed(database);

const follow = async (reader: string | null, after?: string) =>
  (await feed().followJobs(reader, after === undefined ? {} : { after }))!;

async function begin(reader: string | null) {
  const frames = await follow(reader);
  const [start] = await takeFrames(frames, 1);
  return { frames, cursor: cursorOf(start) };
}

const jobsOf = (frames: readonly FeedFrame[]) => frames.map((frame) => 'jobId' in frame && frame.jobId);

const noted = async (client: Pick<pg.ClientBase, 'query'>, userId: string) => {
  const jobId = randomUUID();
  await writeEvent(client, { userId, jobId });
  return jobId;
};

const wakeAll = () => wake(database().pool, randomUUID());

it('what is numbered first and committed last reaches everyone, and nothing waits for it (FEED-11)', async () => {
  const userId = randomUUID();
  const readers = [userId, null];
  const live = await Promise.all(readers.map(begin));
  await using open = await openTransaction(database().url);
  const late = await noted(open.client, userId);
  const early = await noted(database().pool, userId);
  await wakeAll();
  const cursors: string[] = [];
  for (const { frames } of live) {
    const taken = await takeFrames(frames, 1);
    expect(jobsOf(taken)).toEqual([early]);
    cursors.push(cursorOf(taken[0]));
  }
  const resumed = await Promise.all(readers.map((reader, index) => follow(reader, cursors[index])));
  const nexts = resumed.map((frames) => takeFrames(frames, 1));
  for (const next of nexts) expect(await isPending(next)).toBe(true);

  await open.commit();
  await wakeAll();
  for (const { frames } of live) expect(jobsOf(await takeFrames(frames, 1))).toEqual([late]);
  for (const next of nexts) expect(jobsOf(await next)).toEqual([late]);
  // Who was away all the time gets both, the late one as well.
  for (const [index, reader] of readers.entries()) {
    const away = await takeFrames(await follow(reader, live[index]!.cursor), 2);
    expect(jobsOf(away)).toEqual([late, early]);
  }
});

it('a position of a time when something was open knows later that it was', async () => {
  const userId = randomUUID();
  await using open = await openTransaction(database().url);
  const late = await noted(open.client, userId);
  const { cursor } = await begin(userId);
  const early = await noted(database().pool, userId);
  await open.commit();
  const after = await noted(database().pool, userId);
  const taken = await takeFrames(await follow(userId, cursor), 3);
  expect(jobsOf(taken)).toEqual([late, early, after]);
  const [, , last] = taken;
  expect(await isPending(takeFrames(await follow(userId, cursorOf(last)), 1))).toBe(true);
});

it('transactions that stay open, in this database and in another of the server, delay nobody', async () => {
  const elsewhere = await emptyDatabase();
  try {
    await using _here = await openTransaction(database().url);
    await using _there = await openTransaction(elsewhere.url);
    const userId = randomUUID();
    const live = await Promise.all([userId, null].map(begin));
    for (const seq of [1, 2, 3]) {
      const jobId = await noted(database().pool, userId);
      await wakeAll();
      const started = performance.now();
      for (const { frames } of live) expect(jobsOf(await takeFrames(frames, 1))).toEqual([jobId]);
      expect(performance.now() - started).toBeLessThan(10_000);
      const resumed = await takeFrames(await follow(userId, live[0]!.cursor), seq);
      expect(jobsOf(resumed).at(-1)).toBe(jobId);
    }
  } finally {
    await elsewhere.drop();
  }
});

it('a rolled back event is never told', async () => {
  const userId = randomUUID();
  const { frames } = await begin(userId);
  const open = await openTransaction(database().url);
  await noted(open.client, userId);
  const kept = await noted(database().pool, userId);
  await wakeAll();
  expect(jobsOf(await takeFrames(frames, 1))).toEqual([kept]);
  await open[Symbol.asyncDispose]();
  const next = await noted(database().pool, userId);
  await wakeAll();
  expect(jobsOf(await takeFrames(frames, 1))).toEqual([next]);
});

it('the events of a job keep their order, also where a later one has the lower transaction', async () => {
  const [userId, jobId] = [randomUUID(), randomUUID()];
  const { frames, cursor } = await begin(userId);
  // It has its number, and only then waits for its turn with the job.
  await using early = await openTransaction(database().url);
  await writeEvent(database().pool, { userId, jobId, seq: 1 });
  await writeEvent(early.client, { userId, jobId, seq: 2 });
  await early.commit();
  await wakeAll();
  expect(told(await takeFrames(frames, 2))).toEqual(['RETRIED 1', 'RETRIED 2']);
  expect(told(await takeFrames(await follow(userId, cursor), 2))).toEqual(['RETRIED 1', 'RETRIED 2']);
});
