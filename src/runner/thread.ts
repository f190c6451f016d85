import { type MessagePort, workerData } from 'node:worker_threads';
import type { Storage } from '../files/storage.ts';
import { openStorage } from '../files/storage-url.ts';
import { type Kind, KindError } from '../kinds/kind.ts';
import type { OutputFile } from '../lifecycle/files.ts';
import { type Line, NO_SETTINGS, type Progress, type RunContext, type Settings } from './context.ts';
import { describeError, type Failure, MAX_OUTPUT_BYTES, type Outcome, unexpectedFailure } from './outcome.ts';
import { openRunFiles, type TaskFiles } from './run-files.ts';
import { type BatchAnswer, createStager } from './staging.ts';

/** What a registry of kinds looks like from here: names and handlers, their types long forgotten. */
export type Kinds = Readonly<Partial<Record<string, Kind<unknown, unknown>>>>;

export interface ThreadData {
  /** URL of the module that exports `kinds`. */
  kindsModule: string;
  /** Where files are kept. */
  storageUrl: string;
  settings?: Settings;
}

export interface ThreadTask {
  kind: string;
  input: unknown;
  attempt: number;
  files: TaskFiles;
  /** Carries progress and rows up; down come the answers about rows, and a text, which asks to stop and says why. */
  port: MessagePort;
}

/** Of one attempt; a handler that writes on and on must not fill the log. */
const MOST_LINES = 100;
const LONGEST_LINE = 1_000;
const PLAIN = ['string', 'number', 'boolean'];

const { kindsModule, storageUrl, settings = NO_SETTINGS } = workerData as ThreadData;
const { kinds }: { kinds: Kinds } = await import(kindsModule);

let storage: Promise<Storage> | undefined;
/** Opened by the first handler that uses files. */
function openOnce(): Promise<Storage> {
  storage ??= openStorage(storageUrl);
  return storage;
}

/** Runs one handler to its end. It rejects for nothing that a handler can throw. */
export default async function runTask({
  kind: name,
  input,
  attempt,
  files: taskFiles,
  port,
}: ThreadTask): Promise<Outcome> {
  const kind = kinds[name];
  if (!kind) return brokenHandler(`no kind is called ${name}`);
  const parsed = kind.input.safeParse(input);
  // Not the messages: they name keys, which are the user's own words, and the detail goes to the log.
  if (!parsed.success) return invalidInput(parsed.error.issues.map(({ code }) => code).join(', '));
  const { signal, stage } = openPort(port);
  const { files, written } = openRunFiles(openOnce, taskFiles, signal);
  try {
    const context = { signal, attempt, files, report: reporter(port), log: liner(port), stage, settings };
    return completion(kind, await kind.run(parsed.data, context), written);
  } catch (error) {
    return error instanceof KindError ? verdictOf(error) : unexpectedFailure(error);
  } finally {
    port.close();
  }
}

/** What comes down: that the handler shall stop, and the answers about its rows. */
function openPort(port: MessagePort): Pick<RunContext, 'signal' | 'stage'> {
  const controller = new AbortController();
  const { stage, answer } = createStager(port);
  port.on('message', (message: string | BatchAnswer) => {
    if (typeof message === 'string') controller.abort(new Error(message));
    else answer(message);
  });
  return { signal: controller.signal, stage };
}

function reporter(port: MessagePort): RunContext['report'] {
  return ({ percent, stage, message, offset, current, expected }: Progress) => {
    const inRange = Math.min(100, Math.max(0, percent));
    // Only the fields that are known, so that nothing a handler hangs on beside them can fail to travel.
    if (!Number.isNaN(inRange)) port.postMessage({ percent: inRange, stage, message, offset, current, expected });
  };
}

function liner(port: MessagePort): RunContext['log'] {
  let left = MOST_LINES;
  return (message, facts = {}) => {
    if (left === 0) return;
    left -= 1;
    // Plain values only, so that nothing a handler hangs on beside them can fail to travel.
    const plain = Object.entries(facts).filter(([, value]) => value === null || PLAIN.includes(typeof value));
    port.postMessage({ message: message.slice(0, LONGEST_LINE), facts: Object.fromEntries(plain) } satisfies Line);
  };
}

function completion(kind: Kind<unknown, unknown>, result: unknown, files: OutputFile[]): Outcome {
  const parsed = kind.output.safeParse(result);
  if (!parsed.success) return brokenHandler(`the output does not fit: ${parsed.error.message}`);
  const text: string | undefined = JSON.stringify(parsed.data);
  if (text === undefined || text === 'null') return brokenHandler('there is no output');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_OUTPUT_BYTES) {
    return { ...brokenHandler(`the output has ${bytes} bytes`), message: 'The result is too large to be stored' };
  }
  return { type: 'completed', output: JSON.parse(text), files };
}

function verdictOf(error: KindError): Failure {
  const { code, message, retryable } = error;
  return { type: 'failed', code, message, retryable, detail: describeError(error) };
}

function invalidInput(detail: string): Failure {
  return {
    type: 'failed',
    code: 'INVALID_INPUT',
    message: 'The input no longer fits this kind of work',
    retryable: false,
    detail,
  };
}

/** The fault is in the handler's code: the same input would end the same way. */
function brokenHandler(detail: string): Failure {
  return {
    type: 'failed',
    code: 'HANDLER_ERROR',
    message: 'The work ended without a valid result',
    retryable: false,
    detail,
  };
}
