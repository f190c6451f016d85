import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from './figures.ts';
import { processorSeconds } from './process-state.ts';
import type { Misbehaviour } from './rivals/misbehaviour.ts';

/** One who runs jobs, one at a time, and can be told to cancel the one that runs. */
export interface CancelSide {
  readonly name: string;
  /** Resolves when a job that behaves so runs. */
  start(behaviour: Misbehaviour): Promise<RunningJob>;
}

export interface RunningJob {
  /** Of the process it runs in. */
  readonly pid: number;
  /** Resolves when the cancel is answered. @throws where it was refused */
  cancel(): Promise<void>;
  /** @returns when nothing of the job ran any more, in milliseconds since 1970; undefined where that is not within the limit */
  freeAt(limitMs: number): Promise<number | undefined>;
  /** Leaves nothing of it, however it behaves. */
  end(): Promise<void>;
}

/** How one cancel went, in milliseconds from the request. */
export interface Cancelled {
  answered: number;
  /** Undefined where the job ran on. */
  free: number | undefined;
  /** Processor time that its process used after the request, as a share of the time until it was free or given up. */
  processorShare: number;
}

/** So that the handler is really at it, and not still being started. */
const SETTLE_MS = 150;
/** After this it counts as never. */
export const LIMIT_MS = 10_000;

/** Starts a job, cancels it and looks what becomes of it. */
export async function cancelOne(side: CancelSide, behaviour: Misbehaviour): Promise<Cancelled> {
  const job = await side.start(behaviour);
  try {
    await delay(SETTLE_MS);
    const [requestedAt, used] = [clockMs(), await processorSeconds(job.pid)];
    await job.cancel();
    const answered = clockMs() - requestedAt;
    const freeAt = await job.freeAt(LIMIT_MS);
    const processorShare = ((await processorSeconds(job.pid)) - used) / ((clockMs() - requestedAt) / 1_000);
    return { answered, free: freeAt === undefined ? undefined : freeAt - requestedAt, processorShare };
  } finally {
    await job.end();
  }
}
