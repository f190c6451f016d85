import { expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { createCarrier } from './carrier.ts';
import { openFeed, useFeed } from './feeds.ts';
import { addEvents, attempts, forceDelete, wake } from './histories.ts';
import { openLink } from './link.ts';
import { range, readToEnd, said, take } from './readers.ts';

const BOUND = 16;

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});
const feed = useFeed(database);
const narrow = useFeed(database, { queueBound: BOUND });

async function makeLong(events: number): Promise<string> {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  await addEvents(database().pool, jobId, attempts(events / 2));
  return jobId;
}

it('a history of any length passes whole through a queue of any size, and live events follow', async () => {
  const jobId = await makeLong(1_200);
  for (const [own, after] of [
    [feed(), 0],
    [feed(), 700],
    [narrow(), 900],
  ] as const) {
    const frames = (await own.followJob(jobId, { owner: null, after }))!;
    expect((await take(frames, 1_201 - after)).map(({ seq }) => seq)).toEqual(range(after + 1, 1_201));
    await frames.return!();
  }
  const frames = (await feed().followJob(jobId, { owner: null, after: 1_200 }))!;
  await addEvents(database().pool, jobId, attempts(1));
  await wake(database().pool, jobId);
  expect(said(await take(frames, 3))).toEqual(['RELEASED 1201', 'STARTED 1202', 'RELEASED 1203']);
});

it('a finished job ends only after the whole of its long history', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'CANCELLED' });
  await addEvents(database().pool, jobId, [...attempts(50), 'CANCELLED']);
  const all = await readToEnd((await narrow().followJob(jobId, { owner: null, after: 0 }))!);
  expect(all.map(({ seq }) => seq)).toEqual(range(1, 103));
});

it('events that happen while a long history is read come behind it, without a RESYNC', async () => {
  const jobId = await makeLong(10 * BOUND);
  const frames = (await narrow().followJob(jobId, { owner: null, after: 0 }))!;
  const first = await take(frames, BOUND / 2);
  await addEvents(database().pool, jobId, attempts(1));
  await wake(database().pool, jobId);
  const rest = await take(frames, 10 * BOUND + 3 - first.length);
  expect([...first, ...rest].map(({ seq }) => seq)).toEqual(range(1, 10 * BOUND + 3));
  expect(rest.map(({ type }) => type)).not.toContain('RESYNC');
});

it('a burst longer than the bound reaches a reader who waits, without a RESYNC', async () => {
  const jobId = await makeLong(2);
  const frames = (await narrow().followJob(jobId, { owner: null, after: 3 }))!;
  const next = frames.next();
  await addEvents(database().pool, jobId, attempts(5 * BOUND));
  await wake(database().pool, jobId);
  const all = [(await next).value, ...(await take(frames, 10 * BOUND - 1))];
  expect(all.map(({ seq }) => seq)).toEqual(range(4, 3 + 10 * BOUND));
});

it('a reader who does not read gets one RESYNC past the bound, and his neighbour everything', async () => {
  const jobId = await makeLong(2);
  const [stalled, quick] = await Promise.all([3, 3].map((after) => narrow().followJob(jobId, { owner: null, after })));
  for (let events = 0; events < 3 * BOUND; events += 2) {
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    expect((await take(quick!, 2)).map(({ seq }) => seq)).toEqual([events + 4, events + 5]);
  }
  await forceDelete(database().pool, jobId);
  await wake(database().pool, jobId);
  const [first, ...rest] = await readToEnd(stalled!);
  expect(first).toMatchObject({ type: 'RESYNC', status: 'QUEUED' });
  expect(first!.seq).toBeGreaterThan(3 + BOUND);
  expect(rest.map(({ seq }) => seq)).toEqual(range(first!.seq + 1, 3 + 3 * BOUND + 1));
  expect(rest.map(({ type }) => type)).not.toContain('RESYNC');
});

it('a reader who fell behind within the bound gets every event', async () => {
  const jobId = await makeLong(2);
  const [slow, quick] = await Promise.all([3, 3].map((after) => narrow().followJob(jobId, { owner: null, after })));
  for (let events = 0; events < BOUND; events += 2) {
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    await take(quick!, 2);
  }
  expect((await take(slow!, BOUND)).map(({ seq }) => seq)).toEqual(range(4, 3 + BOUND));
});

it('the DELETED of a job reaches also a reader who is full', async () => {
  const jobId = await makeLong(BOUND);
  const frames = (await narrow().followJob(jobId, { owner: null, after: 1 }))!;
  const followers = narrow().countFollowers();
  await forceDelete(database().pool, jobId);
  await wake(database().pool, jobId);
  await vi.waitUntil(() => narrow().countFollowers() === followers - 1, { interval: 2, timeout: 10_000 });
  const all = await readToEnd(frames);
  expect(all.map(({ seq }) => seq)).toEqual(range(2, BOUND + 2));
  expect(all.at(-1)?.type).toBe('DELETED');
});

it('a reader who stopped in the middle of a history costs no reads of it', async () => {
  const carrier = createCarrier();
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, carrier, queueBound: BOUND });
  const jobId = await makeLong(4 * BOUND);
  const stalled = (await own.feed.followJob(jobId, { owner: null, after: 0 }))!;
  const quick = (await own.feed.followJob(jobId, { owner: null, after: 1 + 4 * BOUND }))!;
  await addEvents(database().pool, jobId, attempts(1));
  const before = link.received('"assessmentName":');
  carrier.wake(jobId);
  await take(quick, 2);
  expect(link.received('"assessmentName":') - before).toBe(2);
  await stalled.return!();
});

it('a reader who comes back while it is asked how far the job is gets what he was too full for', async () => {
  await using link = await openLink(database().url);
  await using own = await openFeed({ url: link.url, listenUrl: database().url, queueBound: BOUND });
  const jobId = await makeLong(BOUND);
  const frames = (await own.feed.followJob(jobId, { owner: null, after: 1 }))!;
  await addEvents(database().pool, jobId, attempts(1));
  const answered = link.received(jobId);
  link.hold(jobId);
  await wake(database().pool, jobId);
  await vi.waitUntil(() => link.received(jobId) > answered, { interval: 2, timeout: 10_000 });
  await take(frames, BOUND);
  const rest = take(frames, 2);
  link.release();
  expect(said(await rest)).toEqual(['STARTED 18', 'RELEASED 19']);
});
