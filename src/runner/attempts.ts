import { randomUUID } from 'node:crypto';
import type { Lease } from '../lifecycle/attempt.ts';
import { type AttemptTask, type AttemptTools, runAttempt } from './attempt.ts';
import { GRACE_MS } from './handler.ts';
import type { StopReason } from './settle.ts';

interface RunningAttempt {
  lease: Lease;
  stop: AbortController;
  lost: AbortController;
  ended: Promise<unknown>;
}

export interface Attempts {
  /** Runs the attempt that a task is for, when there is room for one. Throws as {@link runAttempt} does. */
  run(task: AttemptTask): Promise<void>;
  /** Ends attempts whose leases are known to be lost. */
  lose(leases: readonly Lease[]): void;
  /**
   * Lets what runs go on for `graceMs`, then stops it and gives it back to the queue, without costing an attempt.
   * Resolves when nothing runs any more.
   */
  stop(graceMs: number): Promise<void>;
}

/** How long a stopping worker goes on trying to write how its attempts ended. */
const GIVE_UP_MS = 5_000;

/** Keeps the attempts that run in this process. */
export function createAttempts(tools: AttemptTools): Attempts {
  const running = new Map<string, RunningAttempt>();
  const giveUp = new AbortController();
  const closing = new AbortController();
  const { concurrency } = tools.config.worker;

  async function run(task: AttemptTask): Promise<void> {
    // There is room, unless a queue runner that is being replaced still has attempts of its own.
    while (running.size >= concurrency && !closing.signal.aborted) {
      await Promise.race([...running.values()].map(({ ended }) => ended));
    }
    if (closing.signal.aborted) throw new Error('the worker is stopping');
    const lease = { jobId: task.jobId, leaseToken: randomUUID() };
    const [stop, lost] = [new AbortController(), new AbortController()];
    const attempt = runAttempt(tools, task, lease, { stop, giveUp: AbortSignal.any([giveUp.signal, lost.signal]) });
    running.set(lease.leaseToken, { lease, stop, lost, ended: attempt.catch(() => undefined) });
    try {
      await attempt;
    } finally {
      running.delete(lease.leaseToken);
    }
  }

  function lose(leases: readonly Lease[]): void {
    for (const { leaseToken } of leases) {
      const attempt = running.get(leaseToken);
      attempt?.stop.abort('LEASE_LOST' satisfies StopReason);
      attempt?.lost.abort();
    }
  }

  async function stop(graceMs: number): Promise<void> {
    const patience = AbortSignal.timeout(graceMs);
    const patienceEnded = new Promise((resolve) => patience.addEventListener('abort', resolve, { once: true }));
    while (running.size > 0 && !patience.aborted) await Promise.race([allEnded(), patienceEnded]);
    closing.abort();
    for (const attempt of running.values()) attempt.stop.abort('SHUTDOWN' satisfies StopReason);
    const givingUp = setTimeout(() => giveUp.abort(), GRACE_MS + GIVE_UP_MS);
    await allEnded();
    clearTimeout(givingUp);
  }

  const allEnded = () => Promise.all([...running.values()].map(({ ended }) => ended));

  return { run, lose, stop };
}
