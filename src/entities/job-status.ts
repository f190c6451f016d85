// The vocabulary of a job. One place for each list; the database's CHECKs are held against these by a test.

export const JobStatus = {
  QUEUED: 'QUEUED',
  PROCESSING: 'PROCESSING',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
} as const;
export type JobStatus = (typeof JobStatus)[keyof typeof JobStatus];

/** Jobs that still have work ahead: they hold a queue task or a lease, and count against their user's priority. */
export const ACTIVE = [JobStatus.QUEUED, JobStatus.PROCESSING] as const;

/** Jobs whose round is over: `finished_at` is set and only retry and delete may touch them. */
export const FINISHED = [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED] as const;

export const isFinished = (status: JobStatus): boolean => (FINISHED as readonly JobStatus[]).includes(status);

export const JobKind = {
  ASSESSMENT: 'ASSESSMENT',
  SYNC: 'SYNC',
  FORECAST: 'FORECAST',
  COMPRESS: 'COMPRESS',
  PROBE: 'PROBE',
} as const;
export type JobKind = (typeof JobKind)[keyof typeof JobKind];

/** Which way a file went: given to a job, or made by it. */
export const FileRole = { INPUT: 'INPUT', OUTPUT: 'OUTPUT' } as const;
export type FileRole = (typeof FileRole)[keyof typeof FileRole];

/** Why a job did not complete. CANCELLED stands on cancelled jobs only, the others on failed ones. */
export const FailureCode = {
  INVALID_INPUT: 'INVALID_INPUT',
  HANDLER_ERROR: 'HANDLER_ERROR',
  UPSTREAM_ERROR: 'UPSTREAM_ERROR',
  STUCK: 'STUCK',
  WORKER_LOST: 'WORKER_LOST',
  CANCELLED: 'CANCELLED',
} as const;
export type FailureCode = (typeof FailureCode)[keyof typeof FailureCode];

/** The events that the log stores. SNAPSHOT, PROGRESSED and RESYNC exist on the wire only (see `FrameType`). */
export const EventType = {
  QUEUED: 'QUEUED',
  STARTED: 'STARTED',
  RELEASED: 'RELEASED',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  STUCK: 'STUCK',
  CANCELLED: 'CANCELLED',
  RETRIED: 'RETRIED',
  DELETED: 'DELETED',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** What a subscriber can receive: every stored event, and three frames that are made up for him and never stored. */
export const FrameType = {
  ...EventType,
  SNAPSHOT: 'SNAPSHOT',
  PROGRESSED: 'PROGRESSED',
  RESYNC: 'RESYNC',
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Why a subscriber to many jobs is told where he stands, instead of what happened. */
export const PositionReason = {
  START: 'START',
  PRUNED: 'PRUNED',
  OVERFLOW: 'OVERFLOW',
  RESTORED: 'RESTORED',
} as const;
export type PositionReason = (typeof PositionReason)[keyof typeof PositionReason];

export const LedgerEntryType = {
  GRANT: 'GRANT',
  CHARGE: 'CHARGE',
  REFUND: 'REFUND',
  ADJUST: 'ADJUST',
} as const;
export type LedgerEntryType = (typeof LedgerEntryType)[keyof typeof LedgerEntryType];
