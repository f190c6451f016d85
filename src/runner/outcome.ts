import type { FailureCode } from '../entities/job-status.ts';
import type { OutputFile } from '../lifecycle/files.ts';

/** How a handler's run ended, in plain data that can leave its thread. */
export type Outcome = Completion | Failure | Termination;

/** It gave an answer that fits its kind: JSON, and small enough to be stored. */
export interface Completion {
  type: 'completed';
  output: unknown;
  files: OutputFile[];
}

/** It gave none. */
export interface Failure {
  type: 'failed';
  code: Exclude<FailureCode, 'CANCELLED' | 'STUCK' | 'WORKER_LOST'>;
  /** For the user: no internals. */
  message: string;
  /** Whether another attempt makes sense. */
  retryable: boolean;
  /** For the log: what really happened. */
  detail?: string;
}

/** It did not stop when it was asked to, or had not begun, and there is no thread of it any more. */
export interface Termination {
  type: 'terminated';
}

/** Bytes of JSON that a stored result may take; larger output belongs into files. */
export const MAX_OUTPUT_BYTES = 1_048_576;

const MAX_MESSAGE_LENGTH = 1_000;

/** An error that no handler spoke about itself: its text is kept for the log, the user gets a plain sentence. */
export function unexpectedFailure(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message =
    code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? 'The work needed more memory than it may use'
      : 'The work failed unexpectedly';
  return { type: 'failed', code: 'HANDLER_ERROR', message, retryable: true, detail: describeError(error) };
}

/** All that is known of an error, as text. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}

/** A text as the database can keep it: well-formed, without NUL, and of a length that a person would read. */
export function storableMessage(message: string): string {
  const text = message.replaceAll('\0', '').slice(0, MAX_MESSAGE_LENGTH).toWellFormed().trim();
  return text === '' ? 'The work failed without saying why' : text;
}
