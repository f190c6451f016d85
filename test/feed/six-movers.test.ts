import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { createWakeUpPublisher } from '../../src/feed/publisher.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { TAKES_NO_TASK } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { cursorOf, takeFrames } from './feed-readers.ts';
import { silent, useFeed } from './feeds.ts';
import { cutListeners } from './histories.ts';
import { range } from './readers.ts';

const MOVERS = 6;
const JOBS = 40;
const ATTEMPTS = 40;

const database = useDatabase({ bent: TAKES_NO_TASK });
// Two processes; a small bound makes histories of many pages.
const feeds = [useFeed(database, { pollMs: 200, queueBound: 32 }), useFeed(database, { pollMs: 200, queueBound: 32 })];

const movers: Lifecycle[] = [];
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  for (let count = 0; count < MOVERS; count += 1) {
    const orm = await createOrm({ url: database().url, name: 'assay-test-mover', poolSize: 2 });
    const publisher = createWakeUpPublisher({ orm, log: silent });
    movers.push(createLifecycle({ orm, startingTokens: 3, wake: publisher.publish }));
    stops.push(async () => {
      await publisher.stop();
      await orm.close();
    });
  }
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

const random = (below: number) => Math.floor(Math.random() * below);

/** One attempt after the other, of whatever job it comes upon. */
async function move(mover: Lifecycle, jobIds: readonly string[]): Promise<void> {
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const lease = { jobId: jobIds[random(jobIds.length)]!, leaseToken: randomUUID() };
    const started = await mover.start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 60_000 });
    // A release that counts no attempt leaves the next one the same number.
    if (started) await mover.release(lease, { delayMs: 0, countsAttempt: false });
  }
}

/** Reads pages of any length and comes back, to either process, with a cursor from somewhere in the last one. */
async function readOn(reader: string | null, cursor: string, isEnough: (known: FeedFrame[]) => boolean) {
  const known: FeedFrame[] = [];
  let after = cursor;
  while (!isEnough(known)) {
    const feed = feeds[random(2)]!();
    const frames = (await feed.followJobs(reader, { after }))!;
    const page: FeedFrame[] = [];
    const length = 1 + random(60);
    while (page.length < length && !isEnough([...known, ...page])) page.push(...(await takeFrames(frames, 1)));
    await frames.return!();
    const kept = page.slice(0, 1 + random(page.length));
    known.push(...kept);
    after = cursorOf(kept.at(-1));
  }
  return known;
}

it('six movers on forty jobs: whoever comes back from anywhere gets each event once, those of a job in order', async () => {
  const owners = [await makeAccount(database().pool), await makeAccount(database().pool)];
  const jobs = await Promise.all(
    range(1, JOBS).map((at) => makeJob(database().pool, { status: 'QUEUED', userId: owners[at % 2]!, price: 0 })),
  );
  const readers = [...owners, null, null];
  const starts = await Promise.all(
    readers.map(async (reader, index) => {
      const frames = (await feeds[index % 2]!().followJobs(reader, {}))!;
      const [start] = await takeFrames(frames, 1);
      return { frames, cursor: cursorOf(start) };
    }),
  );
  const jobIds = jobs.map(({ jobId }) => jobId);
  const moving = movers.map((mover) => move(mover, jobIds));
  const cutting = setInterval(() => void cutListeners(database().pool).catch(() => undefined), 500);

  let total: Record<string, number> | undefined;
  const isWhole = (reader: string | null) => (known: FeedFrame[]) => {
    const wanted = reader === null ? total?.all : total?.[reader];
    return wanted !== undefined && known.length >= wanted;
  };
  const reading = readers.map((reader, index) => readOn(reader, starts[index]!.cursor, isWhole(reader)));
  // The ones that began stay and never come back.
  const staying = readers.map(async (reader, index) => {
    const known: FeedFrame[] = [];
    while (!isWhole(reader)(known)) known.push(...(await takeFrames(starts[index]!.frames, 1)));
    return known;
  });
  await Promise.all(moving);
  clearInterval(cutting);
  const { rows } = await database().pool.query<{ userId: string; count: number }>(
    'select user_id as "userId", count(*)::int as count from job_events where seq > 1 group by 1',
  );
  total = Object.fromEntries(rows.map(({ userId, count }) => [userId, count]));
  total.all = rows.reduce((sum, { count }) => sum + count, 0);
  expect(total.all).toBeGreaterThan(MOVERS * ATTEMPTS);
  // Who had everything and waits for more is let go by one more event of each owner.
  for (const { jobId } of jobs.slice(0, 2)) {
    const lease = { jobId, leaseToken: randomUUID() };
    await movers[0]!.start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 60_000 });
  }

  for (const [index, known] of [...(await Promise.all(reading)), ...(await Promise.all(staying))].entries()) {
    const reader = readers[index % readers.length]!;
    expect(known.length).toBeGreaterThanOrEqual(reader === null ? total.all : total[reader]!);
    const bySeq = Map.groupBy(known, (frame) => ('jobId' in frame ? frame.jobId : frame.reason));
    for (const [jobId, frames] of bySeq) {
      const seqs = frames.map((frame) => ('seq' in frame ? frame.seq : 0));
      expect([reader, jobId, seqs]).toEqual([reader, jobId, range(2, seqs.length + 1)]);
    }
  }
});
