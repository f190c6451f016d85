import type { JobFrame } from './frame.ts';

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * What waits for one subscriber. It takes what it is given; how much that may be is decided by whoever fills it. Progress
 * stands behind the rest and collapses to its latest value, and whatever comes after it takes its place.
 *
 * The iterator is written by hand because an async generator that waits cannot be returned: its subscriber would never be
 * let go.
 */
export class FrameQueue implements AsyncIterableIterator<JobFrame> {
  readonly #onEmpty: () => void;
  readonly #onEnd: () => void;
  readonly #waiting: PromiseWithResolvers<IteratorResult<JobFrame>>[] = [];
  #frames: JobFrame[] = [];
  #progress: JobFrame | undefined;
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

  push(frame: JobFrame): void {
    if (this.#isEnded) return;
    this.#progress = undefined;
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve({ value: frame, done: false });
    else if (frame.type === 'PROGRESSED') this.#progress = frame;
    else this.#frames.push(frame);
  }

  /** Drops what waits. */
  clear(): void {
    this.#frames = [];
    this.#progress = undefined;
  }

  /** Ends the stream once everything that waits is delivered. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(DONE);
    this.#onEnd();
  }

  async next(): Promise<IteratorResult<JobFrame>> {
    const frame = this.#frames.shift() ?? this.#takeProgress();
    if (frame) return { value: frame, done: false };
    if (this.#isEnded) return DONE;
    const waiter = Promise.withResolvers<IteratorResult<JobFrame>>();
    this.#waiting.push(waiter);
    this.#onEmpty();
    return await waiter.promise;
  }

  async return(): Promise<IteratorResult<JobFrame>> {
    this.clear();
    this.end();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeProgress(): JobFrame | undefined {
    const frame = this.#progress;
    this.#progress = undefined;
    return frame;
  }
}
