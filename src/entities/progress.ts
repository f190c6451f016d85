/** How far a job is. `percent` is 0 to 100; the rest is free for the kind to fill. */
export interface Progress {
  percent: number;
  stage?: string;
  message?: string;
  offset?: number;
  current?: number;
  expected?: number;
}

/** A worker's latest word as it is stored. */
export interface StoredProgress extends Progress {
  /** When it was first said, by the database's clock, as ISO 8601; absent where the worker has said nothing. */
  reportedAt?: string;
}

/** How far a job is that has told nothing. */
export const NO_PROGRESS: StoredProgress = { percent: 0 };

/** Whether two tell the same. The rows of one read share an object, so that mostly nothing has to be written out. */
export const isSameProgress = (one: StoredProgress, other: StoredProgress): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);
