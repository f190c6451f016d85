import 'reflect-metadata';
import { registerEnumType } from 'type-graphql';
import {
  FailureCode,
  FileRole,
  FrameType,
  JobKind,
  JobStatus,
  LedgerEntryType,
  PositionReason,
} from '../entities/job-status.ts';

export const ArchiveStatus = {
  PROCESSING: 'PROCESSING',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
} as const;
export type ArchiveStatus = (typeof ArchiveStatus)[keyof typeof ArchiveStatus];

/** In this order wherever a list of actions is shown. */
export const JobAction = {
  CANCEL: 'CANCEL',
  DELETE: 'DELETE',
  FORCE_DELETE: 'FORCE_DELETE',
  RETRY: 'RETRY',
  VIEW_RESULT: 'VIEW_RESULT',
  DOWNLOAD: 'DOWNLOAD',
} as const;
export type JobAction = (typeof JobAction)[keyof typeof JobAction];

export const JobOrder = { CREATED_DESC: 'CREATED_DESC', CREATED_ASC: 'CREATED_ASC' } as const;
export type JobOrder = (typeof JobOrder)[keyof typeof JobOrder];

/** The values are those of a viewer's `kind`, so that it needs no translation. */
export const ViewerKind = { USER: 'user', SERVICE: 'service' } as const;
export type ViewerKind = (typeof ViewerKind)[keyof typeof ViewerKind];

export const ProbeBehaviour = {
  ECHO: 'ECHO',
  SLEEP: 'SLEEP',
  FAIL: 'FAIL',
  FLAKY: 'FLAKY',
  CRASH: 'CRASH',
  HANG: 'HANG',
  SPIN: 'SPIN',
  BIG_RESULT: 'BIG_RESULT',
  PROGRESS: 'PROGRESS',
} as const;
export type ProbeBehaviour = (typeof ProbeBehaviour)[keyof typeof ProbeBehaviour];

export const CompressionAlgorithm = { GZIP: 'GZIP', BROTLI: 'BROTLI', ZSTD: 'ZSTD' } as const;
export type CompressionAlgorithm = (typeof CompressionAlgorithm)[keyof typeof CompressionAlgorithm];

export const UserErrorCode = {
  INVALID_INPUT: 'INVALID_INPUT',
  UNSUPPORTED_ASSESSMENT: 'UNSUPPORTED_ASSESSMENT',
  INSUFFICIENT_TOKENS: 'INSUFFICIENT_TOKENS',
  RATE_LIMITED: 'RATE_LIMITED',
  IDEMPOTENCY_KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
  NOT_FOUND: 'NOT_FOUND',
  JOB_ACTIVE: 'JOB_ACTIVE',
  JOB_FINISHED: 'JOB_FINISHED',
  NOT_RETRYABLE: 'NOT_RETRYABLE',
  FILE_NOT_READY: 'FILE_NOT_READY',
  FILE_TOO_LARGE: 'FILE_TOO_LARGE',
  QUEUE_LIMIT_REACHED: 'QUEUE_LIMIT_REACHED',
  SOURCE_NOT_CONFIGURED: 'SOURCE_NOT_CONFIGURED',
} as const;
export type UserErrorCode = (typeof UserErrorCode)[keyof typeof UserErrorCode];

export const Likelihood = {
  SUPER_HIGH: 'SUPER_HIGH',
  HIGH: 'HIGH',
  MODERATE: 'MODERATE',
  LOW: 'LOW',
  SUPER_LOW: 'SUPER_LOW',
} as const;
export type Likelihood = (typeof Likelihood)[keyof typeof Likelihood];

export const Level = {
  VERY_HIGH: 'VERY_HIGH',
  HIGH: 'HIGH',
  MODERATE: 'MODERATE',
  LOW: 'LOW',
  VERY_LOW: 'VERY_LOW',
} as const;
export type Level = (typeof Level)[keyof typeof Level];

export const IndustryLevel = {
  VERY_SUITABLE: 'VERY_SUITABLE',
  SUITABLE: 'SUITABLE',
  FAIR: 'FAIR',
  LESS_SUITABLE: 'LESS_SUITABLE',
} as const;
export type IndustryLevel = (typeof IndustryLevel)[keyof typeof IndustryLevel];

/**
 * Registers an enum with one description for each value: a forgotten value does not compile. A class whose fields use an
 * enum of `job-status.ts` imports this file for that.
 */
export function describeEnum<Values extends Record<string, string>>(
  name: string,
  values: Values,
  description: string,
  descriptions: Record<keyof Values, string>,
): void {
  const described = Object.entries<string>(descriptions).map(([value, text]) => [value, { description: text }]);
  registerEnumType(values, { name, description, valuesConfig: Object.fromEntries(described) });
}

