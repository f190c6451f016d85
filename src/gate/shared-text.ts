import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { FormatError } from './error-format.ts';

/** A result that was written as JSON before it was anything else. */
export class WrittenResult implements ExecutionResult {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  get data(): ExecutionResult['data'] {
    return (JSON.parse(this.json) as ExecutionResult).data;
  }
}

/** What a result looks like on its way out: a text, or its bytes. */
export type Written<Form> = (result: ExecutionResult) => Form;

/**
 * Writes each result down once, however many it is sent to: those who share an answer share its text.
 * @param write the form of the transport, of JSON in which errors are as a client may see them
 */
export function writeOnce<Form extends string | Uint8Array>(
  formatError: FormatError,
  write: (json: string) => Form,
): Written<Form> {
  const known = new WeakMap<ExecutionResult, Form>();
  let last: { result: ExecutionResult; written: Form } | undefined;
  return (result) => {
    // It is sent to all who share it in one go, and for most there is nobody to share it with.
    if (last?.result === result) return last.written;
    const isWritten = result instanceof WrittenResult;
    const written = isWritten ? write(result.json) : (known.get(result) ?? write(jsonOf(result, formatError)));
    if (!isWritten) known.set(result, written);
    last = { result, written };
    return written;
  };
}

const jsonOf = ({ errors, ...result }: ExecutionResult, formatError: FormatError): string =>
  JSON.stringify((errors ? { ...result, errors: errors.map(formatError) } : result) satisfies FormattedExecutionResult);
