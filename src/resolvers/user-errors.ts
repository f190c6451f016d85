import type { z } from 'zod';
import type { AnyUserError, SimpleError } from '../schema/user-error.ts';

/** A longer list helps nobody: it is cut here. */
const MAX_FAULTS = 20;

/** An expected outcome that carries nothing but its code. */
export const userError = (code: SimpleError['code'], message: string, field: string[] | null = null): SimpleError => ({
  code,
  message,
  field,
});

/** A fault of the input's content. The message goes on from the name of the field: "must be at most 100". */
export const invalid = (field: string[], message: string): SimpleError =>
  userError('INVALID_INPUT', `${field.at(-1)} ${message}`, field);

/** The faults that a schema found, one error each, with the path from the argument on. */
export function faultsOf(error: z.ZodError, path: string[], further: AnyUserError[] = []): AnyUserError[] {
  const faults = error.issues.map((issue) => invalid([...path, ...issue.path.map(String)], issue.message));
  return [...faults, ...further].slice(0, MAX_FAULTS);
}
