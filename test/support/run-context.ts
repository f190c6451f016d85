import { NO_SETTINGS, type RunContext } from '../../src/runner/context.ts';
import { openRunFiles } from '../../src/runner/run-files.ts';

/** What a handler sees of files where its kind has none. */
const NO_FILES = openRunFiles(
  () => Promise.reject(new Error('this handler has no files')),
  { input: null, reserved: [] },
  new AbortController().signal,
).files;

/** The same as a thread is told of it. */
export const NO_TASK_FILES = { input: null, reserved: [] };

/** A storage that is never opened. */
export const NO_STORAGE = 'file:///nowhere/at/all';

/** What a handler sees of the world: nothing happens in it, unless a test says otherwise. */
export const runContext = (own: Partial<RunContext> = {}): RunContext => ({
  signal: new AbortController().signal,
  attempt: 1,
  report: () => undefined,
  log: () => undefined,
  files: NO_FILES,
  stage: () => Promise.reject(new Error('nothing is gathered in this test')),
  settings: NO_SETTINGS,
  ...own,
});
