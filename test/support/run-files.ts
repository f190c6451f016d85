import { openRunFiles } from '../../src/runner/run-files.ts';

/** What a handler sees of files where its kind has none. */
export const NO_FILES = openRunFiles(
  () => Promise.reject(new Error('this handler has no files')),
  { input: null, reserved: [] },
  new AbortController().signal,
).files;

/** The same as a thread is told of it. */
export const NO_TASK_FILES = { input: null, reserved: [] };

/** A storage that is never opened. */
export const NO_STORAGE = 'file:///nowhere/at/all';
