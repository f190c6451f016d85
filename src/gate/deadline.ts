import { apiError } from './errors.ts';

/** The signal of an operation's end: it fires after so many milliseconds, with TIMEOUT as its reason. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Rejects with TIMEOUT when the time is over; else never settles. */
  readonly passed: Promise<never>;
  /** Lets the time run out without anything happening. */
  lift(): void;
}

/** Begins to count. Whoever began it disposes of it when the operation has ended by itself. */
export function startDeadline(ms: number): Deadline {
  const controller = new AbortController();
  const { promise: passed, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting when it comes.
  passed.catch(() => undefined);
  const timer = setTimeout(() => {
    const error = apiError('TIMEOUT');
    controller.abort(error);
    reject(error);
  }, ms);
  const lift = () => clearTimeout(timer);
  return { signal: controller.signal, passed, lift, [Symbol.dispose]: lift };
}

/**
 * Waits for something no longer than so many milliseconds. What comes later is given to `tooLate`.
 * @throws TIMEOUT
 */
export async function within<T>(ms: number, coming: Promise<T>, tooLate?: (value: T) => void): Promise<T> {
  using deadline = startDeadline(ms);
  if (tooLate) coming.then((value) => deadline.signal.aborted && tooLate(value)).catch(() => undefined);
  return await Promise.race([coming, deadline.passed]);
}
