import fc from 'fast-check';
import type pg from 'pg';
import { expect, it, vi } from 'vitest';
import type { Feed } from '../../src/feed/feed.ts';
import type { JobFrame } from '../../src/feed/frame.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { createCarrier } from './carrier.ts';
import { complete, openFeed, useFeed, useMover } from './feeds.ts';
import { addEvents, attempts, cutListeners, forceDelete, wake } from './histories.ts';
import { openLink } from './link.ts';
import { range, readToEnd, said, take } from './readers.ts';

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});
const feed = useFeed(database, { pollMs: 50 });
const mover = useMover(database);

const makeQueued = async () => (await makeJob(database().pool, { status: 'QUEUED' })).jobId;

interface Subscription {
  jobId: string;
  after: number | undefined;
  frames: Promise<JobFrame[]>;
}

async function subscribe(own: Feed, jobId: string, after: number | undefined): Promise<Subscription> {
  const frames = (await own.followJob(jobId, { owner: null, ...(after === undefined ? {} : { after }) }))!;
  return { jobId, after, frames: readToEnd(frames) };
}

/** What one job lives through: how many attempts, and before which of them somebody subscribes, and from where. */
const life = fc.record({
  attempts: fc.integer({ min: 1, max: 8 }),
  subscribers: fc.array(
    fc.record({
      before: fc.integer({ min: 0, max: 7 }),
      /** The share of the log that he knows already. */
      known: fc.option(fc.constantFrom(0, 0.3, 0.7, 1), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  /** Before which attempt the listening connection is cut. */
  cut: fc.integer({ min: 0, max: 30 }),
  /** After which attempts nobody is woken. */
  lost: fc.array(fc.integer({ min: 0, max: 7 })),
});

type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

async function live(pool: pg.Pool, { attempts: count, subscribers, cut, lost }: Life): Promise<void> {
  const jobId = await makeQueued();
  const subscriptions: Promise<Subscription>[] = [];
  for (let attempt = 0; attempt < count; attempt += 1) {
    for (const { before, known } of subscribers) {
      if (Math.min(before, count - 1) !== attempt) continue;
      const after = known === undefined ? undefined : Math.floor((1 + 2 * attempt) * known);
      subscriptions.push(subscribe(feed(), jobId, after));
    }
    if (cut === attempt) await cutListeners(pool);
    await addEvents(pool, jobId, attempts(1));
    if (!lost.includes(attempt)) await wake(pool, jobId);
  }
  const made = await Promise.all(subscriptions);
  await complete(mover(), jobId);
  for (const one of made) expectWhole(one, await one.frames, 1 + 2 * count + 2);
}

function expectWhole({ jobId, after }: Subscription, frames: JobFrame[], last: number): void {
  expect(new Set(frames.map((frame) => frame.jobId))).toEqual(new Set([jobId]));
  const [first] = frames;
  if (after === undefined) expect(first!.type).toBe('SNAPSHOT');
  expect(frames.map(({ seq }) => seq)).toEqual(range(after === undefined ? first!.seq : after + 1, last));
  const made = frames.slice(after === undefined ? 1 : 0).map(({ type }) => type);
  expect(made).not.toContain('SNAPSHOT');
  expect(made).not.toContain('RESYNC');
}

it('many followers of many jobs each get their own job whole, while wake-ups and connections are lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
      await Promise.all(lives.map((one) => live(database().pool, one)));
    }),
    { numRuns: 15 },
  );
});

it('one statement serves all followers of a process, of one job and of many', async () => {
  const carrier = createCarrier();
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, carrier });
  const jobIds = await Promise.all(range(1, 20).map(makeQueued));
  const streams = await Promise.all(
    jobIds.flatMap((jobId) => range(1, 10).map(() => own.feed.followJob(jobId, { owner: null, after: 1 }))),
  );
  const nexts = streams.map((frames) => take(frames!, 2));
  for (const jobId of jobIds) await addEvents(database().pool, jobId, attempts(1));
  const before = link.sent('from job_events');
  carrier.wake(...jobIds);
  for (const frames of await Promise.all(nexts)) expect(said(frames)).toEqual(['STARTED 2', 'RELEASED 3']);
  expect(link.sent('from job_events') - before).toBe(1);
});

