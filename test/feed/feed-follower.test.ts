import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobEvent } from '../../src/entities/job-event.ts';
import { Audience } from '../../src/feed/audience.ts';
import { readCursor } from '../../src/feed/cursor.ts';
import { FeedFollower } from '../../src/feed/feed-follower.ts';
import { type FeedFrame, frameOfEvent, isPosition } from '../../src/feed/frame.ts';
import { behind, type LogState, type Position, upTo } from '../../src/feed/position.ts';
import type { Snapshot } from '../../src/feed/snapshot.ts';
import type { StretchPage } from '../../src/feed/stretch.ts';
import { cursorOf, told } from './feed-readers.ts';

const LOG = '00000000-0000-7000-8000-000000000000';
const USER = 'user';
const BOUND = 4;

const moment = (number: number): Snapshot => ({ next: BigInt(number), open: [] });
const numberOf = ({ next }: Snapshot) => Number(next);

/** A log that a test writes, with its head, and reads as the database would answer. Rows become visible in any order. */
class FakeLog {
  /** When each row became visible, by its id; undefined for one that is being written. */
  readonly rows: (number | undefined)[] = [undefined];
  readonly audience = new Audience();
  readonly due = new Set<FeedFollower>();
  now = 1;
  head: Position = upTo(LOG, moment(1));

  get state(): LogState {
    return { id: LOG, pruned: { id: 0n, xact: 0n, seen: { next: 1n, open: [] } }, now: moment(this.now) };
  }

  write(count: number, isVisible: boolean): void {
    this.now += 1;
    for (let at = 0; at < count; at += 1) this.rows.push(isVisible ? this.now : undefined);
  }

  /** What was being written is visible from now on. */
  commit(): void {
    this.now += 1;
    for (const [row, visible] of this.rows.entries()) if (row > 0) this.rows[row] = visible ?? this.now;
  }

  read(from: Position, until: Snapshot): StretchPage {
    const end = from.part?.until ?? until;
    const isNew = (at: number | undefined) => at !== undefined && at > numberOf(from.seen) && at <= numberOf(end);
    const ids = this.rows.flatMap((at, row) => (isNew(at) && row > (from.part?.last ?? 0) ? [row] : []));
    const stretch = { until: end, end: from.part?.end ?? BigInt(ids.at(-1) ?? 0) };
    const events = ids.slice(0, BOUND).map((row) => ({
      event: eventOf(row),
      position: behind(from, BigInt(row), stretch),
    }));
    const position = events.length < BOUND ? upTo(LOG, end) : events.at(-1)!.position;
    return { log: this.state, events, stretch, position, readAt: new Date(), running: [] };
  }

  follow(after: Position | null): FeedFollower {
    const follower = new FeedFollower({
      reader: USER,
      after,
      bound: BOUND,
      onWant: (one) => this.due.add(one),
      onEnd: (one) => this.audience.remove(one),
    });
    this.audience.add(follower);
    this.pass();
    return follower;
  }

  /** One stretch of the head. */
  pass(): void {
    this.audience.expect();
    const until = moment(this.now);
    do {
      const page = this.read(this.head, until);
      this.audience.hand(this.head, page);
      this.head = page.position;
    } while (this.head.part);
    this.audience.arrive(this.head, this.state);
  }

  /** One read for each who wants one. */
  catchUp(): void {
    for (const follower of [...this.due]) {
      this.due.delete(follower);
      const from = follower.position;
      if (!from || follower.meets(this.head)) continue;
      follower.advance(from, this.read(from, this.head.seen));
      if (!follower.meets(this.head) && follower.queue.size === 0) this.due.add(follower);
    }
  }
}

const eventOf = (row: number) =>
  Object.assign(new JobEvent(), {
    ...{ id: BigInt(row), jobId: `job ${row}`, seq: row, userId: USER, type: 'RETRIED', status: 'QUEUED' },
    progress: { percent: 0 },
  });

/** Somebody who reads when he is told to. */
function readerOf(follower: FeedFollower) {
  const read: FeedFrame[] = [];
  let isWaiting = false;
  const readOne = async () => {
    if (!isWaiting) {
      isWaiting = true;
      void follower.queue.next().then(({ value, done }) => {
        isWaiting = false;
        if (!done) read.push(value);
      });
    }
    await nextTurn();
  };
  return { read, readOne };
}

/** Reads until nothing comes any more. */
async function drain(log: FakeLog, reader: ReturnType<typeof readerOf>): Promise<void> {
  for (let before = -1; before < reader.read.length || log.due.size > 0; ) {
    before = reader.read.length;
    await reader.readOne();
    log.catchUp();
    await nextTurn();
  }
}

