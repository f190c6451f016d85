import type { PositionReason } from '../entities/job-status.ts';
import { type Reader, writeCursor } from './cursor.ts';
import { type FeedFrame, frameOfEvent, type JobFrame } from './frame.ts';
import { FrameQueue } from './frame-queue.ts';
import { type LogState, type Part, type Position, whyLost } from './position.ts';
import { isSameSnapshot, type Snapshot } from './snapshot.ts';
import type { StretchPage } from './stretch.ts';

export interface FeedFollowerOptions {
  reader: Reader;
  /** Where he was when he was last here. */
  after: Position | null;
  /** Events that may wait for the subscriber. */
  bound: number;
  /** There is room for what he has to read by himself. */
  onWant: (follower: FeedFollower) => void;
  /** Nobody reads his stream any more. */
  onEnd: (follower: FeedFollower) => void;
}

/**
 * One subscriber to the log of a user or of everyone. At the head he is handed what all are handed. Where that does not
 * fit into his queue he falls behind, and reads on from his own position as he empties it, until he is at the head again.
 * So a history or a burst of any length passes. Only what happens while he does not read can become too much: then
 * nothing waits for him any more but the position at which he begins anew.
 */
export class FeedFollower {
  readonly reader: Reader;
  readonly queue: FrameQueue<FeedFrame>;
  readonly #bound: number;
  readonly #onWant: (follower: FeedFollower) => void;
  /** What he is to be told at the end of the stretch; null where he is told nothing. */
  #reason: PositionReason | null;
  /** Where he is; null at the head, and where he is to begin there. */
  #position: Position | null;
  /** NEW: nothing is known of where he could begin. ARRIVING: he begins at the end of the stretch that is being read. */
  #stage: 'NEW' | 'ARRIVING' | 'HERE' = 'NEW';
  /** His events since nothing waited for him, but for those that came in one stretch with the first. */
  #delay = 0;
  #stretch: Snapshot | undefined;
  #isExcused = true;

  constructor(options: FeedFollowerOptions) {
    this.reader = options.reader;
    this.#bound = options.bound;
    this.#onWant = options.onWant;
    this.#position = options.after;
    this.#reason = options.after ? null : 'START';
    const onEmpty = () => {
      this.#delay = 0;
      if (this.position) this.#onWant(this);
    };
    this.queue = new FrameQueue({ onEmpty, onEnd: () => options.onEnd(this) });
  }

  /** Where he has to read on by himself; null where the head does it for him. */
  get position(): Position | null {
    return this.#stage === 'HERE' ? this.#position : null;
  }

  /** He waits for the end of a stretch, to begin there or to have his position looked at. */
  get isArriving(): boolean {
    return this.#stage !== 'HERE';
  }

  get isAtHead(): boolean {
    return this.#stage === 'HERE' && this.#position === null;
  }

  /**
   * An event of his, as the head comes upon it.
   * @param from the head's position before its stretch
   */
  offer(frame: JobFrame, row: bigint, from: Position, stretch: Pick<Part, 'until' | 'end'>): void {
    if (this.isArriving) return;
    this.#countDelay(stretch.until);
    if (this.isAtHead && this.queue.size < this.#bound) {
      this.queue.push(frame);
      return;
    }
    this.#position ??= { logId: from.logId, seen: from.seen, part: { ...stretch, last: row - 1n } };
    if (this.#delay > this.#bound) this.beginAnew('OVERFLOW');
  }

  /** The latest of a job that runs; of interest only to one who knows of all events before. */
  show(progress: JobFrame): void {
    if (this.isAtHead) this.queue.push(progress);
  }

  /** Forgets what waits and where he was: he goes on from the end of the stretch, and is told why. */
  beginAnew(reason: PositionReason): void {
    this.queue.clear();
    this.#position = null;
    this.#reason = reason;
    this.#stage = 'ARRIVING';
  }

  /** A stretch begins. Only of one that began after he came is it sure that his position is not ahead of its end. */
  expect(): void {
    if (this.#stage === 'NEW') this.#stage = 'ARRIVING';
  }

  /** The head is at the end of a stretch. */
  arrive(head: Position, log: LogState): void {
    if (this.#stage !== 'ARRIVING') return;
    this.#stage = 'HERE';
    this.#reason = this.#position ? whyLost(this.#position, log) : this.#reason;
    if (this.#reason) {
      this.#position = null;
      this.#delay = 0;
      this.queue.push({ position: writeCursor(this.reader, head), reason: this.#reason });
    } else {
      this.#onWant(this);
    }
  }

  /** @returns whether he stands where the head stands, and needs to read no more by himself */
  meets(head: Position): boolean {
    if (head.part || this.#position?.part !== null || !isSameSnapshot(this.#position.seen, head.seen)) return false;
    this.#position = null;
    return true;
  }

  /** Takes what was read from his position; a page that was read for another one is of no use any more. */
  advance(from: Position, { log, events, position }: StretchPage): void {
    if (this.queue.isEnded || this.position !== from) return;
    const reason = whyLost(from, log);
    if (reason) {
      this.beginAnew(reason);
      return;
    }
    for (const next of events) this.queue.push(frameOfEvent(next.event, writeCursor(this.reader, next.position)));
    this.#position = position;
  }

  #countDelay(stretch: Snapshot): void {
    if (this.queue.size === 0) {
      this.#delay = 0;
      this.#isExcused = true;
    } else if (stretch !== this.#stretch) {
      this.#isExcused = false;
    }
    this.#stretch = stretch;
    if (!this.#isExcused) this.#delay += 1;
  }
}
