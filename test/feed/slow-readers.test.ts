import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { useDatabase } from '../support/database.ts';
import { cursorOf, takeFrames, told } from './feed-readers.ts';
import { openFeed, useFeed } from './feeds.ts';
import { wake } from './histories.ts';
import { openLink } from './link.ts';
import { range } from './readers.ts';

const BOUND = 16;

const database = useDatabase({ bent: 'events are written by hand, so that a feed has exactly these to read' });
const feed = useFeed(database, { queueBound: BOUND });

let userId = '';
let jobId = '';
beforeEach(() => {
  userId = randomUUID();
  jobId = randomUUID();
});

async function begin(reader: string | null) {
  const frames = (await feed().followJobs(reader, {}))!;
  const [start] = await takeFrames(frames, 1);
  return { frames, cursor: cursorOf(start) };
}

const resume = async (reader: string | null, after: string) => (await feed().followJobs(reader, { after }))!;

/** Events `first` to `last` in one transaction. */
async function write(first: number, last: number): Promise<void> {
  await database().pool.query(
    `insert into job_events (job_id, seq, type, user_id, kind, status, round, attempt, progress, assessment_name, at)
     select $1, seq, 'RETRIED', $2, 'ASSESSMENT', 'QUEUED', 1, 0, '{"percent": 0}', 'An assessment', now()
     from generate_series($3::int, $4::int) seq`,
    [jobId, userId, first, last],
  );
  await wake(database().pool, jobId);
}

const seqs = (frames: readonly FeedFrame[]) => frames.map((frame) => ('seq' in frame ? frame.seq : frame.reason));

it.each(['a user', 'everyone'])('a history of any length of %s passes whole, and live events follow', async (whose) => {
  const reader = whose === 'everyone' ? null : userId;
  const { frames, cursor } = await begin(reader);
  await frames.return!();
  for (let first = 1; first <= 300; first += 50) await write(first, first + 49);
  const behind = await resume(reader, cursor);
  const first = await takeFrames(behind, 100);
  await write(301, 310);
  expect(seqs([...first, ...(await takeFrames(behind, 210))])).toEqual(range(1, 310));
  await write(311, 312);
  expect(seqs(await takeFrames(behind, 2))).toEqual([311, 312]);
  // From the middle of a stretch, from the end of one, and from the end of all.
  for (const at of [3, 49, 99]) {
    const rest = await takeFrames(await resume(reader, cursorOf(first[at])), 311 - at);
    expect(seqs(rest)).toEqual(range(at + 2, 312));
  }
});

it('a burst longer than the bound reaches whoever waits, without a position', async () => {
  const [one, all] = [await begin(userId), await begin(null)];
  const nexts = [one, all].map(({ frames }) => takeFrames(frames, 10 * BOUND));
  await write(1, 10 * BOUND);
  for (const next of nexts) expect(seqs(await next)).toEqual(range(1, 10 * BOUND));
  await write(10 * BOUND + 1, 10 * BOUND + 2);
  for (const { frames } of [one, all]) expect(seqs(await takeFrames(frames, 2))).toEqual([161, 162]);
});

it('who does not read gets OVERFLOW past the bound and what follows, and his neighbours everything (FEED-9)', async () => {
  const [stalled, quick, all] = [await begin(userId), await begin(userId), await begin(null)];
  for (let seq = 1; seq <= 3 * BOUND; seq += 1) {
    await write(seq, seq);
    for (const { frames } of [quick, all]) expect(seqs(await takeFrames(frames, 1))).toEqual([seq]);
  }
  const [position, ...rest] = await takeFrames(stalled.frames, 2);
  expect(told([position!])).toEqual(['OVERFLOW']);
  const [next] = seqs(rest);
  expect(next).toBeGreaterThan(BOUND);
  const onwards = await takeFrames(stalled.frames, 3 * BOUND - Number(next));
  expect(seqs(onwards)).toEqual(range(Number(next) + 1, 3 * BOUND));
  // The position is where those began that he got after it.
  expect(seqs(await takeFrames(await resume(userId, cursorOf(position)), 1))).toEqual([next]);
  await write(3 * BOUND + 1, 3 * BOUND + 1);
  expect(seqs(await takeFrames(stalled.frames, 1))).toEqual([3 * BOUND + 1]);
});

it('who fell behind within the bound gets every event', async () => {
  const [slow, quick] = [await begin(userId), await begin(userId)];
  for (let seq = 1; seq <= BOUND; seq += 1) {
    await write(seq, seq);
    await takeFrames(quick.frames, 1);
  }
  expect(seqs(await takeFrames(slow.frames, BOUND))).toEqual(range(1, BOUND));
});

it('who reads as fast as it comes may be a little behind for ever', async () => {
  const [late, quick] = [await begin(userId), await begin(userId)];
  const read: FeedFrame[] = [];
  for (let seq = 1; seq <= 5 * BOUND; seq += 1) {
    await write(seq, seq);
    await takeFrames(quick.frames, 1);
    if (seq > 3) read.push(...(await takeFrames(late.frames, 1)));
  }
  expect(seqs(read)).toEqual(range(1, 5 * BOUND - 3));
});

it('who stopped in the middle of a history costs no reads of it, and is told when too much came since', async () => {
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, listenUrl: database().url, queueBound: BOUND });
  const { cursor } = await begin(userId);
  await write(1, 4 * BOUND);
  const stopped = (await own.feed.followJobs(userId, { after: cursor }))!;
  expect(seqs(await takeFrames(stopped, 2))).toEqual([1, 2]);
  const quick = (await own.feed.followJobs(null, {}))!;
  await takeFrames(quick, 1);
  const before = link.received('"seq":');
  for (let seq = 4 * BOUND + 1; seq <= 5 * BOUND; seq += 1) {
    await write(seq, seq);
    await takeFrames(quick, 1);
  }
  expect(link.received('"seq":') - before).toBe(BOUND);
  await write(5 * BOUND + 1, 5 * BOUND + 2);
  await takeFrames(quick, 2);
  // What waited for him is gone with it.
  const [position] = await takeFrames(stopped, 1);
  expect(told([position!])).toEqual(['OVERFLOW']);
  await write(5 * BOUND + 3, 5 * BOUND + 3);
  expect(seqs(await takeFrames(stopped, 1))).toEqual([5 * BOUND + 3]);
});

it('a reader who comes and goes leaves nothing behind', async () => {
  await using own = await openFeed({ url: database().url, queueBound: BOUND });
  const { cursor } = await begin(userId);
  await write(1, 4 * BOUND);
  for (let count = 0; count < 20; count += 1) {
    const frames = (await own.feed.followJobs(
      count % 2 ? userId : null,
      count % 3 || count % 2 === 0 ? {} : { after: cursor },
    ))!;
    if (count % 5) await frames.next();
    await frames.return!();
  }
  expect(own.feed.countFollowers()).toBe(0);
  await wait(20);
});
