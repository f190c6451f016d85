import { type FeedFrame, isPosition, type JobFrame } from './frame.ts';

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Whoever is handed what comes, one frame after the other. */
interface Taker<Frame> {
  take: (frame: Frame) => boolean | Promise<boolean>;
  done: PromiseWithResolvers<void>;
  /** He has all that there was, and is waited upon by {@link handSoon}. */
  isIdle: boolean;
}

/** Queues with something for a taker who is idle. */
const ready: { hand(): void }[] = [];

/** Hands out at the end of this turn what was queued in it: one job's event to all its subscribers in one go. */
function handSoon(queue: { hand(): void }): void {
  if (ready.push(queue) > 1) return;
  queueMicrotask(() => {
    for (const one of ready.splice(0)) one.hand();
  });
}

/**
 * What waits for one subscriber. It takes what it is given; how much that may be is decided by whoever fills it. Progress
 * stands behind the rest and collapses to the latest value of each job, and whatever comes of that job after it takes its
 * place.
 *
 * The iterator is written by hand because an async generator that waits cannot be returned: its subscriber would never be
 * let go.
 */
export class FrameQueue<Frame extends FeedFrame = JobFrame> implements AsyncIterableIterator<Frame> {
  readonly #onEmpty: () => void;
  readonly #onEnd: () => void;
  readonly #waiting: PromiseWithResolvers<IteratorResult<Frame>>[] = [];
  #frames: Frame[] = [];
  /** By job. */
  readonly #progress = new Map<string, Frame>();
  #isEnded = false;
  #taker: Taker<Frame> | undefined;

  /**
   * @param options.onEmpty called when the subscriber asks for more than there is
   * @param options.onEnd called once: nothing will be queued any more, because the stream is over or nobody reads it
   */
  constructor(options: { onEmpty: () => void; onEnd: () => void }) {
    this.#onEmpty = options.onEmpty;
    this.#onEnd = options.onEnd;
  }

  /** How many frames wait, without progress. */
  get size(): number {
    return this.#frames.length;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  push(frame: Frame): void {
    if (this.#isEnded) return;
    const job: JobFrame | null = isPosition(frame) ? null : frame;
    if (job && this.#progress.size > 0) this.#progress.delete(job.jobId);
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve({ value: frame, done: false });
    else if (job?.type === 'PROGRESSED') this.#progress.set(job.jobId, frame);
    else this.#frames.push(frame);
    this.#call();
  }

  /** Drops what waits. */
  clear(): void {
    this.#frames = [];
    this.#progress.clear();
  }

  /** Ends the stream once everything that waits is delivered. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(DONE);
    this.#call();
    this.#onEnd();
  }

  /**
   * Hands on each frame when the one before is taken, until the stream is over or `take` says no. It is what a `for await`
   * does, without a promise for each frame.
   * @throws what `take` throws
   */
  handTo(take: Taker<Frame>['take']): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#taker = { take, done, isIdle: false };
    this.hand();
    return done.promise;
  }

  /** Hands on what waits, as far as it is taken. Called by {@link handSoon}. */
  hand(): void {
    const taker = this.#taker;
    if (!taker) return;
    taker.isIdle = false;
    try {
      for (let frame = this.#shift(); frame; frame = this.#shift()) {
        const isTaken = taker.take(frame);
        if (isTaken === true) continue;
        this.#handOn(taker, isTaken);
        return;
      }
      this.#rest(taker);
    } catch (error) {
      taker.done.reject(error);
    }
  }

  /** Goes on when he has taken a frame, unless he wants no more. */
  #handOn({ done }: Taker<Frame>, isTaken: false | Promise<boolean>): void {
    if (isTaken === false) done.resolve();
    else isTaken.then((isWanted) => (isWanted ? this.hand() : done.resolve()), done.reject);
  }

  #rest(taker: Taker<Frame>): void {
    taker.isIdle = !this.#isEnded;
    if (this.#isEnded) taker.done.resolve();
    else this.#onEmpty();
  }

  /** There is something for him again, or the end. */
  #call(): void {
    if (!this.#taker?.isIdle) return;
    this.#taker.isIdle = false;
    handSoon(this);
  }

  next(): Promise<IteratorResult<Frame>> {
    const frame = this.#shift();
    if (frame) return Promise.resolve({ value: frame, done: false });
    if (this.#isEnded) return Promise.resolve(DONE);
    const waiter = Promise.withResolvers<IteratorResult<Frame>>();
    this.#waiting.push(waiter);
    this.#onEmpty();
    return waiter.promise;
  }

  async return(): Promise<IteratorResult<Frame>> {
    this.clear();
    this.end();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #shift(): Frame | undefined {
    return this.#frames.shift() ?? this.#takeProgress();
  }

  #takeProgress(): Frame | undefined {
    if (this.#progress.size === 0) return undefined;
    const [oldest] = this.#progress;
    if (!oldest) return undefined;
    this.#progress.delete(oldest[0]);
    return oldest[1];
  }
}
