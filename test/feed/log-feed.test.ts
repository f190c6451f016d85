import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { createCarrier } from './carrier.ts';
import { cursorOf, takeFrames, told, writeEvent } from './feed-readers.ts';
import { complete, openFeed, useFeed, useMover } from './feeds.ts';
import { addEvents, attempts, cutListeners, forceDelete, wake } from './histories.ts';
import { openLink } from './link.ts';
import { isPending, range } from './readers.ts';

const database = useDatabase({
  bent: 'events are written by hand, so that a feed has exactly these to read',
});
const feed = useFeed(database);
const mover = useMover(database);

const follow = async (userId: string | null, after?: string) =>
  (await feed().followJobs(userId, after === undefined ? {} : { after }))!;

/** A stream that has begun, with the cursor it began at. */
async function begin(userId: string | null) {
  const frames = await follow(userId);
  const [start] = await takeFrames(frames, 1);
  return { frames, cursor: cursorOf(start) };
}

const makeQueued = () => makeJob(database().pool, { status: 'QUEUED' });

describe('without a position', () => {
  it('begins with START, and then tells what happens to all jobs of the user, each event with its cursor', async () => {
    const one = await makeQueued();
    const two = await makeJob(database().pool, { status: 'QUEUED', userId: one.userId, price: 0 });
    const frames = await follow(one.userId);
    expect(told(await takeFrames(frames, 1))).toEqual(['START']);
    await complete(mover(), one.jobId);
    expect(told(await takeFrames(frames, 2))).toEqual(['STARTED 2', 'COMPLETED 3']);
    await complete(mover(), two.jobId);
    const rest = await takeFrames(frames, 2);
    expect(rest).toMatchObject([{ jobId: two.jobId }, { jobId: two.jobId, cursor: expect.any(String) }]);
    await frames.return!();
  });
});

describe('with a position', () => {
  it('goes on behind it, with what is stored and with what happens, and says nothing of the position', async () => {
    const { jobId, userId } = await makeQueued();
    const { frames, cursor } = await begin(userId);
    await complete(mover(), jobId);
    const all = await takeFrames(frames, 2);
    expect(told(await takeFrames(await follow(userId, cursor), 2))).toEqual(['STARTED 2', 'COMPLETED 3']);
    expect(told(await takeFrames(await follow(userId, cursorOf(all[0])), 1))).toEqual(['COMPLETED 3']);
    const last = await follow(userId, cursorOf(all[1]));
    const next = last.next();
    expect(await isPending(next)).toBe(true);
    await forceDelete(database().pool, jobId);
    await wake(database().pool, jobId);
    expect(told([(await next).value])).toEqual(['DELETED 4']);
  });

  it('that another process gave goes on here, whether this one has heard of more or of less', async () => {
    const { jobId, userId } = await makeQueued();
    await using other = await openFeed({ url: database().url });
    const { frames, cursor } = await begin(userId);
    const elsewhere = (await other.feed.followJobs(userId, { after: cursor }))!;
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    const [first, second] = await takeFrames(elsewhere, 2);
    expect(told(await takeFrames(await follow(userId, cursorOf(first)), 1))).toEqual(['RELEASED 3']);
    const ahead = await follow(userId, cursorOf(second));
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    expect(told(await takeFrames(ahead, 2))).toEqual(['STARTED 4', 'RELEASED 5']);
    expect(told(await takeFrames(frames, 4))).toEqual(['STARTED 2', 'RELEASED 3', 'STARTED 4', 'RELEASED 5']);
  });
});

describe('whose events', () => {
  it('a user gets his own and nobody else’s, and a service everyone’s', async () => {
    const [one, two] = [await makeQueued(), await makeQueued()];
    const system = '00000000-0000-0000-0000-000000000000';
    const [ones, twos, all] = [await begin(one.userId), await begin(two.userId), await begin(null)];
    await complete(mover(), one.jobId);
    await complete(mover(), two.jobId);
    await writeEvent(database().pool, { userId: system });
    await wake(database().pool, one.jobId);
    const everything = await takeFrames(all.frames, 5);
    expect(everything.map((frame) => 'userId' in frame && frame.userId)).toEqual([
      ...[one.userId, one.userId, two.userId, two.userId, system],
    ]);
    expect(told(await takeFrames(ones.frames, 2))).toEqual(['STARTED 2', 'COMPLETED 3']);
    expect(await isPending(ones.frames.next())).toBe(true);
    expect(await takeFrames(twos.frames, 2)).toMatchObject([{ userId: two.userId }, { userId: two.userId }]);
    const replayed = await takeFrames(await follow(two.userId, twos.cursor), 2);
    expect(replayed).toMatchObject([{ userId: two.userId }, { userId: two.userId }]);
  });
});

