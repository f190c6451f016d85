import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../chaos/random.ts';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { TAKES_NO_TASK } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { begin, type Mover, openMover } from '../support/movers.ts';
import { readPages } from '../support/page-reader.ts';
import { cursorOf, takeFrames } from './feed-readers.ts';
import { useFeed } from './feeds.ts';
import { cutListeners } from './histories.ts';
import { range } from './readers.ts';

const MOVERS = 6;
const JOBS = 40;
const ATTEMPTS = 40;

const database = useDatabase({ bent: TAKES_NO_TASK });
// Two processes; a small bound makes histories of many pages.
const feeds = [useFeed(database, { pollMs: 200, queueBound: 32 }), useFeed(database, { pollMs: 200, queueBound: 32 })];

const movers: Mover[] = [];
beforeAll(async () => {
  for (let count = 0; count < MOVERS; count += 1) movers.push(await openMover(database().url));
});
afterAll(async () => {
  for (const mover of movers) await mover[Symbol.asyncDispose]();
});

/** Of each job whose it is, and the number of its last event. */
async function readJobs(): Promise<{ id: string; userId: string; seq: number }[]> {
  return (await database().pool.query('select id, user_id as "userId", seq from analysis_jobs')).rows;
}

async function follow(seed: number): Promise<void> {
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
  const moving = movers.map((mover, index) =>
    mover.moveAtRandom(jobIds, createRandom(seed, `mover ${index}`), (attempts) => attempts === ATTEMPTS),
  );
  const cutting = setInterval(() => void cutListeners(database().pool).catch(() => undefined), 500);

  let moved: Awaited<ReturnType<typeof readJobs>> | undefined;
  const ofReader = (reader: string | null) => moved?.filter(({ userId }) => reader === null || userId === reader) ?? [];
  // All but the first event of each, which came before.
  const countFor = (reader: string | null) => ofReader(reader).reduce((sum, { seq }) => sum + seq - 1, 0);
  const isWhole = (reader: string | null) => (count: number) => moved !== undefined && count >= countFor(reader);
  const reading = readers.map(async (reader, index) => {
    const random = createRandom(seed, `reader ${index}`);
    // Each time to either process.
    const open = async (after: string) => (await random.pick(feeds)().followJobs(reader, { after }))!;
    const pages = readPages<FeedFrame>(starts[index]!.cursor, {
      open,
      cursorOf,
      isEnough: isWhole(reader),
      random,
      most: 60,
    });
    return (await Array.fromAsync(pages)).flat();
  });
  // The ones that began stay and never come back.
  const staying = readers.map(async (reader, index) => {
    const known: FeedFrame[] = [];
    while (!isWhole(reader)(known.length)) known.push(...(await takeFrames(starts[index]!.frames, 1)));
    return known;
  });
  await Promise.all(moving);
  clearInterval(cutting);
  moved = await readJobs();
  expect(countFor(null)).toBeGreaterThan(MOVERS * ATTEMPTS);
  // Who had everything and waits for more is let go by one more event of each owner.
  for (const { jobId } of jobs.slice(0, 2)) await begin(movers[0]!.lifecycle, { jobId, leaseToken: randomUUID() });

  for (const [index, known] of [...(await Promise.all(reading)), ...(await Promise.all(staying))].entries()) {
    const reader = readers[index % readers.length]!;
    const byJob = Map.groupBy(known, (frame) => ('jobId' in frame ? frame.jobId : frame.reason));
    const seqsOf = (jobId: string) => byJob.get(jobId)?.map((frame) => ('seq' in frame ? frame.seq : 0)) ?? [];
    expect(known.every((frame) => 'userId' in frame && [frame.userId, null].includes(reader))).toBe(true);
    for (const { id, seq } of ofReader(reader)) {
      const seqs = seqsOf(id);
      expect([reader, id, seqs]).toEqual([reader, id, range(2, Math.max(seq, seqs.length + 1))]);
    }
  }
}

it('six movers on forty jobs: whoever comes back from anywhere gets each event once, those of a job in order', async () => {
  await fc.assert(fc.asyncProperty(fc.nat(), follow), { numRuns: 1, endOnFailure: true });
});