describeEnum(
  'JobKind',
  JobKind,
  'What sort of work a job does. It decides the input, the price and the shape of the result.',
  {
    ASSESSMENT:
      'Scores a personality assessment and writes a career report. Prose and scores are in `Result.assessment`.',
    SYNC: 'Copies a paged upstream source into the sync records. Belongs to the system: users see none of these jobs.',
    FORECAST: 'Forecasts demand from an uploaded CSV file and writes a CSV file.',
    COMPRESS: 'Compresses an uploaded file.',
    PROBE: 'Misbehaves on demand, for tests and operators. Only where probes are turned on, never in production.',
  },
);

describeEnum(
  'JobStatus',
  JobStatus,
  'Where a job stands. QUEUED and PROCESSING jobs are active; COMPLETED, FAILED and CANCELLED jobs are finished, and only a retry makes a finished job active again.',
  {
    QUEUED:
      'Waits for a worker: newly submitted, retried, or given back by a worker after an attempt that may be repeated.',
    PROCESSING: 'A worker runs it. `progress` moves and `heartbeatAt` is renewed about every 2 seconds.',
    COMPLETED: 'Done: `result.testResult` is there. The charge stands.',
    FAILED: 'Gave up: `failure` tells why. The charge of this round was refunded.',
    CANCELLED: 'Stopped by its owner or a service, or deleted. The charge of a round that was cancelled was refunded.',
  },
);

describeEnum(
  'ArchiveStatus',
  ArchiveStatus,
  "The three-word status that clients of the older archive know. Derived from the job's status; new clients read `status`.",
  {
    PROCESSING: 'The job is QUEUED or PROCESSING.',
    COMPLETED: 'The job is COMPLETED.',
    FAILED: 'The job is FAILED or CANCELLED.',
  },
);

describeEnum(
  'JobAction',
  JobAction,
  'Something the viewer may do with a job as it stands now. Show a button for each one that `Job.allowedActions` lists.',
  {
    CANCEL: 'Stop an active job. It turns CANCELLED at once and its charge is refunded.',
    DELETE:
      'Erase the content of a finished job. A tombstone without a result stays, and lists with `includeDeleted` show it.',
    FORCE_DELETE:
      'Remove the job with everything that belongs to it, leaving nothing to read. An active job is cancelled and refunded first.',
    RETRY: 'Run a FAILED or CANCELLED job again as a new round, charged at the present price.',
    VIEW_RESULT: 'Open the result of a COMPLETED job.',
    DOWNLOAD: 'Download the output files of a COMPLETED job. Only where it has any.',
  },
);

describeEnum(
  'FailureCode',
  FailureCode,
  'Why a job did not complete. A stable code to branch on; the text for people is in `JobFailure.message`.',
  {
    INVALID_INPUT: 'The work itself found that its input cannot be used. The same input fails again.',
    HANDLER_ERROR: 'The work broke: an error, a crash, or out of memory, in the last attempt that was allowed.',
    UPSTREAM_ERROR:
      'A system that the work depends on failed, timed out or answered nonsense; the message tells which.',
    STUCK: 'An attempt ran longer than its kind of job may, and was ended.',
    WORKER_LOST: 'The worker stopped giving signs of life during the last attempt that was allowed.',
    CANCELLED: 'It was cancelled. Stands on CANCELLED jobs and on nothing else.',
  },
);

describeEnum(
  'JobEventType',
  FrameType,
  'What happened to a job. SNAPSHOT, PROGRESSED and RESYNC are made for one subscriber and never stored; all others are entries of the log, one for each change of status.',
  {
    SNAPSHOT: 'The first message of `jobEvents` without `after`: the job as it is now, before anything else happens.',
    QUEUED: 'The job was submitted.',
    STARTED: 'A worker began an attempt.',
    PROGRESSED: 'The latest progress of a running job. Throttled, latest value only, never replayed.',
    RELEASED:
      'A worker gave the job back to the queue: an error that may pass, a shutdown, or a lost worker. Status is QUEUED again.',
    COMPLETED: 'The job completed, and its result can be read. Ends the round.',
    FAILED: 'The job failed for good. Ends the round.',
    STUCK:
      'The job ran longer than it may and was failed: status FAILED, failure code STUCK. Sent instead of FAILED; ends the round.',
    CANCELLED: 'The job was cancelled. Ends the round.',
    RETRIED: 'A new round was opened: status is QUEUED again, `round` is one more, `attempt` is 0.',
    DELETED: 'The job was deleted, as a tombstone (status CANCELLED) or for good (`job` is null).',
    RESYNC:
      'History was skipped, because it is no longer kept or the reader was too slow. Take the state from this message and go on from its `seq`.',
  },
);

describeEnum(
  'FeedPositionReason',
  PositionReason,
  'Why a subscriber to many jobs is told a position. Whatever the reason, the same is to be done.',
  {
    START: 'The subscription begins here, because it was given no `after`.',
    PRUNED: 'Events after the given position are no longer kept.',
    OVERFLOW: 'More events came than are kept for a reader who does not read.',
    RESTORED: 'The given position is in a log that is no more: the database was restored from a backup.',
  },
);

