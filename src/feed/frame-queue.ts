import type { JobFrame } from './frame.ts';

/**
 * What waits for one subscriber. Progress collapses to its latest value; moves never drop, and when more of them wait
 * than the bound allows, the queue says so instead of growing.
 *
 * The iterator is written by hand because an async generator that waits cannot be returned: its subscriber would never be
 * let go.
 */
export class FrameQueue implements AsyncIterableIterator<JobFrame> {
  readonly #bound: number;
  readonly #onEnd: () => void;
  #frames: JobFrame[] = [];
  #ended = false;
  #error: unknown;
  #waiting: PromiseWithResolvers<IteratorResult<JobFrame>> | undefined;

  constructor(options: { bound: number; onEnd: () => void }) {
    this.#bound = options.bound;
    this.#onEnd = options.onEnd;
  }

  /** @returns false when the bound is passed: nothing was queued, and what waited is gone; the caller sends a RESYNC. */
  push(frame: JobFrame): boolean {
    if (this.#ended) return true;
    if (this.#waiting) {
      this.#waiting.resolve({ value: frame, done: false });
      this.#waiting = undefined;
      return true;
    }
    if (this.#frames.at(-1)?.type === 'PROGRESSED') this.#frames.pop();
    if (this.#frames.length >= this.#bound) {
      this.#frames = [];
      return false;
    }
    this.#frames.push(frame);
    return true;
  }

  /** Ends the stream once everything that waits is delivered; with an error, the error comes last. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#onEnd();
    if (!this.#waiting) return;
    if (error === undefined) this.#waiting.resolve({ value: undefined, done: true });
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  async next(): Promise<IteratorResult<JobFrame>> {
    const frame = this.#frames.shift();
    if (frame) return { value: frame, done: false };
    if (this.#ended) {
      const error = this.#error;
      this.#error = undefined;
      if (error !== undefined) throw error;
      return { value: undefined, done: true };
    }
    this.#waiting ??= Promise.withResolvers();
    return await this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<JobFrame>> {
    this.#frames = [];
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
