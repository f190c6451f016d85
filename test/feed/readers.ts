import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobFrame } from '../../src/feed/frame.ts';

type Frames = AsyncIterator<JobFrame>;

/** The next frames of a stream, however long they take. @throws when it ends before */
export async function take(frames: Frames, count: number): Promise<JobFrame[]> {
  const taken: JobFrame[] = [];
  while (taken.length < count) {
    const { done, value } = await frames.next();
    if (done) throw new Error(`The stream ended after ${taken.length} of ${count} frames: ${said(taken)}`);
    taken.push(value);
  }
  return taken;
}

/** All frames to the end of a stream. */
export async function readToEnd(frames: Frames): Promise<JobFrame[]> {
  const taken: JobFrame[] = [];
  for (let next = await frames.next(); !next.done; next = await frames.next()) taken.push(next.value);
  return taken;
}

/** Frames as short words: `STARTED 2`. */
export const said = (frames: readonly JobFrame[]): string[] => frames.map(({ type, seq }) => `${type} ${seq}`);

/** Whether a promise waits for something from outside: what is settled already, or can settle by itself, would have. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => false), nextTurn(true)]);
}

/** The numbers from `first` to `last`. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
