import type { Job } from '../entities/job.ts';
import type { Metrics } from '../metrics.ts';
import type { Settlement } from './settle.ts';

export type AttemptMetrics = Pick<Metrics, 'queueWait' | 'runSeconds' | 'attemptsRunning'>;

/** How an attempt ended: by a move of ours, from outside, or without a word because the lease or the database was lost. */
export type RunOutcome = Settlement['move'] | 'ended' | 'lost';

/** Counts an attempt that has started. @param dueAt from when on it could start, where the queue has told */
export function countAttempt(metrics: AttemptMetrics, { kind, startedAt }: Job, dueAt: Date | undefined) {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  // Both by the database's clock.
  if (dueAt && startedAt) {
    metrics.queueWait.observe({ kind }, Math.max(0, startedAt.getTime() - dueAt.getTime()) / 1_000);
  }
  metrics.attemptsRunning.inc();
  return {
    seconds,
    end(outcome: RunOutcome): void {
      metrics.attemptsRunning.dec();
      metrics.runSeconds.observe({ kind, outcome }, seconds());
    },
  };
}