describe('a follower of many jobs', () => {
  it('who does not read is told OVERFLOW one event past the bound, and not before', async () => {
    const log = new FakeLog();
    const follower = log.follow(null);
    const reader = readerOf(follower);
    await reader.readOne();
    for (let events = 0; events <= BOUND; events += 1) {
      log.write(1, true);
      log.pass();
      expect(follower.isAtHead).toBe(events < BOUND);
    }
    log.write(1, true);
    log.pass();
    expect(follower.queue.size).toBe(1);
    await drain(log, reader);
    expect(told(reader.read)).toEqual(['START', 'OVERFLOW']);
  });

  it('who waits is handed any burst, and is at the head again behind it', async () => {
    const log = new FakeLog();
    const follower = log.follow(null);
    const reader = readerOf(follower);
    await reader.readOne();
    log.write(10 * BOUND, true);
    log.pass();
    expect(follower.isAtHead).toBe(false);
    expect(follower.queue.size).toBe(BOUND);
    await drain(log, reader);
    expect(reader.read).toHaveLength(1 + 10 * BOUND);
    expect(follower.isAtHead).toBe(true);
  });

  it('hears of progress only where he knows of all events before it', async () => {
    const log = new FakeLog();
    const progress = Object.assign(frameOfEvent(eventOf(1)), { type: 'PROGRESSED' });
    const follower = log.follow(null);
    const reader = readerOf(follower);
    await reader.readOne();
    log.write(2 * BOUND, true);
    log.pass();
    follower.show(progress);
    await drain(log, reader);
    expect(told(reader.read)).not.toContain('PROGRESSED 1');
    expect(follower.isAtHead).toBe(true);
    follower.show(progress);
    await reader.readOne();
    expect(told(reader.read)).toContain('PROGRESSED 1');
  });

  it('is not at the head in the middle of a stretch that he has seen the beginning of', () => {
    const log = new FakeLog();
    const follower = log.follow(upTo(LOG, moment(1)));
    log.catchUp();
    expect(follower.isAtHead).toBe(true);
    const other = log.follow(upTo(LOG, moment(1)));
    const part = { until: moment(2), last: 1n, end: 5n };
    expect(other.meets({ ...log.head, part })).toBe(false);
    expect(other.meets(log.head)).toBe(true);
  });

  it('who came in the middle of a stretch does not begin at its end', () => {
    const log = new FakeLog();
    const follower = new FeedFollower({
      ...{ reader: USER, after: upTo(LOG, moment(9)), bound: BOUND },
      ...{ onWant: () => undefined, onEnd: () => undefined },
    });
    follower.arrive(log.head, log.state);
    expect(follower.queue.size).toBe(0);
    expect(follower.isArriving).toBe(true);
  });

  it('is not moved by a page that was read for another position, or after his end', async () => {
    const log = new FakeLog();
    log.write(3, true);
    const follower = log.follow(upTo(LOG, moment(1)));
    const from = follower.position!;
    const page = log.read(from, moment(log.now));
    follower.advance(upTo(LOG, moment(1)), page);
    expect(follower.queue.size).toBe(0);
    follower.advance(from, page);
    follower.advance(from, page);
    expect(follower.queue.size).toBe(3);
    await follower.queue.return();
    follower.advance(follower.position!, page);
    expect(follower.queue.size).toBe(0);
  });

  type Act = (log: FakeLog, count: number, reader: ReturnType<typeof readerOf>) => unknown;
  const acts: Record<string, Act> = {
    write: (log, count) => log.write(count, true),
    hold: (log, count) => log.write(count, false),
    commit: (log) => log.commit(),
    pass: (log) => log.pass(),
    catchUp: (log) => log.catchUp(),
    async read(_log, count, { readOne }) {
      for (let at = 0; at < count; at += 1) await readOne();
    },
  };
  const stepOf = (weight: number, name: string, max = 1) => ({
    weight,
    arbitrary: fc.record({ name: fc.constant(name), count: fc.integer({ min: 1, max }) }),
  });
  const step = fc.oneof(
    stepOf(3, 'write', 3 * BOUND),
    stepOf(2, 'hold', 3),
    stepOf(2, 'commit'),
    stepOf(4, 'pass'),
    stepOf(3, 'catchUp'),
    stepOf(6, 'read', 5),
  );

  it('gets each event once from each position that he is told, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, place) => {
        const log = new FakeLog();
        const reader = readerOf(log.follow(null));
        for (const { name, count } of steps) await acts[name]!(log, count, reader);
        log.commit();
        log.pass();
        await drain(log, reader);
        expectWhole(log, reader.read);
        // Whoever comes back from anywhere gets the rest.
        const at = place % reader.read.length;
        const after = readCursor(USER, cursorOf(reader.read[at]));
        const resumed = readerOf(log.follow(after));
        await drain(log, resumed);
        expectWhole(log, [...reader.read.slice(0, at + 1), ...resumed.read]);
      }),
    );
  });
});

/** From the last position on nothing is missing, and nothing is there twice. */
function expectWhole(log: FakeLog, frames: FeedFrame[]): void {
  const last = frames.findLastIndex(isPosition);
  const since = numberOf(readCursor(USER, cursorOf(frames[last]))!.seen);
  const wanted = log.rows.flatMap((at, row) => (at !== undefined && at > since ? [row] : []));
  const seqs = frames.flatMap((frame) => ('seq' in frame ? [frame.seq] : []));
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(seqs.slice(-wanted.length || seqs.length).toSorted((a, b) => a - b)).toEqual(wanted);
}
