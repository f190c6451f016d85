import type { z } from 'zod';
import type { Job } from '../entities/job.ts';
import type { JobAction } from '../schema/enums.ts';
import type { AnyUserError, InvalidMove, RateLimited, SimpleError } from '../schema/user-error.ts';

/** A longer list helps nobody: it is cut here. */
const MAX_FAULTS = 20;

/** A path can hold names that the client made up, of any length. */
const MAX_NAME_LENGTH = 100;

/** An expected outcome that carries nothing but its code. */
export const userError = (code: SimpleError['code'], message: string, field: string[] | null = null): SimpleError => ({
  code,
  message,
  field,
});

/** The same for what is absent, another's, or no id at all. */
export const notFound = (field: string[] | null = ['input', 'id']): SimpleError =>
  userError('NOT_FOUND', 'There is nothing with this id', field);

/** When to look again whether the queue has room: nobody knows when it has, but it changes while jobs run. */
const QUEUE_WAIT_SECONDS = 10;

/** As many jobs of the user wait as may. */
export const queueFull = (): RateLimited => ({
  code: 'QUEUE_LIMIT_REACHED',
  message: 'Too many of your jobs wait: more can be queued when some of them have started',
  retryAfterSeconds: QUEUE_WAIT_SECONDS,
});

const REASONS: Record<InvalidMove['code'], string> = {
  JOB_ACTIVE: 'The job is still active',
  JOB_FINISHED: 'The job is finished',
  NOT_RETRYABLE: 'The job is completed: there is nothing to run again',
};

/** The job is in a status that does not allow this; what it allows is told. */
export const invalidMove = (code: InvalidMove['code'], job: Job, allowed: readonly JobAction[]): InvalidMove => ({
  code,
  message: REASONS[code],
  status: job.status,
  allowed: [...allowed],
});

/** A fault of the input's content. The message goes on from the name of the field: "realistic must be at most 100". */
export function invalid(path: string[], message: string): SimpleError {
  const field = path.map((name) => name.slice(0, MAX_NAME_LENGTH).toWellFormed());
  return userError('INVALID_INPUT', `${nameOf(field)} ${message}`, field);
}

/** The faults that a schema found, one error each, with the path from the argument on. */
export function faultsOf(error: z.ZodError, path: string[], further: AnyUserError[] = []): AnyUserError[] {
  const faults = error.issues.map((issue) => invalid([...path, ...issue.path.map(String)], issue.message));
  return [...faults, ...further].slice(0, MAX_FAULTS);
}

/** The last name of a path; an entry of a list is called by the list's: `riasec[0]`. */
function nameOf(path: string[]): string {
  const last = path.findLastIndex((name) => !/^\d+$/.test(name));
  const [name, ...indexes] = path.slice(last);
  return [name, ...indexes.map((index) => `[${index}]`)].join('');
}
