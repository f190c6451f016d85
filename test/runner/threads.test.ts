import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Line, Progress } from '../../src/runner/context.ts';
import { startThreads, type Threads } from '../../src/runner/threads.ts';
import type { ProbeInput } from '../support/probe-kinds.ts';
import { NO_STORAGE, NO_TASK_FILES } from '../support/run-context.ts';
import { letGo, PROBE_KINDS, readableLog, scratchFile, untilHandled } from '../support/workers.ts';

let threads: Threads;
beforeAll(() => {
  threads = startThreads({
    concurrency: 2,
    memoryMb: 64,
    kindsModule: PROBE_KINDS,
    storageUrl: NO_STORAGE,
    log: readableLog().log,
  });
});
afterAll(() => threads.stop());

function run(input: ProbeInput, { signal = new AbortController().signal, graceMs = 200, kind = 'PROBE' } = {}) {
  const progress: Progress[] = [];
  return {
    progress,
    outcome: threads.run({
      kind,
      input,
      attempt: 1,
      files: NO_TASK_FILES,
      signal,
      graceMs,
      onProgress: (value) => progress.push(value),
    }),
  };
}

describe('a handler’s verdict survives its thread', () => {
  it.each([
    ['REFUSE', { code: 'INVALID_INPUT', message: 'The answers contradict each other', retryable: false }],
    ['UPSTREAM', { code: 'UPSTREAM_ERROR', message: 'The source answered 503', retryable: true }],
    ['THROW', { code: 'HANDLER_ERROR', message: 'The work failed unexpectedly', retryable: true }],
    ['EXIT', { code: 'HANDLER_ERROR', message: 'The work failed unexpectedly', retryable: true }],
    ['MEMORY', { code: 'HANDLER_ERROR', message: 'The work needed more memory than it may use', retryable: true }],
  ] as const)('%s', async (does, verdict) => {
    expect(await run({ does }).outcome).toMatchObject({ type: 'failed', ...verdict, detail: expect.any(String) });
  });
});

it('hands on what a handler says to the log, also last: so many lines, so long, and plain values only', async () => {
  const lines: Line[] = [];
  const task = { kind: 'PROBE', attempt: 1, files: NO_TASK_FILES, signal: new AbortController().signal, graceMs: 200 };
  const file = scratchFile();
  const input = { does: 'TELL', times: 102, file };
  const onLine = (line: Line) => lines.push(line);
  const telling = threads.run({ ...task, input, onProgress: () => undefined, onLine });
  await untilHandled(file);
  letGo(file);
  // This thread is busy while the handler tells and ends, and finds all of it there at once.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const outcome = await telling;
  expect(outcome).toMatchObject({ type: 'completed', output: { told: 102 } });
  expect(lines.map(({ facts }) => facts)).toEqual(
    Array.from({ length: 100 }, (_, index) => ({ line: index + 1, of: null })),
  );
  expect(new Set(lines.map(({ message }) => message.length))).toEqual(new Set([1_000]));
});

it('gives the handler time to stop by itself', async () => {
  const stop = new AbortController();
  const { outcome } = run({ does: 'SLEEP', milliseconds: 60_000 }, { signal: stop.signal, graceMs: 10_000 });
  await delay(200);
  stop.abort('enough');
  expect(await outcome).toMatchObject({ type: 'failed' });
});

it.each(['SPIN', 'HANG_ONCE'] as const)('terminates a handler that does not: %s', async (does) => {
  const stop = new AbortController();
  const file = scratchFile();
  const { outcome } = run({ does, file }, { signal: stop.signal });
  await untilHandled(file);
  stop.abort('enough');
  const abortedAt = performance.now();
  expect(await outcome).toEqual({ type: 'terminated' });
  // By itself it would never end.
  expect(performance.now() - abortedAt).toBeLessThan(15_000);
});

it('says that a handler is terminated only when its thread is gone, also where that takes longer', async () => {
  const stop = new AbortController();
  const startedAt = performance.now();
  const file = scratchFile();
  const { outcome } = run({ does: 'NATIVE', milliseconds: 1_500, file }, { signal: stop.signal, graceMs: 0 });
  await untilHandled(file);
  stop.abort('enough');
  expect(await outcome).toEqual({ type: 'terminated' });
  expect(performance.now() - startedAt).toBeGreaterThan(1_500);
});

