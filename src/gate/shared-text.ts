import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { FormatError } from './error-format.ts';

/** What a result looks like on its way out. */
export type TextOf = (result: ExecutionResult) => string;

/**
 * Writes each result down once, however many it is sent to: those who share an answer share its text.
 * @param write the form of the transport; the result's errors are as a client may see them
 */
export function writeOnce(formatError: FormatError, write: (result: FormattedExecutionResult) => string): TextOf {
  const texts = new WeakMap<ExecutionResult, string>();
  return (result) => {
    const known = texts.get(result);
    if (known !== undefined) return known;
    const text = write(formatted(result, formatError));
    texts.set(result, text);
    return text;
  };
}

const formatted = ({ errors, ...result }: ExecutionResult, formatError: FormatError): FormattedExecutionResult =>
  errors ? { ...result, errors: errors.map(formatError) } : result;
