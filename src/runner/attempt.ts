import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { effectivePolicy } from '../kinds/policy.ts';
import type { Lease, StartedAttempt } from '../lifecycle/attempt.ts';
import { MoveRefused } from '../lifecycle/errors.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Log } from '../log.ts';
import { forRequest, markSpan, SpanKind, traced } from '../trace.ts';
import { type AttemptMetrics, countAttempt, type RunOutcome } from './attempt-count.ts';
import type { Backoff } from './backoff.ts';
import { runHandler, unknownKind, wholeInput } from './handler.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Outcome } from './outcome.ts';
import {
  type CompletionHook,
  LeaseLost,
  type Settlement,
  type StopReason,
  settle,
  settlementOf,
  throughOutage,
} from './settle.ts';
import { createStaging, type Staging } from './staging.ts';
import type { Kinds } from './thread.ts';
import type { Threads } from './threads.ts';

/** What a queue task says: which attempt of which job is due. */
export interface AttemptTask {
  jobId: string;
  round: number;
  attempt: number;
  /** From when on it could begin, by the database's clock; only the queue knows. */
  dueAt?: Date;
}

/** All that an attempt works with. */
export interface AttemptTools {
  workerId: string;
  lifecycle: Lifecycle;
  threads: Threads;
  heartbeat: Pick<Heartbeat, 'add' | 'remove'>;
  kinds: Kinds;
  config: Pick<Config, 'worker' | 'prices' | 'runLimitsMs' | 'limits'>;
  /** Between the attempts of a job that failed. */
  backoff: Backoff;
  metrics: AttemptMetrics;
  log: Log;
}

/** The strings by which a running attempt is held. */
export interface AttemptControl {
  /** Stops the handler; its reason is a {@link StopReason}. */
  stop: AbortController;
  /** Ends the waiting for a database that cannot be reached: the lease is lost, or the worker cannot wait. */
  giveUp: AbortSignal;
}

/**
 * Runs one attempt from start to end: every way out of it goes through the one settlement at its end.
 *
 * It resolves when what happened is written, when the job was ended from outside and its thread is gone, or when the task
 * was out of date and nothing had to happen. It throws when the lease was lost on the way: the queue deletes a task's row
 * by its number when the task resolves, and that row may be another worker's by then.
 * @throws MoveRefused, LeaseLost, or the database's error where an outage outlasted the worker
 */
export async function runAttempt(
  tools: AttemptTools,
  { dueAt, ...task }: AttemptTask,
  lease: Lease,
  control: AttemptControl,
): Promise<void> {
  const started = await start(tools, task, lease, control);
  if (!started) return tools.log.debug(task, 'a task began nothing');
  const { kind, origin } = started.job;
  const log = tools.log.child({ ...task, kind });
  const attributes = { 'assay.job_id': task.jobId, 'assay.round': task.round, 'assay.attempt': task.attempt };
  const span = { kind: SpanKind.CONSUMER, attributes, parent: origin?.traceparent };
  await forRequest(origin?.requestId, () =>
    traced(`attempt ${kind}`, span, () => runStarted({ ...tools, log }, started, lease, { ...control, dueAt })),
  );
}

async function runStarted(
  tools: AttemptTools,
  started: StartedAttempt,
  lease: Lease,
  { dueAt, ...control }: AttemptControl & Pick<AttemptTask, 'dueAt'>,
): Promise<void> {
  const { log, heartbeat, metrics } = tools;
  log.info('attempt started');
  const count = countAttempt(metrics, started.job, dueAt);
  let outcome: RunOutcome = 'lost';
  heartbeat.add(lease);
  try {
    const settlement = await work(tools, started, lease, control);
    outcome = settlement.move;
    logEnd(log, settlement, Math.round(count.seconds() * 1_000));
  } catch (error) {
    if (await isFreed(tools, lease)) {
      outcome = 'ended';
      return log.info('attempt ended from outside');
    }
    if (error instanceof MoveRefused || error instanceof LeaseLost) log.warn({ reason: error.message }, 'attempt lost');
    else log.error({ err: error }, 'the end of an attempt was not written');
    throw error;
  } finally {
    count.end(outcome);
    markSpan({ 'assay.outcome': outcome });
    heartbeat.remove(lease);
    await callNext(tools, started.job);
  }
}

/** Where only so many jobs of one user may run, the end of one lets another begin. */
async function callNext({ lifecycle, config, log }: AttemptTools, { userId }: StartedAttempt['job']): Promise<void> {
  if (config.limits.runningPerUser === 0) return;
  try {
    await lifecycle.callNext(userId);
  } catch (error) {
    log.debug({ err: error }, 'the next job of a user comes by itself');
  }
}

/**
 * The thread is gone, so a job that was cancelled or ran over its limit can say so. Where that works, the lease was still
 * on it, and the task is ours to end. Where the database is away it is left to the rescue, which frees what nobody beats
 * for.
 */
