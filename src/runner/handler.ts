import type { Lease, StartedAttempt } from '../lifecycle/attempt.ts';
import { MoveRefused } from '../lifecycle/errors.ts';
import { tracedStep } from '../trace.ts';
import type { AttemptTools } from './attempt.ts';
import type { Line } from './context.ts';
import type { Outcome } from './outcome.ts';
import { createProgressWriter } from './progress.ts';
import type { StopReason } from './settle.ts';
import type { Staging } from './staging.ts';

/** How long a handler has to stop by itself before its thread is terminated. */
export const GRACE_MS = 500;
/** How long after its run limit bytes of an attempt are kept that nobody settles: long enough for any outage. */
const KEEP_BYTES_MS = 3_600_000;

/** Runs the handler of an attempt in a thread, to its end or until it is stopped. It rejects for nothing that a handler does. */
export async function runHandler(
  { lifecycle, threads, config: { worker }, log }: AttemptTools,
  { job, input, inputFile }: StartedAttempt,
  lease: Lease,
  {
    stop,
    runLimitMs,
    reserved,
    staging,
  }: { stop: AbortController; runLimitMs: number; reserved: string[]; staging: Staging },
): Promise<Outcome> {
  try {
    if (reserved.length > 0) await lifecycle.reserveBytes(reserved, runLimitMs + KEEP_BYTES_MS);
  } catch (error) {
    log.warn({ err: error }, 'the files of an attempt could not be announced');
    return { type: 'terminated' };
  }
  const progress = createProgressWriter({
    intervalMs: worker.progressMs,
    write: (latest) => lifecycle.report(lease, latest, worker.leaseMs),
    onError(error) {
      if (error instanceof MoveRefused) stop.abort('LEASE_LOST' satisfies StopReason);
      else log.debug({ err: error }, 'progress was not written');
    },
  });
  const limit = setTimeout(() => stop.abort('RUN_LIMIT' satisfies StopReason), runLimitMs);
  try {
    const run = {
      kind: job.kind,
      input: wholeInput(input),
      attempt: job.attempt,
      files: { input: inputFile, reserved },
      signal: stop.signal,
      graceMs: GRACE_MS,
      onProgress: progress.report,
      onRows: staging.write,
      onLine: ({ message, facts }: Line) => log.info({ facts }, message),
    };
    return await tracedStep('thread', () => threads.run(run));
  } finally {
    clearTimeout(limit);
    progress.stop();
  }
}

/** The raw answers are stored beside the rest of the input, but checked and handed to the kind as one. */
export function wholeInput({ testData, rawResponses }: StartedAttempt['input']): unknown {
  return rawResponses === null ? testData : { ...(testData as object), rawResponses };
}

export function unknownKind(kind: string): Outcome {
  return {
    type: 'failed',
    code: 'HANDLER_ERROR',
    message: 'No worker can do this kind of work',
    retryable: false,
    detail: `no kind is called ${kind}`,
  };
}
