import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProgressWriter } from '../../src/runner/progress.ts';

const INTERVAL_MS = 60;

// Its intervals are the whole of what it does, so their time is turned by hand.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const percents = (write: { mock: { calls: unknown[][] } }) =>
  write.mock.calls.map(([progress]) => (progress as { percent: number }).percent);

it('writes the first value at once, then the latest of each interval', async () => {
  const write = vi.fn(async () => undefined);
  const progress = createProgressWriter({ intervalMs: INTERVAL_MS, write, onError: () => undefined });
  for (const percent of [1, 2, 3, 4]) progress.report({ percent });
  expect(percents(write)).toEqual([1]);
  await pass(INTERVAL_MS - 1);
  expect(percents(write)).toEqual([1]);
  await pass(1);
  expect(percents(write)).toEqual([1, 4]);
  progress.report({ percent: 5 });
  await pass(INTERVAL_MS - 1);
  expect(percents(write)).toEqual([1, 4]);
  await pass(1);
  expect(percents(write)).toEqual([1, 4, 5]);
  await pass(INTERVAL_MS * 10);
  progress.report({ percent: 6 });
  expect(percents(write)).toEqual([1, 4, 5, 6]);
});

it('never has two writes under way, however long one takes', async () => {
  const ends: (() => void)[] = [];
  const write = vi.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
  const progress = createProgressWriter({ intervalMs: INTERVAL_MS, write, onError: () => undefined });
  for (let percent = 0; percent <= 10; percent += 1) {
    progress.report({ percent });
    await pass(INTERVAL_MS);
  }
  expect(percents(write)).toEqual([0]);
  ends[0]?.();
  await pass(0);
  expect(percents(write)).toEqual([0, 10]);
});

it('hands on an error and goes on with the next value', async () => {
  const write = vi.fn().mockRejectedValueOnce(new Error('refused')).mockResolvedValue(undefined);
  const onError = vi.fn();
  const progress = createProgressWriter({ intervalMs: INTERVAL_MS, write, onError });
  progress.report({ percent: 1 });
  await pass(0);
  expect(onError).toHaveBeenCalledWith(new Error('refused'));
  progress.report({ percent: 2 });
  await pass(INTERVAL_MS);
  expect(percents(write)).toEqual([1, 2]);
});

it('writes nothing after it was stopped, and tells of no error', async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const write = vi.fn(() => promise);
  const onError = vi.fn();
  const progress = createProgressWriter({ intervalMs: INTERVAL_MS, write, onError });
  progress.report({ percent: 1 });
  progress.report({ percent: 2 });
  progress.stop();
  reject(new Error('too late'));
  progress.report({ percent: 3 });
  await pass(INTERVAL_MS * 10);
  expect(percents(write)).toEqual([1]);
  expect(onError).not.toHaveBeenCalled();
});

it('writes nothing where it was stopped before the first value', async () => {
  const write = vi.fn(async () => undefined);
  const progress = createProgressWriter({ intervalMs: INTERVAL_MS, write, onError: () => undefined });
  progress.stop();
  progress.report({ percent: 1 });
  await pass(INTERVAL_MS);
  expect(write).not.toHaveBeenCalled();
});
