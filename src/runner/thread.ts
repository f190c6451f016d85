import { type MessagePort, workerData } from 'node:worker_threads';
import { type Kind, KindError } from '../kinds/kind.ts';
import type { Progress, RunContext } from './context.ts';
import { describeError, type Failure, MAX_OUTPUT_BYTES, type Outcome, unexpectedFailure } from './outcome.ts';

/** What a registry of kinds looks like from here: names and handlers, their types long forgotten. */
export type Kinds = Readonly<Partial<Record<string, Kind<unknown, unknown>>>>;

export interface ThreadData {
  /** URL of the module that exports `kinds`. */
  kindsModule: string;
}

export interface ThreadTask {
  kind: string;
  input: unknown;
  attempt: number;
  /** Carries progress up; a message down, of any content, asks the handler to stop and says why. */
  port: MessagePort;
}

const { kinds }: { kinds: Kinds } = await import((workerData as ThreadData).kindsModule);

/** Runs one handler to its end. It rejects for nothing that a handler can throw. */
export default async function runTask({ kind: name, input, attempt, port }: ThreadTask): Promise<Outcome> {
  const kind = kinds[name];
  if (!kind) return brokenHandler(`no kind is called ${name}`);
  const parsed = kind.input.safeParse(input);
  // Not the messages: they name keys, which are the user's own words, and the detail goes to the log.
  if (!parsed.success) return invalidInput(parsed.error.issues.map(({ code }) => code).join(', '));
  const context = openContext(port, attempt);
  try {
    return completion(kind, await kind.run(parsed.data, context));
  } catch (error) {
    return error instanceof KindError ? verdictOf(error) : unexpectedFailure(error);
  } finally {
    port.close();
  }
}

function openContext(port: MessagePort, attempt: number): RunContext {
  const controller = new AbortController();
  port.on('message', (reason: string) => controller.abort(new Error(reason)));
  const report = ({ percent, stage, message, offset, current, expected }: Progress) => {
    const inRange = Math.min(100, Math.max(0, percent));
    // Only the fields that are known, so that nothing a handler hangs on beside them can fail to travel.
    if (!Number.isNaN(inRange)) port.postMessage({ percent: inRange, stage, message, offset, current, expected });
  };
  return { signal: controller.signal, attempt, report };
}

function completion(kind: Kind<unknown, unknown>, result: unknown): Outcome {
  const parsed = kind.output.safeParse(result);
  if (!parsed.success) return brokenHandler(`the output does not fit: ${parsed.error.message}`);
  const text: string | undefined = JSON.stringify(parsed.data);
  if (text === undefined || text === 'null') return brokenHandler('there is no output');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_OUTPUT_BYTES) {
    return { ...brokenHandler(`the output has ${bytes} bytes`), message: 'The result is too large to be stored' };
  }
  return { type: 'completed', output: JSON.parse(text) };
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
