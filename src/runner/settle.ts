import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../entities/job.ts';
import { FailureCode } from '../entities/job-status.ts';
import { type Execute, KindError } from '../kinds/kind.ts';
import type { Lease } from '../lifecycle/attempt.ts';
import { FilesLost, MoveRefused } from '../lifecycle/errors.ts';
import type { OutputFile } from '../lifecycle/files.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../log.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { type Failure, type Outcome, storableMessage } from './outcome.ts';

/** Why an attempt was told to stop. */
export type StopReason = 'RUN_LIMIT' | 'LEASE_LOST' | 'SHUTDOWN';

/** What is to be written about an attempt that is over. */
export type Settlement =
  | { move: 'complete'; output: unknown; files: OutputFile[] }
  | { move: 'fail'; code: Failure['code'] | 'STUCK'; message: string }
  | { move: 'release'; delayMs: number; countsAttempt: boolean; errorMessage?: string };

/** Acts in the transaction that completes a job, before the job is written. It may refuse with a {@link KindError}. */
export type CompletionHook = (execute: Execute, output: unknown) => Promise<void>;

/** Nothing may be written about the attempt, because its lease is another's by now, or nobody's. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

const OUTAGE_BACKOFF: Backoff = { firstMs: 100, capMs: 2_000 };

/** How an attempt ends, from what its handler did and why it was stopped, if it was. @throws LeaseLost */
export function settlementOf(
  outcome: Outcome,
  reason: StopReason | undefined,
  { job, runLimitMs, backoff }: { job: Job; runLimitMs: number; backoff: Backoff },
): Settlement {
  if (reason === 'LEASE_LOST') throw new LeaseLost(`the lease on job ${job.id} is lost`);
  if (reason === 'RUN_LIMIT') {
    const message = `The work took longer than the ${runLimitMs / 1_000} seconds that it may take`;
    return { move: 'fail', code: FailureCode.STUCK, message };
  }
  if (outcome.type === 'completed') {
    return { move: 'complete', output: outcome.output, files: outcome.files };
  }
  // What fails while it is being stopped says nothing about the job, so the attempt is given back.
  if (reason === 'SHUTDOWN' || outcome.type === 'terminated') {
    return { move: 'release', delayMs: 0, countsAttempt: false };
  }
  const message = storableMessage(outcome.message);
  if (!outcome.retryable || job.attempt >= job.maxAttempts) return { move: 'fail', code: outcome.code, message };
  return { move: 'release', delayMs: backoffMs(job.attempt, backoff), countsAttempt: true, errorMessage: message };
}

/**
 * Writes how an attempt ended. An outage is waited out, for as long as the lease may still be ours.
 * @param giveUp ends the waiting
 * @throws MoveRefused when the lease is no longer ours; the last error of the database when the waiting was ended
 */
export async function settle(
  lifecycle: Lifecycle,
  lease: Lease,
  settlement: Settlement,
  { giveUp, log, before }: { giveUp: AbortSignal; log: Log; before?: CompletionHook },
): Promise<Settlement> {
  try {
    await throughOutage(() => write(lifecycle, lease, settlement, before), giveUp, log);
    return settlement;
  } catch (error) {
    if (settlement.move !== 'complete' || !isRefusal(error)) throw error;
    log.error({ err: error, jobId: lease.jobId }, 'a result cannot be stored');
    const { code, message } = error instanceof KindError ? error : NOT_STORED;
    const failure: Settlement = { move: 'fail', code, message };
    await throughOutage(() => write(lifecycle, lease, failure), giveUp, log);
    return failure;
  }
}

const NOT_STORED = { code: FailureCode.HANDLER_ERROR, message: 'The result could not be stored' };

async function write(
  lifecycle: Lifecycle,
  lease: Lease,
  settlement: Settlement,
  before?: CompletionHook,
): Promise<void> {
  if (settlement.move === 'complete') {
    const { output, files } = settlement;
    await lifecycle.complete(lease, output, files, before && ((execute) => before(execute, output)));
  } else if (settlement.move === 'fail') await lifecycle.fail(lease, settlement);
  else await lifecycle.release(lease, settlement);
}

/**
 * Does something with the database, and again where that is away.
 * @param giveUp ends the waiting
 * @throws MoveRefused, KindError, or what the database says of its content; after `giveUp` its last error
 */
export async function throughOutage(act: () => Promise<void>, giveUp: AbortSignal, log: Log): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (error instanceof MoveRefused || isRefusal(error) || giveUp.aborted) throw error;
      log.warn({ err: error }, 'the end of an attempt could not be written yet');
      await delay(backoffMs(failures, OUTAGE_BACKOFF), undefined, { signal: giveUp }).catch(() => undefined);
    }
  }
}

/** SQLSTATE classes by which PostgreSQL says that what it was given is wrong, now and whenever it is given again. */
const REFUSED_CONTENT = /^(22|23|42|54|P0)[0-9A-Z]{3}$/;

/** Whoever refuses it, the database or the kind itself, would do so again. */
function isRefusal(error: unknown): boolean {
  if (error instanceof KindError || error instanceof FilesLost) return true;
  return error instanceof Error && 'code' in error && REFUSED_CONTENT.test(String(error.code));
}
