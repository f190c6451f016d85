import type { Progress } from '../entities/progress.ts';

export type { Progress };

/** All that a handler sees of the world around it. */
export interface RunContext {
  /** Fires on cancel, at the run limit, when the lease is lost and at shutdown; 500 ms later the thread is terminated. */
  readonly signal: AbortSignal;
  /** 1, 2, 3: which delivery of the job this is, within its round. */
  readonly attempt: number;
  /** Tells how far the work is. Cheap to call often: the runner writes the latest value only, at most once per interval. */
  report(progress: Progress): void;
}
