import { type FeedFrame, isPosition, type JobFrame } from './frame.ts';

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

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
    if (job) this.#progress.delete(job.jobId);
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve({ value: frame, done: false });
    else if (job?.type === 'PROGRESSED') this.#progress.set(job.jobId, frame);
    else this.#frames.push(frame);
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
    this.#onEnd();
  }

  next(): Promise<IteratorResult<Frame>> {
    const frame = this.#frames.shift() ?? this.#takeProgress();
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

  #takeProgress(): Frame | undefined {
    const [oldest] = this.#progress;
    if (!oldest) return undefined;
    this.#progress.delete(oldest[0]);
    return oldest[1];
  }
}