it('terminates what waits for a thread', async () => {
  const narrow = startThreads({
    concurrency: 1,
    memoryMb: 64,
    kindsModule: PROBE_KINDS,
    storageUrl: NO_STORAGE,
    log: readableLog().log,
  });
  const task = {
    kind: 'PROBE',
    input: { does: 'HANG' },
    attempt: 1,
    files: NO_TASK_FILES,
    graceMs: 0,
    onProgress: () => undefined,
  };
  const stop = new AbortController();
  const outcomes = Promise.all([1, 2, 3].map(() => narrow.run({ ...task, signal: stop.signal })));
  await delay(300);
  stop.abort('enough');
  expect(await outcomes).toEqual(Array(3).fill({ type: 'terminated' }));
  await narrow.stop();
});

it('does not begin what was stopped before', async () => {
  expect(await run({ does: 'EXIT' }, { signal: AbortSignal.abort('stopped') }).outcome).toEqual({ type: 'terminated' });
});

it('hands reports on while the handler runs, within their range', async () => {
  const file = scratchFile();
  const { outcome, progress } = run({ does: 'REPORT', times: 3, milliseconds: 10, file });
  await expect
    .poll(() => progress.map(({ percent, current }) => [percent, current]))
    .toEqual([
      [30, 1],
      [60, 2],
      [90, 3],
    ]);
  const wildFile = scratchFile();
  const wild = run({ does: 'WILD_REPORT', file: wildFile });
  await expect.poll(() => wild.progress.map(({ percent }) => percent)).toEqual([0, 100]);
  for (const held of [file, wildFile]) letGo(held);
  for (const ended of [outcome, wild.outcome]) expect(await ended).toMatchObject({ type: 'completed' });
});

describe('rows that a handler gathers', () => {
  const stage = (onRows?: (rows: string) => Promise<number>) =>
    threads.run({
      ...{ kind: 'PROBE', input: { does: 'STAGE', times: 3 }, attempt: 1, graceMs: 200, onProgress: () => undefined },
      files: NO_TASK_FILES,
      signal: new AbortController().signal,
      ...(onRows ? { onRows } : {}),
    });

  it('are handed on one batch at a time, each when the one before is written', async () => {
    let writing = 0;
    const given: unknown[] = [];
    const outcome = await stage(async (rows) => {
      writing += 1;
      expect(writing).toBe(1);
      given.push(...JSON.parse(rows));
      await delay(30);
      writing -= 1;
      return given.length * 10;
    });
    expect(given).toEqual([1, 2, 3].map((time) => ({ id: `r${time}`, data: { time }, words: '' })));
    expect(outcome).toEqual({ type: 'completed', output: { counts: [10, 20, 30] }, files: [] });
  });

  it('that are not taken fail it, without the reason', async () => {
    const refusing = () => Promise.reject(new Error('the lease is lost'));
    for (const onRows of [refusing, undefined]) {
      const outcome = await stage(onRows);
      expect(outcome).toMatchObject({ type: 'failed', code: 'HANDLER_ERROR', retryable: true });
      expect(JSON.stringify(outcome)).not.toContain('lease');
    }
  });
});

it('tells handlers the settings of the installation', async () => {
  const settings = { syncSources: { SKK: { url: 'http://127.0.0.1/skk' } }, syncRows: 7 };
  const { log } = readableLog();
  const set = startThreads({
    ...{ concurrency: 1, memoryMb: 64, kindsModule: PROBE_KINDS, storageUrl: NO_STORAGE, settings, log },
  });
  const task = { kind: 'PROBE', input: { does: 'SETTINGS' }, attempt: 1, graceMs: 0, onProgress: () => undefined };
  const { signal } = new AbortController();
  expect(await set.run({ ...task, files: NO_TASK_FILES, signal })).toMatchObject({ output: { settings } });
  await set.stop();
});

it('drops reports that come after the end', async () => {
  const { outcome, progress } = run({ does: 'LATE_REPORT' });
  await outcome;
  // The thread is free again and its event loop runs on with the next handlers.
  await Promise.all([
    run({ does: 'SLEEP', milliseconds: 300 }).outcome,
    run({ does: 'SLEEP', milliseconds: 300 }).outcome,
  ]);
  expect(progress).toEqual([]);
});

it('calls an unknown kind a fault that stays', async () => {
  expect(await run({ does: 'ECHO' }, { kind: 'FORECAST' }).outcome).toMatchObject({ type: 'failed', retryable: false });
});

it('outlives threads that die before they have anything to do', async () => {
  const { log, lines } = readableLog();
  const kindsModule = 'data:text/javascript,throw new Error("no kinds here")';
  const broken = startThreads({ concurrency: 1, memoryMb: 64, kindsModule, storageUrl: NO_STORAGE, log });
  await vi.waitFor(() => expect(lines).not.toEqual([]), 15_000);
  await broken.stop();
  expect(lines[0]).toMatchObject({ msg: 'an idle thread died', err: { message: 'no kinds here' } });
});