async function isFreed({ lifecycle, log }: AttemptTools, lease: Lease): Promise<boolean> {
  try {
    return await lifecycle.free(lease);
  } catch (error) {
    log.warn({ err: error }, 'the end of a thread was not written');
    return false;
  }
}

/** @throws what the database threw, after taking back a start that may have been written all the same */
async function start(
  tools: AttemptTools,
  task: AttemptTask,
  lease: Lease,
  { giveUp }: AttemptControl,
): Promise<StartedAttempt | null> {
  const { lifecycle, workerId, config, log } = tools;
  try {
    const { leaseMs } = config.worker;
    const { runningPerUser } = config.limits;
    return await lifecycle.start({ ...task, workerId, leaseToken: lease.leaseToken, leaseMs, runningPerUser });
  } catch (error) {
    const takenBack: Settlement = { move: 'release', delayMs: 0, countsAttempt: false };
    await settle(lifecycle, lease, takenBack, { giveUp, log }).catch(() => isFreed(tools, lease));
    throw error;
  }
}

async function work(
  tools: AttemptTools,
  started: StartedAttempt,
  lease: Lease,
  { stop, giveUp }: AttemptControl,
): Promise<Settlement> {
  const { kinds, config } = tools;
  const { job } = started;
  const kind = kinds[job.kind];
  const policy = kind && effectivePolicy(job.kind, kind.policy, config);
  const runLimitMs = policy?.runLimitMs ?? 0;
  const reserved = Array.from({ length: kind?.outputFiles ?? 0 }, () => randomUUID());
  const staging = stagingOf(tools, lease, { stop, giveUp });
  try {
    const outcome = policy
      ? await runHandler(tools, started, lease, { stop, runLimitMs, reserved, staging })
      : unknownKind(job.kind);
    return await end(tools, started, lease, { outcome, stop, giveUp, runLimitMs, staging });
  } finally {
    await dropUnused(tools, reserved);
  }
}

/** The thread is gone, and what became the job's own is not in the books any more. */
async function dropUnused({ lifecycle, log }: AttemptTools, reserved: readonly string[]): Promise<void> {
  if (reserved.length === 0) return;
  await lifecycle
    .dropBytes(reserved)
    .catch((error: unknown) => log.warn({ err: error }, 'files are left to be removed later'));
}

async function end(
  tools: AttemptTools,
  started: StartedAttempt,
  lease: Lease,
  {
    outcome,
    stop,
    giveUp,
    runLimitMs,
    staging,
  }: AttemptControl & { outcome: Outcome; runLimitMs: number; staging: Staging },
): Promise<Settlement> {
  const { lifecycle, backoff, log } = tools;
  const { job } = started;
  if (outcome.type === 'failed') {
    log.warn({ code: outcome.code, retryable: outcome.retryable, detail: outcome.detail }, 'handler failed');
  }
  const reason: StopReason | undefined = stop.signal.aborted ? stop.signal.reason : undefined;
  let settled: Settlement | undefined;
  try {
    const settlement = settlementOf(outcome, reason, { job, runLimitMs, backoff });
    const before = beforeCompletion(tools, started, lease);
    settled = await settle(lifecycle, lease, settlement, { giveUp, log, ...(before ? { before } : {}) });
    return settled;
  } finally {
    if (settled?.move !== 'complete' && (await staging.isUsed())) await unstage(tools, lease);
  }
}

/** What the kind does in the transaction that completes its job. */
function beforeCompletion(
  { kinds }: AttemptTools,
  { job, input }: StartedAttempt,
  { leaseToken }: Lease,
): CompletionHook | undefined {
  const { onComplete, input: schema } = kinds[job.kind] ?? {};
  if (!onComplete || !schema) return undefined;
  return (execute, output) =>
    onComplete(execute, { id: job.id, leaseToken, input: schema.parse(wholeInput(input)), output });
}

function stagingOf({ lifecycle, log }: AttemptTools, lease: Lease, { stop, giveUp }: AttemptControl): Staging {
  return createStaging({
    write: (rows) => lifecycle.stage(lease, rows),
    count: () => lifecycle.countStaged(lease),
    throughOutage: (act) => throughOutage(act, AbortSignal.any([giveUp, stop.signal]), log),
    onRefused: () => stop.abort('LEASE_LOST' satisfies StopReason),
  });
}

/** What is left here after an outage is found by the sweep. */
async function unstage({ lifecycle, log }: AttemptTools, lease: Lease): Promise<void> {
  try {
    await lifecycle.unstage(lease);
  } catch (error) {
    log.debug({ err: error }, 'gathered rows were left for the sweep');
  }
}

function logEnd(log: Log, { move, ...facts }: Settlement, ms: number): void {
  if (move === 'complete') log.info({ ms }, 'attempt completed');
  else if (move === 'fail') log.warn({ ms, ...facts }, 'attempt failed');
  else log.info({ ms, ...facts }, 'attempt released');
}
