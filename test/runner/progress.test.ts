import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createProgressWriter } from '../../src/runner/progress.ts';

const percents = (write: { mock: { calls: unknown[][] } }) =>
  write.mock.calls.map(([progress]) => (progress as { percent: number }).percent);

it('writes the first value at once, then the latest of each interval', async () => {
  const write = vi.fn(async () => undefined);
  const progress = createProgressWriter({ intervalMs: 60, write, onError: () => undefined });
  for (const percent of [1, 2, 3, 4]) progress.report({ percent });
  expect(percents(write)).toEqual([1]);
  await vi.waitFor(() => expect(percents(write)).toEqual([1, 4]), { timeout: 10_000 });
  progress.report({ percent: 5 });
  expect(percents(write)).toEqual([1, 4]);
  await vi.waitFor(() => expect(percents(write)).toEqual([1, 4, 5]), { timeout: 10_000 });
});

it('never has two writes under way, however long one takes', async () => {
  let open = 0;
  let most = 0;
  const write = vi.fn(async () => {
    open += 1;
    most = Math.max(most, open);
    await delay(40);
    open -= 1;
  });
  const progress = createProgressWriter({ intervalMs: 5, write, onError: () => undefined });
  for (let percent = 0; percent <= 20; percent += 1) {
    progress.report({ percent });
    await delay(5);
  }
  await vi.waitFor(() => expect(percents(write).at(-1)).toBe(20), { timeout: 10_000 });
  expect(most).toBe(1);
  expect(write.mock.calls.length).toBeLessThan(8);
});

it('hands on an error and goes on with the next value', async () => {
  const write = vi.fn().mockRejectedValueOnce(new Error('refused')).mockResolvedValue(undefined);
  const onError = vi.fn();
  const progress = createProgressWriter({ intervalMs: 5, write, onError });
  progress.report({ percent: 1 });
  await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(new Error('refused')), { timeout: 10_000 });
  progress.report({ percent: 2 });
  await vi.waitFor(() => expect(percents(write)).toEqual([1, 2]), { timeout: 10_000 });
});

it('writes nothing after it was stopped, and tells of no error', async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  const write = vi.fn(() => promise);
  const onError = vi.fn();
  const progress = createProgressWriter({ intervalMs: 5, write, onError });
  progress.report({ percent: 1 });
  progress.report({ percent: 2 });
  progress.stop();
  reject(new Error('too late'));
  progress.report({ percent: 3 });
  await delay(30);
  expect(percents(write)).toEqual([1]);
  expect(onError).not.toHaveBeenCalled();
});