describeEnum('LedgerEntryType', LedgerEntryType, "The reason for a change of a user's token balance.", {
  GRANT: 'Tokens given: the starting balance, or a grant by a service.',
  CHARGE: 'The price of a round of a job, taken at submit or retry. The amount is negative.',
  REFUND: 'The price of a round that ended FAILED or CANCELLED, given back once.',
  ADJUST: 'Tokens taken back by a service. The amount is negative and never takes the balance below 0.',
});

describeEnum('JobOrder', JobOrder, 'The order of a list of jobs.', {
  CREATED_DESC: 'Newest first.',
  CREATED_ASC: 'Oldest first.',
});

describeEnum('ViewerKind', ViewerKind, 'Who is asking.', {
  USER: 'A person, with a signed token of their own. Sees and changes only what is theirs.',
  SERVICE: 'Another system, with a service token. What it may do is told by its scopes.',
});

describeEnum(
  'UserErrorCode',
  UserErrorCode,
  'Why a mutation did not do what was asked. A stable code to branch on; the message is for people.',
  {
    INVALID_INPUT:
      'A value has the right type but is not allowed, such as a score of 101. One error for each fault, at most 20.',
    UNSUPPORTED_ASSESSMENT: 'There is no such engine here, or none for this assessment name. Nothing was charged.',
    INSUFFICIENT_TOKENS: 'The balance does not cover the price. Comes as `InsufficientTokens`.',
    RATE_LIMITED: 'Too many mutations a minute, or uploads waiting. Comes as `RateLimited`; try again after its delay.',
    IDEMPOTENCY_KEY_REUSED: 'This idempotency key was used before with a different input. Use a new key for new input.',
    NOT_FOUND: 'There is nothing with this id that the viewer may see. "Not there" and "not yours" look the same.',
    JOB_ACTIVE: 'The job is QUEUED or PROCESSING, and this needs a finished one. Comes as `InvalidMove`.',
    JOB_FINISHED: 'The job has already finished, and this needs an active one. Comes as `InvalidMove`.',
    NOT_RETRYABLE: 'Only FAILED and CANCELLED jobs can be retried. Comes as `InvalidMove`.',
    FILE_NOT_READY: 'The upload has not got its bytes yet, or another job took it.',
    FILE_TOO_LARGE: 'The file is larger than an upload may be.',
    QUEUE_LIMIT_REACHED: 'The user has as many queued jobs as one user may have. Comes as `RateLimited`.',
    SOURCE_NOT_CONFIGURED: 'No address is configured for this sync source.',
  },
);

describeEnum('Likelihood', Likelihood, 'A prospect of a career, in five steps.', {
  SUPER_HIGH: 'Among the highest.',
  HIGH: 'Above the average.',
  MODERATE: 'About average.',
  LOW: 'Below the average.',
  SUPER_LOW: 'Among the lowest.',
});

describeEnum('Level', Level, 'A score from 0 to 100 in five bands.', {
  VERY_HIGH: 'A score of 81 to 100.',
  HIGH: 'A score of 61 to 80.',
  MODERATE: 'A score of 41 to 60.',
  LOW: 'A score of 21 to 40.',
  VERY_LOW: 'A score of 0 to 20.',
});

describeEnum('IndustryLevel', IndustryLevel, 'How well an industry suits the person, by its score from 0 to 100.', {
  VERY_SUITABLE: 'A score of 80 or more.',
  SUITABLE: 'A score of 70 to 79.',
  FAIR: 'A score of 60 to 69.',
  LESS_SUITABLE: 'A score below 60.',
});

describeEnum('FileRole', FileRole, 'Which way a file went.', {
  INPUT: 'It was uploaded for the job.',
  OUTPUT: 'The job made it.',
});

describeEnum('CompressionAlgorithm', CompressionAlgorithm, 'How a file is made smaller.', {
  GZIP: 'Understood everywhere. Levels 1 to 9, by default 6.',
  BROTLI: 'The smallest text, at its highest level slowly. Levels 0 to 11, by default 6.',
  ZSTD: 'Fast and small. Levels 1 to 19, by default 3.',
});

describeEnum('ProbeBehaviour', ProbeBehaviour, 'What a probe does. Most of it is misbehaviour.', {
  ECHO: 'Gives its input back at once.',
  SLEEP: 'Waits `milliseconds`, and stops when it is told to.',
  FAIL: 'Fails at once, and not to be repeated.',
  FLAKY: 'Fails `times` attempts that may be repeated, then succeeds.',
  CRASH: 'Ends its thread.',
  HANG: 'Never comes to an end, and does not hear that it should.',
  SPIN: 'Keeps a processor busy for ever.',
  BIG_RESULT: 'Gives `bytes` bytes back.',
  PROGRESS: 'Makes `times` reports, `milliseconds` apart.',
});