it('so many positions that one statement would take long are read in several', async () => {
  const carrier = createCarrier();
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, carrier });
  const jobIds = await Promise.all(range(1, 101).map(makeQueued));
  const streams = await Promise.all(jobIds.map((jobId) => own.feed.followJob(jobId, { owner: null, after: 1 })));
  const nexts = streams.map((frames) => readToEnd(frames!));
  for (const jobId of jobIds) await forceDelete(database().pool, jobId);
  const before = link.sent('from job_events');
  carrier.wake(...jobIds);
  for (const frames of await Promise.all(nexts)) expect(said(frames)).toEqual(['DELETED 2']);
  // A look that comes while the news is still being read finds it once more; many more would be of those that stayed.
  expect(link.sent('from job_events') - before).toBeLessThanOrEqual(4);
});

it('what commits while a subscription begins is not lost', async () => {
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, listenUrl: database().url });
  const [jobId, other] = [await makeQueued(), await makeQueued()];
  const witness = (await own.feed.followJob(other, { owner: null, after: 1 }))!;
  const answered = link.received(jobId);
  link.hold(jobId);
  const following = own.feed.followJob(jobId, { owner: null, after: 0 });
  await vi.waitUntil(() => link.received(jobId) > answered, { interval: 2, timeout: 10_000 });
  for (const id of [jobId, other]) await addEvents(database().pool, id, attempts(1));
  await wake(database().pool, jobId, other);
  // Who hears of the other job's events has been told of both.
  await take(witness, 2);
  link.release();
  expect(said(await take((await following)!, 3))).toEqual(['QUEUED 1', 'STARTED 2', 'RELEASED 3']);
});

it('a job that nobody follows any more is read no more', async () => {
  const carrier = createCarrier();
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, carrier });
  const [left, kept] = [await makeQueued(), await makeQueued()];
  const frames = (await own.feed.followJob(left, { owner: null }))!;
  await take(frames, 1);
  const parked = frames.next();
  const other = (await own.feed.followJob(kept, { owner: null, after: 1 }))!;
  expect(own.feed.countFollowers()).toBe(2);

  await frames.return!();
  expect((await parked).done).toBe(true);
  expect(own.feed.countFollowers()).toBe(1);
  const before = link.sent(left);
  for (const jobId of [left, kept]) await addEvents(database().pool, jobId, attempts(1));
  carrier.wake(left, kept);
  await take(other, 2);
  expect(link.sent(left)).toBe(before);
});

it('the poll finds what changed and asks for nothing else', async () => {
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, carrier: createCarrier(), pollMs: 20 });
  const [still, moved, gone] = [await makeQueued(), await makeQueued(), await makeQueued()];
  const streams = await Promise.all([still, moved, gone].map((jobId) => own.feed.followJob(jobId, { owner: null })));
  for (const frames of streams) await take(frames!, 1);
  const before = link.sent('from job_events');
  await addEvents(database().pool, moved, attempts(1));
  expect(said(await take(streams[1]!, 2))).toEqual(['STARTED 2', 'RELEASED 3']);
  await forceDelete(database().pool, gone);
  expect(said(await readToEnd(streams[2]!))).toEqual(['DELETED 2']);
  const polls = () => link.sent('select mine.job_id');
  const enough = polls() + 10;
  await vi.waitUntil(() => polls() >= enough, { interval: 5, timeout: 30_000 });
  // A look that comes while the news is still being read finds it once more; many more would be of those that stayed.
  expect(link.sent('from job_events') - before).toBeLessThanOrEqual(4);
});

it('the poll reaches who is behind, also past another who has just come and is not', async () => {
  await using own = await openFeed({ url: database().url, pollMs: 250 });
  const jobId = await makeQueued();
  const behind = (await own.feed.followJob(jobId, { owner: null, after: 1 }))!;
  await addEvents(database().pool, jobId, attempts(1));
  const ahead = (await own.feed.followJob(jobId, { owner: null, after: 3 }))!;
  expect(said(await take(behind, 2))).toEqual(['STARTED 2', 'RELEASED 3']);
  await ahead.return!();
});

it('a read that fails is tried again for all it was for', async () => {
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, listenUrl: database().url });
  const jobIds = [await makeQueued(), await makeQueued()];
  const streams = await Promise.all(jobIds.map((jobId) => own.feed.followJob(jobId, { owner: null, after: 1 })));
  const nexts = streams.map((frames) => take(frames!, 2));
  link.silence();
  link.cut();
  for (const jobId of jobIds) await addEvents(database().pool, jobId, attempts(1));
  await wake(database().pool, ...jobIds);
  await vi.waitUntil(() => link.refused() > 0, { interval: 2, timeout: 10_000 });
  link.restore();
  for (const frames of await Promise.all(nexts)) expect(said(frames)).toEqual(['STARTED 2', 'RELEASED 3']);
});
