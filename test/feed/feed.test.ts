import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { complete, openFeed, useFeed, useMover } from './feeds.ts';
import { addEvents, forceDelete, prune, wake } from './histories.ts';
import { openLink } from './link.ts';
import { isPending, readToEnd, said, take } from './readers.ts';

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});
const feed = useFeed(database);
const mover = useMover(database);

const follow = async (jobId: string, after?: number) =>
  (await feed().followJob(jobId, { owner: null, ...(after === undefined ? {} : { after }) }))!;

const makeQueued = async () => (await makeJob(database().pool, { status: 'QUEUED' })).jobId;
const makeCompleted = async () => (await makeJob(database().pool, { status: 'COMPLETED' })).jobId;

const run = (jobId: string) => complete(mover(), jobId);

describe('without a position', () => {
  it('begins with a SNAPSHOT, then brings what happens, and completes with the event that finishes the job', async () => {
    const jobId = await makeQueued();
    const frames = await follow(jobId);
    await run(jobId);
    const all = await readToEnd(frames);
    expect(said(all)).toEqual(['SNAPSHOT 1', 'STARTED 2', 'COMPLETED 3']);
    expect(all.map(({ status }) => status)).toEqual(['QUEUED', 'PROCESSING', 'COMPLETED']);
  });

  it('shows a finished job once and completes', async () => {
    expect(said(await readToEnd(await follow(await makeCompleted())))).toEqual(['SNAPSHOT 3']);
  });

  it('shows a tombstone once and completes', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'COMPLETED', deleted: true });
    const all = await readToEnd(await follow(jobId));
    expect(said(all)).toEqual(['SNAPSHOT 4']);
    expect(all[0]).toMatchObject({ status: 'CANCELLED', resultId: null });
  });
});

describe('with a position', () => {
  it('brings the stored events behind it and then the live ones, without a SNAPSHOT', async () => {
    const jobId = await makeQueued();
    await addEvents(database().pool, jobId, ['STARTED', 'RELEASED']);
    const [fromStart, fromTwo] = [await follow(jobId, 0), await follow(jobId, 2)];
    expect(said(await take(fromStart, 3))).toEqual(['QUEUED 1', 'STARTED 2', 'RELEASED 3']);
    expect(said(await take(fromTwo, 1))).toEqual(['RELEASED 3']);
    await run(jobId);
    for (const frames of [fromStart, fromTwo]) {
      expect(said(await readToEnd(frames))).toEqual(['STARTED 4', 'COMPLETED 5']);
    }
  });

  it('replays a finished job to its end', async () => {
    expect(said(await readToEnd(await follow(await makeCompleted(), 0)))).toEqual([
      'QUEUED 1',
      'STARTED 2',
      'COMPLETED 3',
    ]);
  });

  it('is not ended by a finishing event before a retry', async () => {
    const jobId = await makeQueued();
    await addEvents(database().pool, jobId, ['STARTED', 'FAILED', 'RETRIED', 'CANCELLED', 'RETRIED']);
    const frames = await follow(jobId, 0);
    await run(jobId);
    expect(said(await readToEnd(frames))).toEqual([
      'QUEUED 1',
      'STARTED 2',
      'FAILED 3',
      'RETRIED 4',
      'CANCELLED 5',
      'RETRIED 6',
      'STARTED 7',
      'COMPLETED 8',
    ]);
  });

  it('completes at once where nothing is left of a finished job', async () => {
    expect(await readToEnd(await follow(await makeCompleted(), 3))).toEqual([]);
  });

  it('waits where nothing is left of an active job', async () => {
    const jobId = await makeQueued();
    const frames = await follow(jobId, 1);
    const next = frames.next();
    expect(await isPending(next)).toBe(true);
    await run(jobId);
    expect(said([(await next).value])).toEqual(['STARTED 2']);
    // To its end, so that it is not one of the followers that a later test counts.
    expect(said(await readToEnd(frames))).toEqual(['COMPLETED 3']);
  });

  it('goes on to the DELETED of a tombstone', async () => {
    const { jobId } = await makeJob(database().pool, { status: 'COMPLETED', deleted: true });
    expect(said(await readToEnd(await follow(jobId, 2)))).toEqual(['COMPLETED 3', 'DELETED 4']);
    expect(said(await readToEnd(await follow(jobId, 4)))).toEqual([]);
  });

  it('answers a position behind the latest with one RESYNC and goes on from the present', async () => {
    const jobId = await makeQueued();
    const frames = await follow(jobId, 9);
    expect(said(await take(frames, 1))).toEqual(['RESYNC 1']);
    await run(jobId);
    expect(said(await readToEnd(frames))).toEqual(['STARTED 2', 'COMPLETED 3']);
    expect(said(await readToEnd(await follow(jobId, 4)))).toEqual(['RESYNC 3']);
  });

  it.each([0, 1])('answers position %i, which was pruned, with one RESYNC', async (after) => {
    const jobId = await makeQueued();
    await addEvents(database().pool, jobId, ['STARTED', 'RELEASED']);
    await prune(database().pool, jobId, 2);
    const frames = await follow(jobId, after);
    expect(said(await take(frames, 1))).toEqual(['RESYNC 3']);
    await run(jobId);
    expect(said(await readToEnd(frames))).toEqual(['STARTED 4', 'COMPLETED 5']);
  });

  it('needs no RESYNC right at the edge of what was pruned, and one where all was', async () => {
    const jobId = await makeCompleted();
    await prune(database().pool, jobId, 2);
    expect(said(await readToEnd(await follow(jobId, 2)))).toEqual(['COMPLETED 3']);
    await prune(database().pool, jobId, 3);
    expect(said(await readToEnd(await follow(jobId, 3)))).toEqual([]);
    expect(said(await readToEnd(await follow(jobId, 2)))).toEqual(['RESYNC 3']);
  });

  it('is told by a RESYNC when what it was about to read is pruned', async () => {
    const jobId = await makeQueued();
    const frames = await follow(jobId, 1);
    await addEvents(database().pool, jobId, ['STARTED', 'RELEASED']);
    await prune(database().pool, jobId, 2);
    await wake(database().pool, jobId);
    expect(said(await take(frames, 1))).toEqual(['RESYNC 3']);
  });
});

