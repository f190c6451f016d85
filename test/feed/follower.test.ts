import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Job } from '../../src/entities/job.ts';
import { JobEvent } from '../../src/entities/job-event.ts';
import type { JobStatus } from '../../src/entities/job-status.ts';
import { Follower } from '../../src/feed/follower.ts';
import type { JobFrame } from '../../src/feed/frame.ts';
import type { LogPage } from '../../src/feed/log.ts';
import { isPending, range } from './readers.ts';

/** A job's log that a test writes, and reads as the database would answer. */
class FakeLog {
  seq = 1;
  firstKept = 1;
  status: JobStatus = 'QUEUED';
  percent = 0;

  page(after: number | null, limit = 1_000): LogPage & { job: Job } {
    const { seq, status, percent } = this;
    const job = Object.assign(new Job(), { id: 'job', seq, status, progress: { percent } });
    const kept = after === null ? [] : range(Math.max(after + 1, this.firstKept), this.seq).slice(0, limit);
    return { after, job, events: kept.map(eventOf), readAt: new Date() };
  }
}

const eventOf = (seq: number) =>
  Object.assign(new JobEvent(), { jobId: 'job', seq, type: 'STARTED', status: 'PROCESSING', progress: { percent: 0 } });

const BOUND = 4;

/** A follower with its reader; `look` reads the log for it, as often as it asks for. */
function begin(log: FakeLog, after?: number) {
  const read: JobFrame[] = [];
  let wants = false;
  const onWant = () => {
    wants = true;
  };
  const follower = new Follower({ jobId: 'job', bound: BOUND, onWant, onEnd: () => undefined });
  const look = () => {
    wants = false;
    while (follower.advance(log.page(follower.after, BOUND)));
  };
  const readAll = async () => {
    for (;;) {
      const next = follower.queue.next();
      if (wants) look();
      if (await isPending(next)) return void next.then(({ value }) => value && read.push(value));
      const { done, value } = await next;
      if (done) return;
      read.push(value);
    }
  };
  if (follower.begin(log.page(after ?? null, BOUND), after)) look();
  return { follower, look, readAll, read, seqs: () => read.map(({ seq }) => seq) };
}