describe('the reads', () => {
  it('are one statement for all who follow at the head, whoever they are', async () => {
    const carrier = createCarrier();
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: link.url, carrier });
    const made = await Promise.all(range(1, 10).map(makeQueued));
    const streams = await Promise.all(
      [...made.map(({ userId }) => userId), ...made.map(() => null)].map(
        async (reader) => (await own.feed.followJobs(reader, {}))!,
      ),
    );
    for (const frames of streams) await takeFrames(frames, 1);
    for (const { jobId } of made) await addEvents(database().pool, jobId, attempts(1));
    const before = link.sent('from job_events');
    carrier.wake(...made.map(({ jobId }) => jobId));
    for (const frames of streams.slice(0, 10)) await takeFrames(frames, 2);
    for (const frames of streams.slice(10)) await takeFrames(frames, 20);
    // Both halves of a stretch, and the events themselves.
    expect(link.sent('from job_events') - before).toBe(3);
  });

  it('are none while nobody follows', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: link.url, listenUrl: database().url });
    const { jobId, userId } = await makeQueued();
    const frames = (await own.feed.followJobs(userId, {}))!;
    await takeFrames(frames, 1);
    expect(own.feed.countFollowers()).toBe(1);
    const witness = (await own.feed.followJob(jobId, { owner: null, after: 1 }))!;
    await frames.return!();
    expect(own.feed.countFollowers()).toBe(1);
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    await witness.next();
    const before = link.sent('event_log');
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    await takeThree(witness);
    expect(link.sent('event_log')).toBe(before);
  });

  it('begin with the present for who comes when nobody followed, and not where somebody was before', async () => {
    const carrier = createCarrier();
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: link.url, carrier });
    const { jobId, userId } = await makeQueued();
    const frames = (await own.feed.followJobs(userId, {}))!;
    await takeFrames(frames, 1);
    await frames.return!();
    await addEvents(database().pool, jobId, attempts(1));
    const later = (await own.feed.followJobs(userId, {}))!;
    expect(told(await takeFrames(later, 1))).toEqual(['START']);
    expect(link.received('"seq":')).toBe(0);
    await addEvents(database().pool, jobId, attempts(1));
    carrier.wake(jobId);
    expect(told(await takeFrames(later, 2))).toEqual(['STARTED 4', 'RELEASED 5']);
  });

  it('make up for wake-ups that are lost, by the poll and after a lost connection', async () => {
    await using own = await openFeed({ url: database().url, pollMs: 20 });
    const { jobId, userId } = await makeQueued();
    const frames = (await own.feed.followJobs(userId, {}))!;
    await takeFrames(frames, 1);
    await addEvents(database().pool, jobId, attempts(1));
    expect(told(await takeFrames(frames, 2))).toEqual(['STARTED 2', 'RELEASED 3']);
    const { frames: unpolled } = await begin(userId);
    await cutListeners(database().pool);
    await addEvents(database().pool, jobId, attempts(1));
    expect(told(await takeFrames(unpolled, 2))).toEqual(['STARTED 4', 'RELEASED 5']);
  });

  it('that fail are made again, and refuse only who had not begun', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: link.url, listenUrl: database().url });
    const { jobId, userId } = await makeQueued();
    const frames = (await own.feed.followJobs(userId, {}))!;
    await takeFrames(frames, 1);
    link.silence();
    link.cut();
    await addEvents(database().pool, jobId, attempts(1));
    await expect(own.feed.followJobs(userId, {})).rejects.toThrow();
    expect(own.feed.countFollowers()).toBe(1);
    link.restore();
    expect(told(await takeFrames(frames, 2))).toEqual(['STARTED 2', 'RELEASED 3']);
  });
});

it('ends all streams when it stops, and begins none any more', async () => {
  await using own = await openFeed({ url: database().url });
  const frames = (await own.feed.followJobs(randomUUID(), {}))!;
  await takeFrames(frames, 1);
  const next = frames.next();
  await own.feed.stop();
  expect((await next).done).toBe(true);
  await expect(own.feed.followJobs(null, {})).rejects.toThrow(/stopped/);
});

async function takeThree(frames: AsyncIterator<unknown>): Promise<void> {
  for (let count = 0; count < 3; count += 1) await frames.next();
}
