import { onTestFinished, vi } from 'vitest';

/** Of an API in which somebody waits for a lock until the test gives it back, which on a busy machine takes its time. */
export const PATIENT_LIMITS = {
  ASSAY_LIMIT_LOCK_MS: '30000',
  ASSAY_LIMIT_STATEMENT_MS: '30000',
  ASSAY_LIMIT_EXECUTION_MS: '40000',
};

/** A limit of time that a test ends by hand. */
export interface TimeLimit {
  /** Ends it for all who wait by it now, as if its milliseconds were over. */
  pass(): void;
}

/**
 * Takes the place of `AbortSignal.timeout` for limits of so many milliseconds, until the test is over: a real one may be over
 * before what it limits has begun, on a machine that is late.
 */
export function holdTimeLimit(ms: number): TimeLimit {
  const held: AbortController[] = [];
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((asked) => {
    if (asked !== ms) return timeout(asked);
    const controller = new AbortController();
    held.push(controller);
    return controller.signal;
  });
  onTestFinished(() => spy.mockRestore());
  return {
    pass() {
      for (const controller of held.splice(0)) controller.abort(new DOMException('The time is over', 'TimeoutError'));
    },
  };
}
