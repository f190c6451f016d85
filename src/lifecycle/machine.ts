import { ACTIVE, EventType, FINISHED, JobStatus } from '../entities/job-status.ts';

/**
 * What a job can do, in words. A **job** is in one of five statuses and changes it by a **move**; each move writes one
 * **event** with the next **seq**. A **round** is one paid life (submit opens the first), an **attempt** one delivery to
 * a worker within it, and the **lease** proves that an attempt is still the one that may write.
 */
export interface Move {
  readonly from: readonly JobStatus[];
  readonly to: JobStatus;
  readonly event: EventType;
}

/**
 * Every move of a job that exists, as data; `submit` has no row here because it has no status to come from, and a forced
 * deletion has no status to go to. The database holds the same table (`assay_moves`) and refuses the rest.
 */
export const MOVES = {
  start: { from: [JobStatus.QUEUED], to: JobStatus.PROCESSING, event: EventType.STARTED },
  complete: { from: [JobStatus.PROCESSING], to: JobStatus.COMPLETED, event: EventType.COMPLETED },
  fail: { from: [JobStatus.PROCESSING], to: JobStatus.FAILED, event: EventType.FAILED },
  release: { from: [JobStatus.PROCESSING], to: JobStatus.QUEUED, event: EventType.RELEASED },
  cancel: { from: ACTIVE, to: JobStatus.CANCELLED, event: EventType.CANCELLED },
  retry: { from: [JobStatus.FAILED, JobStatus.CANCELLED], to: JobStatus.QUEUED, event: EventType.RETRIED },
  delete: { from: FINISHED, to: JobStatus.CANCELLED, event: EventType.DELETED },
} as const satisfies Record<string, Move>;

export type MoveName = keyof typeof MOVES;

/**
 * What only `assay doctor --repair` does, and says so in its transaction (`assay.mover`): nothing of ours leaves a job
 * waiting for an attempt that it may not have, and nothing else could end it.
 */
export const DOCTOR_MOVES = {
  fail: { from: [JobStatus.QUEUED], to: JobStatus.FAILED, event: EventType.FAILED },
} as const satisfies Record<string, Move>;