describe('a job that is deleted for good', () => {
  it.each([undefined, 0, 1])('brings its followers (after: %s) the DELETED and ends', async (after) => {
    const jobId = await makeQueued();
    const frames = await follow(jobId, after);
    await addEvents(database().pool, jobId, ['STARTED', 'RELEASED']);
    await forceDelete(database().pool, jobId);
    await wake(database().pool, jobId);
    expect(said(await readToEnd(frames)).at(-1)).toBe('DELETED 4');
  });

  it('ends a stream also when not even its last event is left', async () => {
    const jobId = await makeQueued();
    const frames = await follow(jobId, 1);
    await forceDelete(database().pool, jobId);
    await prune(database().pool, jobId, 2);
    await wake(database().pool, jobId);
    expect(await readToEnd(frames)).toEqual([]);
  });

  it('is absent for whoever comes later', async () => {
    const jobId = await makeQueued();
    await forceDelete(database().pool, jobId);
    for (const after of [undefined, 0, 1, 2]) expect(await follow(jobId, after)).toBeNull();
  });
});

describe('owners', () => {
  it('may follow their own jobs, a service any', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'COMPLETED' });
    for (const owner of [userId, null]) {
      expect(said(await readToEnd((await feed().followJob(jobId, { owner }))!))).toEqual(['SNAPSHOT 3']);
    }
  });

  it('cannot tell a foreign job from none', async () => {
    const jobId = await makeQueued();
    const before = feed().countFollowers();
    for (const after of [undefined, 0, 1, 99]) {
      for (const id of [jobId, randomUUID()]) {
        expect(
          await feed().followJob(id, { owner: randomUUID(), ...(after === undefined ? {} : { after }) }),
        ).toBeNull();
      }
    }
    expect(feed().countFollowers()).toBe(before);
  });
});

describe('an end', () => {
  it('settles a reader who waits, at once, when he is returned', async () => {
    const before = feed().countFollowers();
    const frames = await follow(await makeQueued(), 1);
    const next = frames.next();
    expect(feed().countFollowers()).toBe(before + 1);
    await frames.return!();
    expect(await isPending(next)).toBe(false);
    expect(feed().countFollowers()).toBe(before);
  });

  it('comes to every subscriber when the feed stops, and leaves no connection', async () => {
    await using own = await openFeed({ url: database().url });
    const { pool } = database();
    const jobIds = [await makeQueued(), await makeQueued()];
    const streams = await Promise.all(jobIds.map((jobId) => own.feed.followJob(jobId, { owner: null, after: 1 })));
    const nexts = streams.map((frames) => frames!.next());
    const listeners = async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and application_name = 'assay-listen'`,
      );
      return rows.length;
    };
    await vi.waitUntil(async () => (await listeners()) === 2, { timeout: 30_000 });
    await own.feed.stop();
    expect(own.feed.countFollowers()).toBe(0);
    for (const next of nexts) expect((await next).done).toBe(true);
    await vi.waitUntil(async () => (await listeners()) === 1, { timeout: 30_000 });
    await expect(own.feed.followJob(jobIds[0]!, { owner: null })).rejects.toThrow('stopped');
  });

  it('comes as an error where the log cannot be read, and nothing is left of the attempt', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: link.url });
    link.silence();
    await own.orm.close();
    await expect(own.feed.followJob(randomUUID(), { owner: null })).rejects.toThrow();
    expect(own.feed.countFollowers()).toBe(0);
  });
});