describe('a follower', () => {
  it('takes no more of a long history than fits, and the rest as it is read', async () => {
    const log = new FakeLog();
    log.seq = 50;
    const { follower, readAll, seqs } = begin(log, 0);
    expect(follower.queue.size).toBe(BOUND);
    expect(follower.position).toBe(BOUND);
    await readAll();
    expect(seqs()).toEqual(range(1, 50));
  });

  it('gets everything that waits up to the bound, and one RESYNC past it', async () => {
    const log = new FakeLog();
    const patient = begin(log, 1);
    const stalled = begin(log, 1);
    await patient.readAll();
    for (let events = 0; events <= 3 * BOUND; events += 1) {
      log.seq += 1;
      stalled.look();
      patient.look();
      await nextTurn();
      expect(stalled.follower.queue.size).toBeLessThanOrEqual(BOUND);
      if (events < BOUND) expect(stalled.follower.position).toBe(log.seq);
    }
    await patient.readAll();
    await stalled.readAll();
    expect(stalled.read.map(({ type }) => type).filter((type) => type === 'RESYNC')).toHaveLength(1);
    expect(stalled.read[0]).toMatchObject({ type: 'RESYNC' });
    expect(stalled.seqs()).toEqual(range(stalled.seqs()[0]!, log.seq));
  });

  it('is not made to start anew by a burst that is longer than the bound while it waits', async () => {
    const log = new FakeLog();
    const { look, readAll, seqs } = begin(log, 1);
    await readAll();
    log.seq += 10 * BOUND;
    look();
    await readAll();
    expect(seqs()).toEqual(range(2, log.seq));
  });

  it('gets one RESYNC where it does not read a history while more than the bound is added to it', async () => {
    const log = new FakeLog();
    log.seq = 50;
    const { look, readAll, read } = begin(log, 0);
    for (let events = 1; events <= BOUND; events += 1) {
      log.seq += 1;
      look();
    }
    log.seq += 1;
    look();
    await readAll();
    expect(read.map(({ type, seq }) => `${type} ${seq}`)).toEqual(['RESYNC 55']);
  });

  it('may be a few events behind for ever, as long as it reads as fast as they come', async () => {
    const log = new FakeLog();
    const { follower, look } = begin(log, 1);
    const read: unknown[] = [];
    for (let events = 1; events <= 5 * BOUND; events += 1) {
      log.seq += 1;
      look();
      if (events > 2) read.push((await follower.queue.next()).value?.seq);
    }
    expect(read).toEqual(range(2, 5 * BOUND - 1));
  });

  it('shows progress only while the job runs', async () => {
    const log = new FakeLog();
    log.percent = 40;
    const { look, follower } = begin(log, 1);
    const next = follower.queue.next();
    look();
    expect(await isPending(next)).toBe(true);
    log.status = 'PROCESSING';
    look();
    expect((await next).value).toMatchObject({ type: 'PROGRESSED', progress: { percent: 40 } });
  });

  it('repeats nothing when it is full and its job is gone, whatever the log still has', async () => {
    const log = new FakeLog();
    log.seq = BOUND;
    const { follower, readAll, seqs } = begin(log, 0);
    log.seq += 2;
    follower.advance({ after: null, job: null, events: log.page(0).events, readAt: new Date() });
    await readAll();
    expect(seqs()).toEqual(range(1, BOUND + 2));
  });

  it('is not moved by a page that comes after its end', async () => {
    const log = new FakeLog();
    const { follower } = begin(log, 1);
    await follower.queue.return();
    log.seq += 1;
    expect(follower.advance(log.page(1))).toBe(false);
    expect(follower.advance(log.page(null))).toBe(false);
    expect(follower.position).toBe(1);
  });

  it('asks for the job alone while nothing fits', () => {
    const log = new FakeLog();
    log.seq = 50;
    const { follower } = begin(log, 0);
    expect(follower.after).toBeNull();
    void follower.queue.next();
    expect(follower.after).toBe(BOUND);
  });

  it('reads on when its reader came back while only the job was asked for', async () => {
    const log = new FakeLog();
    log.seq = BOUND;
    const { follower, readAll, seqs } = begin(log, 0);
    expect(follower.after).toBeNull();
    log.seq += 1;
    const alone = log.page(null);
    await readAll();
    expect(follower.advance(alone)).toBe(true);
    expect(follower.advance(log.page(follower.after))).toBe(false);
    await nextTurn();
    expect(seqs()).toEqual(range(1, BOUND + 1));
  });

  it('does nothing with a page that was read for another position', () => {
    const log = new FakeLog();
    log.seq = 3;
    const { follower } = begin(log, 3);
    log.seq = 6;
    expect(follower.advance(log.page(4))).toBe(true);
    expect(follower.queue.size).toBe(0);
    expect(follower.position).toBe(3);
  });

  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ name: fc.constant('add'), count: fc.integer({ min: 1, max: 2 * BOUND }) }) },
    { weight: 1, arbitrary: fc.constant({ name: 'prune', count: 0 }) },
    { weight: 4, arbitrary: fc.constant({ name: 'look', count: 0 }) },
    { weight: 3, arbitrary: fc.constant({ name: 'read', count: 0 }) },
  );
  const start = fc.record({
    after: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    seq: fc.integer({ min: 1, max: 10 }),
  });

  it('never repeats or silently skips a step, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(step), async ({ after, seq }, steps) => {
        const log = new FakeLog();
        log.seq = seq;
        const one = begin(log, after);
        for (const { name, count } of [...steps, { name: 'add', count: 1 }]) {
          log.seq += count;
          if (name === 'prune') log.firstKept = log.seq;
          if (name === 'look') one.look();
          if (name === 'read') await one.readAll();
          expect(one.follower.queue.size).toBeLessThanOrEqual(BOUND + 1);
        }
        log.status = 'COMPLETED';
        one.look();
        await one.readAll();
        await nextTurn();
        expect(one.follower.queue.isEnded).toBe(true);
        expect(one.seqs().at(-1)).toBe(log.seq);
        expectUnbroken(one.read, after);
      }),
    );
  });
});

/** Each event follows the frame before it; a picture may stand anywhere. */
function expectUnbroken(frames: JobFrame[], after = 0): void {
  let last = after;
  for (const { type, seq } of frames) {
    if (type === 'STARTED') expect(seq).toBe(last + 1);
    last = seq;
  }
}
