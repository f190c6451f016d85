/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Which jobs to act on: exactly one of `ids` and `filter`. */
export type BulkJobsInput = {
  /** Whether to only tell what would be done. */
  dryRun?: boolean | null | undefined;
  /** Jobs that match, of the active ones. It acts on the first 1,000, oldest first. */
  filter?: JobFilter | null | undefined;
  /** The ids of 1 to 100 jobs. */
  ids?: Array<string> | null | undefined;
};

/** Why a job did not complete. A stable code to branch on; the text for people is in `JobFailure.message`. */
export type FailureCode =
  /** It was cancelled. Stands on CANCELLED jobs and on nothing else. */
  | 'CANCELLED'
  /** The work broke: an error, a crash, or out of memory, in the last attempt that was allowed. */
  | 'HANDLER_ERROR'
  /** The work itself found that its input cannot be used. The same input fails again. */
  | 'INVALID_INPUT'
  /** An attempt ran longer than its kind of job may, and was ended. */
  | 'STUCK'
  /** A system that the work depends on failed, timed out or answered nonsense; the message tells which. */
  | 'UPSTREAM_ERROR'
  /** The worker stopped giving signs of life during the last attempt that was allowed. */
  | 'WORKER_LOST';

/** Which way a file went. */
export type FileRole =
  /** It was uploaded for the job. */
  | 'INPUT'
  /** The job made it. */
  | 'OUTPUT';

/** Tokens to give to a user, or to take back. */
export type GrantTokensInput = {
  /** Tokens, not 0. Below zero takes tokens back, as an ADJUST; more than the balance is refused with INSUFFICIENT_TOKENS. */
  amount: number;
  /** A key of 1 to 255 printable characters that makes it safe to send the same grant again: it is done once. Unique within the service. */
  idempotencyKey?: string | null | undefined;
  /** Why, in words that the user will read in the ledger. 1 to 500 characters. */
  reason: string;
  /** The UUID of the user. An account is made where the user has none yet. */
  userId: string;
};

/** How well an industry suits the person, by its score from 0 to 100. */
export type IndustryLevel =
  /** A score of 60 to 69. */
  | 'FAIR'
  /** A score below 60. */
  | 'LESS_SUITABLE'
  /** A score of 70 to 79. */
  | 'SUITABLE'
  /** A score of 80 or more. */
  | 'VERY_SUITABLE';

/** Something the viewer may do with a job as it stands now. Show a button for each one that `Job.allowedActions` lists. */
export type JobAction =
  /** Stop an active job. It turns CANCELLED at once and its charge is refunded. */
  | 'CANCEL'
  /** Erase the content of a finished job. A tombstone without a result stays, and lists with `includeDeleted` show it. */
  | 'DELETE'
  /** Download the output files of a COMPLETED job. Only where it has any. */
  | 'DOWNLOAD'
  /** Remove the job with everything that belongs to it, leaving nothing to read. An active job is cancelled and refunded first. */
  | 'FORCE_DELETE'
  /** Run a FAILED or CANCELLED job again as a new round, charged at the present price. */
  | 'RETRY'
  /** Open the result of a COMPLETED job. */
  | 'VIEW_RESULT';

/** What happened to a job. SNAPSHOT, PROGRESSED and RESYNC are made for one subscriber and never stored; all others are entries of the log, one for each change of status. */
export type JobEventType =
  /** The job was cancelled. Ends the round. */
  | 'CANCELLED'
  /** The job completed, and its result can be read. Ends the round. */
  | 'COMPLETED'
  /** The job was deleted, as a tombstone (status CANCELLED) or for good (`job` is null). */
  | 'DELETED'
  /** The job failed for good. Ends the round. */
  | 'FAILED'
  /** The latest progress of a running job. Throttled, latest value only, never replayed. */
  | 'PROGRESSED'
  /** The job was submitted. */
  | 'QUEUED'
  /** A worker gave the job back to the queue: an error that may pass, a shutdown, or a lost worker. Status is QUEUED again. */
  | 'RELEASED'
  /** History was skipped, because it is no longer kept or the reader was too slow. Take the state from this message and go on from its `seq`. */
  | 'RESYNC'
  /** A new round was opened: status is QUEUED again, `round` is one more, `attempt` is 0. */
  | 'RETRIED'
  /** The first message of `jobEvents` without `after`: the job as it is now, before anything else happens. */
  | 'SNAPSHOT'
  /** A worker began an attempt. */
  | 'STARTED'
  /** The job ran longer than it may and was failed: status FAILED, failure code STUCK. Sent instead of FAILED; ends the round. */
  | 'STUCK';

/** Which jobs to list. All conditions must hold; a missing or null one does not filter. */
export type JobFilter = {
  /** Jobs submitted at or after this moment. */
  createdAfter?: string | null | undefined;
  /** Jobs submitted before this moment. */
  createdBefore?: string | null | undefined;
  /** Whether to list tombstones of deleted jobs as well. */
  includeDeleted?: boolean | null | undefined;
  /** Jobs of any of these kinds. */
  kind?: Array<JobKind> | null | undefined;
  /** Jobs of this exact name. */
  name?: string | null | undefined;
  /** Jobs in any of these statuses. */
  status?: Array<JobStatus> | null | undefined;
  /** Jobs of this user. For services; the list is empty for a user who asks for the jobs of another. */
  userId?: string | null | undefined;
};

/** What sort of work a job does. It decides the input, the price and the shape of the result. */
export type JobKind =
  /** Scores a personality assessment and writes a career report. Prose and scores are in `Result.assessment`. */
  | 'ASSESSMENT'
  /** Compresses an uploaded file. */
  | 'COMPRESS'
  /** Forecasts demand from an uploaded CSV file and writes a CSV file. */
  | 'FORECAST'
  /** Misbehaves on demand, for tests and operators. Only where probes are turned on, never in production. */
  | 'PROBE'
  /** Copies a paged upstream source into the sync records. Belongs to the system: users see none of these jobs. */
  | 'SYNC';

/** The order of a list of jobs. */
export type JobOrder =
  /** Oldest first. */
  | 'CREATED_ASC'
  /** Newest first. */
  | 'CREATED_DESC';

/** Where a job stands. QUEUED and PROCESSING jobs are active; COMPLETED, FAILED and CANCELLED jobs are finished, and only a retry makes a finished job active again. */
export type JobStatus =
  /** Stopped by its owner or a service, or deleted. The charge of a round that was cancelled was refunded. */
  | 'CANCELLED'
  /** Done: `result.testResult` is there. The charge stands. */
  | 'COMPLETED'
  /** Gave up: `failure` tells why. The charge of this round was refunded. */
  | 'FAILED'
  /** A worker runs it. `progress` moves and `heartbeatAt` is renewed about every 2 seconds. */
  | 'PROCESSING'
  /** Waits for a worker: newly submitted, retried, or given back by a worker after an attempt that may be repeated. */
  | 'QUEUED';

/** The reason for a change of a user's token balance. */
export type LedgerEntryType =
  /** Tokens taken back by a service. The amount is negative and never takes the balance below 0. */
  | 'ADJUST'
  /** The price of a round of a job, taken at submit or retry. The amount is negative. */
  | 'CHARGE'
  /** Tokens given: the starting balance, or a grant by a service. */
  | 'GRANT'
  /** The price of a round that ended FAILED or CANCELLED, given back once. */
  | 'REFUND';

/** A score from 0 to 100 in five bands. */
export type Level =
  /** A score of 61 to 80. */
  | 'HIGH'
  /** A score of 21 to 40. */
  | 'LOW'
  /** A score of 41 to 60. */
  | 'MODERATE'
  /** A score of 81 to 100. */
  | 'VERY_HIGH'
  /** A score of 0 to 20. */
  | 'VERY_LOW';

/** A prospect of a career, in five steps. */
export type Likelihood =
  /** Above the average. */
  | 'HIGH'
  /** Below the average. */
  | 'LOW'
  /** About average. */
  | 'MODERATE'
  /** Among the highest. */
  | 'SUPER_HIGH'
  /** Among the lowest. */
  | 'SUPER_LOW';

/** What a probe does. Most of it is misbehaviour. */
export type ProbeBehaviour =
  /** Gives `bytes` bytes back. */
  | 'BIG_RESULT'
  /** Ends its thread. */
  | 'CRASH'
  /** Gives its input back at once. */
  | 'ECHO'
  /** Fails at once, and not to be repeated. */
  | 'FAIL'
  /** Fails `times` attempts that may be repeated, then succeeds. */
  | 'FLAKY'
  /** Never comes to an end, and does not hear that it should. */
  | 'HANG'
  /** Makes `times` reports, `milliseconds` apart. */
  | 'PROGRESS'
  /** Waits `milliseconds`, and stops when it is told to. */
  | 'SLEEP'
  /** Keeps a processor busy for ever. */
  | 'SPIN';

/** A job that misbehaves on demand. Only where probes are switched on. */
export type SubmitProbeInput = {
  /** What it does. */
  behaviour: ProbeBehaviour;
  /** How many bytes BIG_RESULT returns, up to 4,194,304; more than 1 MiB fails the job. */
  bytes?: number | null | undefined;
  /** A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user. */
  idempotencyKey?: string | null | undefined;
  /** How long SLEEP waits, and PROGRESS between two reports. 0 to 3,600,000 milliseconds. */
  milliseconds?: number | null | undefined;
  /** How many reports PROGRESS makes, and how many attempts of FLAKY fail. 1 to 10,000. */
  times?: number | null | undefined;
};

/** What became of a request for a sync. */
export type SyncOutcome =
  /** One was completed, however long ago: `job` is that one. Ask with `force` to begin anew. */
  | 'ALREADY_COMPLETED'
  /** One is active: `job` is that one, with its progress. */
  | 'ALREADY_RUNNING'
  /** A new job was begun. */
  | 'STARTED';

/** A system whose list a SYNC job copies. */
export type SyncSource =
  /** The list of ranks. */
  | 'PANGKAT'
  /** The list of pensions. */
  | 'PENSIUN'
  /** The list of academic degrees. */
  | 'PG_AKADEMIK'
  /** The list of professional degrees. */
  | 'PG_PROFESI'
  /** The list of competence certificates. */
  | 'SKK';

/** Why a mutation did not do what was asked. A stable code to branch on; the message is for people. */
export type UserErrorCode =
  /** The upload has not got its bytes yet, or another job took it. */
  | 'FILE_NOT_READY'
  /** The file is larger than an upload may be. */
  | 'FILE_TOO_LARGE'
  /** This idempotency key was used before with a different input. Use a new key for new input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The balance does not cover the price. Comes as `InsufficientTokens`. */
  | 'INSUFFICIENT_TOKENS'
  /** A value has the right type but is not allowed, such as a score of 101. One error for each fault, at most 20. */
  | 'INVALID_INPUT'
  /** The job is QUEUED or PROCESSING, and this needs a finished one. Comes as `InvalidMove`. */
  | 'JOB_ACTIVE'
  /** The job has already finished, and this needs an active one. Comes as `InvalidMove`. */
  | 'JOB_FINISHED'
  /** There is nothing with this id that the viewer may see. "Not there" and "not yours" look the same. */
  | 'NOT_FOUND'
  /** Only FAILED and CANCELLED jobs can be retried. Comes as `InvalidMove`. */
  | 'NOT_RETRYABLE'
  /** The user has as many queued jobs as one user may have. Comes as `RateLimited`. */
  | 'QUEUE_LIMIT_REACHED'
  /** Too many mutations a minute, or uploads waiting. Comes as `RateLimited`; try again after its delay. */
  | 'RATE_LIMITED'
  /** No address is configured for this sync source. */
  | 'SOURCE_NOT_CONFIGURED'
  /** There is no such engine here, or none for this assessment name. Nothing was charged. */
  | 'UNSUPPORTED_ASSESSMENT';

/** Who is asking. */
export type ViewerKind =
  /** Another system, with a service token. What it may do is told by its scopes. */
  | 'SERVICE'
  /** A person, with a signed token of their own. Sees and changes only what is theirs. */
  | 'USER';

export type ProgressFragment = { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null };

export type JobRowFragment = { id: string, userId: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, maxAttempts: number, requestedBy: string, allowedActions: Array<JobAction>, createdAt: string, startedAt: string | null, finishedAt: string | null, deletedAt: string | null, processingTime: number | null, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null }, failure: { code: FailureCode, message: string } | null, queue: { position: number, estimatedStartAt: string | null } | null, result: { id: string, assessment: { archetype: string } | null } | null };

type Fault_InsufficientTokens_Fragment = { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null };

type Fault_InvalidMove_Fragment = { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null };

type Fault_RateLimited_Fragment = { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null };

type Fault_SimpleError_Fragment = { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null };

export type FaultFragment =
  | Fault_InsufficientTokens_Fragment
  | Fault_InvalidMove_Fragment
  | Fault_RateLimited_Fragment
  | Fault_SimpleError_Fragment
;

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { viewer: { kind: ViewerKind, id: string, scopes: Array<string>, tier: string | null, tokenBalance: number | null } };

export type JobsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: JobFilter | null | undefined;
  orderBy?: JobOrder | null | undefined;
}>;


export type JobsQuery = { jobs: { totalCount: number | null, nodes: Array<{ id: string, userId: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, maxAttempts: number, requestedBy: string, allowedActions: Array<JobAction>, createdAt: string, startedAt: string | null, finishedAt: string | null, deletedAt: string | null, processingTime: number | null, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null }, failure: { code: FailureCode, message: string } | null, queue: { position: number, estimatedStartAt: string | null } | null, result: { id: string, assessment: { archetype: string } | null } | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type JobQueryVariables = Exact<{
  id: string;
}>;


export type JobQuery = { job: { priority: number, tokenCost: number, refunded: boolean, heartbeatAt: string | null, workerFreeAt: string | null, id: string, userId: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, maxAttempts: number, requestedBy: string, allowedActions: Array<JobAction>, createdAt: string, startedAt: string | null, finishedAt: string | null, deletedAt: string | null, processingTime: number | null, files: Array<{ name: string, size: number, contentType: string, role: FileRole, url: string }>, events: { nodes: Array<{ seq: number, type: JobEventType, status: JobStatus, round: number, attempt: number, at: string, progress: { percent: number }, metadata: { errorMessage: string | null } }>, pageInfo: { hasNextPage: boolean } }, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null }, failure: { code: FailureCode, message: string } | null, queue: { position: number, estimatedStartAt: string | null } | null, result: { id: string, assessment: { archetype: string } | null } | null } | null };

export type JobContentQueryVariables = Exact<{
  id: string;
}>;


export type JobContentQuery = { job: { id: string, result: { id: string, testData: unknown, testResult: unknown, rawResponses: unknown } | null } | null };

export type LedgerQueryVariables = Exact<{ [key: string]: never; }>;


export type LedgerQuery = { viewer: { id: string, ledger: { nodes: Array<{ id: string, entry: LedgerEntryType, amount: number, balance: number | null, jobId: string | null, round: number | null, reason: string | null, createdAt: string }> } | null } };

export type ReportQueryVariables = Exact<{
  id: string;
}>;


export type ReportQuery = { job: { id: string, kind: JobKind, name: string, status: JobStatus, finishedAt: string | null, files: Array<{ name: string, size: number, contentType: string, role: FileRole, url: string }>, result: { id: string, testData: unknown, testResult: unknown, isPublic: boolean, shareUrl: string | null, assessment: { archetype: string, shortSummary: string, strengths: Array<string>, strengthSummary: string, weaknesses: Array<string>, weaknessSummary: string, insights: Array<string>, workEnvironment: string, learningStyle: string, riskTolerance: Level, coreMotivators: Array<string>, possiblePitfalls: Array<string>, skillSuggestion: Array<string>, roleModel: Array<{ name: string, title: string }>, developmentActivities: { extracurricular: Array<string>, bookRecommendations: Array<{ title: string, author: string, reason: string }> }, careerRecommendation: Array<{ careerName: string, justification: string, relatedMajors: Array<string>, careerProspect: { jobAvailability: Likelihood, salaryPotential: Likelihood, careerProgression: Likelihood, industryGrowth: Likelihood, skillDevelopment: Likelihood, aiOvertake: Likelihood } }>, scores: { hollandCode: string, consistency: number, differentiation: number, warnings: Array<string>, virtues: { wisdom: number, courage: number, humanity: number, justice: number, temperance: number, transcendence: number }, industries: Array<{ industry: string, score: number, level: IndustryLevel }>, bands: Array<{ block: string, dimension: string, score: number, band: Level }> }, engine: { name: string, version: string } } | null } | null } | null };

export type DownloadLinksQueryVariables = Exact<{
  id: string;
}>;


export type DownloadLinksQuery = { job: { id: string, files: Array<{ name: string, role: FileRole, url: string }> } | null };

export type StatsQueryVariables = Exact<{
  since?: string | null | undefined;
}>;


export type StatsQuery = { jobStats: { completed: number, failed: number, cancelled: number, successRate: number | null, averageProcessingTime: number | null } };

export type StuckJobsQueryVariables = Exact<{ [key: string]: never; }>;


export type StuckJobsQuery = { stuckJobs: Array<{ id: string, kind: JobKind, name: string, userId: string, attempt: number, maxAttempts: number, startedAt: string | null, heartbeatAt: string | null, status: JobStatus, allowedActions: Array<JobAction> }> };

export type SystemNowQueryVariables = Exact<{ [key: string]: never; }>;


export type SystemNowQuery = { systemHealth: { queueDepth: number, oldestQueuedSeconds: number, processing: number, stuckFoundNotFixed: number, notifyQueueUsage: number, workers: Array<{ id: string, host: string, silentSeconds: number, lost: boolean, concurrency: number, running: Array<string> }> } };

export type LastHourQueryVariables = Exact<{ [key: string]: never; }>;


export type LastHourQuery = { systemHealth: { finishedByMinute: Array<{ minute: string, completed: number, failed: number, cancelled: number }>, cancelLatency: { count: number, p50: number | null, p95: number | null }, rescueLatency: { count: number, p50: number | null, p95: number | null } } };

export type SyncCardFragment = { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null };

export type SyncCardsQueryVariables = Exact<{ [key: string]: never; }>;


export type SyncCardsQuery = { pangkat: { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null }, pensiun: { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null }, pgAkademik: { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null }, pgProfesi: { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null }, skk: { source: SyncSource, configured: boolean, recordCount: number, activeJob: { id: string, status: JobStatus, seq: number, progress: { percent: number, stage: string | null, message: string | null, offset: number | null, current: number | null, expected: number | null, reportedAt: string | null } } | null, lastSync: { finishedAt: string, minutesAgo: number, total: number, job: { id: string } } | null } };

export type CancelJobsMutationVariables = Exact<{
  input: BulkJobsInput;
}>;


export type CancelJobsMutation = { cancelJobs: { matched: number, changed: number, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type SubmitProbeMutationVariables = Exact<{
  input: SubmitProbeInput;
}>;


export type SubmitProbeMutation = { submitProbe: { job: { id: string } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type StartSyncMutationVariables = Exact<{
  source: SyncSource;
  force: boolean;
}>;


export type StartSyncMutation = { requestSync: { outcome: SyncOutcome | null, message: string, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type RescueMutationVariables = Exact<{ [key: string]: never; }>;


export type RescueMutation = { rescueStuckJobs: { released: Array<string>, failed: Array<string>, requeued: Array<string>, notFixed: Array<string>, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type CleanupOrphanedMutationVariables = Exact<{
  dryRun: boolean;
}>;


export type CleanupOrphanedMutation = { cleanupOrphaned: { success: boolean, deletedCount: number, deletedJobIds: Array<string>, deletedResultIds: Array<string>, deletedFileCount: number, message: string, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type MendJobMutationVariables = Exact<{
  jobId: string;
}>;


export type MendJobMutation = { syncStatus: { syncActions: Array<string>, success: boolean, message: string, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type GiveTokensMutationVariables = Exact<{
  input: GrantTokensInput;
}>;


export type GiveTokensMutation = { grantTokens: { tokenBalance: number | null, entry: { id: string } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type ExaminationFragment = { checkedAt: string, seconds: number, healthy: boolean, invariants: Array<{ id: string, sentence: string, repairable: boolean, holds: boolean, brokenCount: number, rows: Array<{ subject: string, found: string }> }> };

export type ExamineQueryVariables = Exact<{ [key: string]: never; }>;


export type ExamineQuery = { doctor: { checkedAt: string, seconds: number, healthy: boolean, invariants: Array<{ id: string, sentence: string, repairable: boolean, holds: boolean, brokenCount: number, rows: Array<{ subject: string, found: string }> }> } };

export type RepairInvariantsMutationVariables = Exact<{ [key: string]: never; }>;


export type RepairInvariantsMutation = { repairInvariants: { done: Array<string>, failed: Array<string>, report: { checkedAt: string, seconds: number, healthy: boolean, invariants: Array<{ id: string, sentence: string, repairable: boolean, holds: boolean, brokenCount: number, rows: Array<{ subject: string, found: string }> }> } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ProgressFragmentDoc = new TypedDocumentString(`
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}
    `, {"fragmentName":"Progress"}) as unknown as TypedDocumentString<ProgressFragment, unknown>;
export const JobRowFragmentDoc = new TypedDocumentString(`
    fragment JobRow on Job {
  id
  userId
  kind
  name
  status
  seq
  round
  attempt
  maxAttempts
  requestedBy
  progress {
    ...Progress
  }
  failure {
    code
    message
  }
  queue {
    position
    estimatedStartAt
  }
  allowedActions
  createdAt
  startedAt
  finishedAt
  deletedAt
  processingTime
  result {
    id
    assessment {
      archetype
    }
  }
}
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}`, {"fragmentName":"JobRow"}) as unknown as TypedDocumentString<JobRowFragment, unknown>;
export const FaultFragmentDoc = new TypedDocumentString(`
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}
    `, {"fragmentName":"Fault"}) as unknown as TypedDocumentString<FaultFragment, unknown>;
export const SyncCardFragmentDoc = new TypedDocumentString(`
    fragment SyncCard on SyncStatus {
  source
  configured
  recordCount
  activeJob {
    id
    status
    seq
    progress {
      ...Progress
    }
  }
  lastSync {
    finishedAt
    minutesAgo
    total
    job {
      id
    }
  }
}
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}`, {"fragmentName":"SyncCard"}) as unknown as TypedDocumentString<SyncCardFragment, unknown>;
export const ExaminationFragmentDoc = new TypedDocumentString(`
    fragment Examination on DoctorReport {
  checkedAt
  seconds
  healthy
  invariants {
    id
    sentence
    repairable
    holds
    brokenCount
    rows {
      subject
      found
    }
  }
}
    `, {"fragmentName":"Examination"}) as unknown as TypedDocumentString<ExaminationFragment, unknown>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  viewer {
    kind
    id
    scopes
    tier
    tokenBalance
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const JobsDocument = new TypedDocumentString(`
    query Jobs($first: Int, $after: String, $last: Int, $before: String, $filter: JobFilter, $orderBy: JobOrder) {
  jobs(
    first: $first
    after: $after
    last: $last
    before: $before
    filter: $filter
    orderBy: $orderBy
  ) {
    nodes {
      ...JobRow
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    totalCount
  }
}
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}
fragment JobRow on Job {
  id
  userId
  kind
  name
  status
  seq
  round
  attempt
  maxAttempts
  requestedBy
  progress {
    ...Progress
  }
  failure {
    code
    message
  }
  queue {
    position
    estimatedStartAt
  }
  allowedActions
  createdAt
  startedAt
  finishedAt
  deletedAt
  processingTime
  result {
    id
    assessment {
      archetype
    }
  }
}`) as unknown as TypedDocumentString<JobsQuery, JobsQueryVariables>;
export const JobDocument = new TypedDocumentString(`
    query Job($id: ID!) {
  job(id: $id) {
    ...JobRow
    priority
    tokenCost
    refunded
    heartbeatAt
    workerFreeAt
    files {
      name
      size
      contentType
      role
      url
    }
    events(first: 100) {
      nodes {
        seq
        type
        status
        round
        attempt
        progress {
          percent
        }
        metadata {
          errorMessage
        }
        at
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}
fragment JobRow on Job {
  id
  userId
  kind
  name
  status
  seq
  round
  attempt
  maxAttempts
  requestedBy
  progress {
    ...Progress
  }
  failure {
    code
    message
  }
  queue {
    position
    estimatedStartAt
  }
  allowedActions
  createdAt
  startedAt
  finishedAt
  deletedAt
  processingTime
  result {
    id
    assessment {
      archetype
    }
  }
}`) as unknown as TypedDocumentString<JobQuery, JobQueryVariables>;
export const JobContentDocument = new TypedDocumentString(`
    query JobContent($id: ID!) {
  job(id: $id) {
    id
    result {
      id
      testData
      testResult
      rawResponses
    }
  }
}
    `) as unknown as TypedDocumentString<JobContentQuery, JobContentQueryVariables>;
export const LedgerDocument = new TypedDocumentString(`
    query Ledger {
  viewer {
    id
    ledger(first: 100) {
      nodes {
        id
        entry
        amount
        balance
        jobId
        round
        reason
        createdAt
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LedgerQuery, LedgerQueryVariables>;
export const ReportDocument = new TypedDocumentString(`
    query Report($id: ID!) {
  job(id: $id) {
    id
    kind
    name
    status
    finishedAt
    files {
      name
      size
      contentType
      role
      url
    }
    result {
      id
      testData
      testResult
      isPublic
      shareUrl
      assessment {
        archetype
        shortSummary
        strengths
        strengthSummary
        weaknesses
        weaknessSummary
        insights
        workEnvironment
        learningStyle
        riskTolerance
        coreMotivators
        possiblePitfalls
        skillSuggestion
        roleModel {
          name
          title
        }
        developmentActivities {
          extracurricular
          bookRecommendations {
            title
            author
            reason
          }
        }
        careerRecommendation {
          careerName
          justification
          relatedMajors
          careerProspect {
            jobAvailability
            salaryPotential
            careerProgression
            industryGrowth
            skillDevelopment
            aiOvertake
          }
        }
        scores {
          hollandCode
          consistency
          differentiation
          warnings
          virtues {
            wisdom
            courage
            humanity
            justice
            temperance
            transcendence
          }
          industries {
            industry
            score
            level
          }
          bands {
            block
            dimension
            score
            band
          }
        }
        engine {
          name
          version
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ReportQuery, ReportQueryVariables>;
export const DownloadLinksDocument = new TypedDocumentString(`
    query DownloadLinks($id: ID!) {
  job(id: $id) {
    id
    files {
      name
      role
      url
    }
  }
}
    `) as unknown as TypedDocumentString<DownloadLinksQuery, DownloadLinksQueryVariables>;
export const StatsDocument = new TypedDocumentString(`
    query Stats($since: DateTime) {
  jobStats(since: $since) {
    completed
    failed
    cancelled
    successRate
    averageProcessingTime
  }
}
    `) as unknown as TypedDocumentString<StatsQuery, StatsQueryVariables>;
export const StuckJobsDocument = new TypedDocumentString(`
    query StuckJobs {
  stuckJobs {
    id
    kind
    name
    userId
    attempt
    maxAttempts
    startedAt
    heartbeatAt
    status
    allowedActions
  }
}
    `) as unknown as TypedDocumentString<StuckJobsQuery, StuckJobsQueryVariables>;
export const SystemNowDocument = new TypedDocumentString(`
    query SystemNow {
  systemHealth {
    queueDepth
    oldestQueuedSeconds
    processing
    stuckFoundNotFixed
    notifyQueueUsage
    workers {
      id
      host
      silentSeconds
      lost
      concurrency
      running
    }
  }
}
    `) as unknown as TypedDocumentString<SystemNowQuery, SystemNowQueryVariables>;
export const LastHourDocument = new TypedDocumentString(`
    query LastHour {
  systemHealth {
    finishedByMinute {
      minute
      completed
      failed
      cancelled
    }
    cancelLatency {
      count
      p50
      p95
    }
    rescueLatency {
      count
      p50
      p95
    }
  }
}
    `) as unknown as TypedDocumentString<LastHourQuery, LastHourQueryVariables>;
export const SyncCardsDocument = new TypedDocumentString(`
    query SyncCards {
  pangkat: syncStatusOf(source: PANGKAT) {
    ...SyncCard
  }
  pensiun: syncStatusOf(source: PENSIUN) {
    ...SyncCard
  }
  pgAkademik: syncStatusOf(source: PG_AKADEMIK) {
    ...SyncCard
  }
  pgProfesi: syncStatusOf(source: PG_PROFESI) {
    ...SyncCard
  }
  skk: syncStatusOf(source: SKK) {
    ...SyncCard
  }
}
    fragment Progress on JobProgress {
  percent
  stage
  message
  offset
  current
  expected
  reportedAt
}
fragment SyncCard on SyncStatus {
  source
  configured
  recordCount
  activeJob {
    id
    status
    seq
    progress {
      ...Progress
    }
  }
  lastSync {
    finishedAt
    minutesAgo
    total
    job {
      id
    }
  }
}`) as unknown as TypedDocumentString<SyncCardsQuery, SyncCardsQueryVariables>;
export const CancelJobsDocument = new TypedDocumentString(`
    mutation CancelJobs($input: BulkJobsInput!) {
  cancelJobs(input: $input) {
    matched
    changed
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<CancelJobsMutation, CancelJobsMutationVariables>;
export const SubmitProbeDocument = new TypedDocumentString(`
    mutation SubmitProbe($input: SubmitProbeInput!) {
  submitProbe(input: $input) {
    job {
      id
    }
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<SubmitProbeMutation, SubmitProbeMutationVariables>;
export const StartSyncDocument = new TypedDocumentString(`
    mutation StartSync($source: SyncSource!, $force: Boolean!) {
  requestSync(input: {source: $source, force: $force}) {
    outcome
    message
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<StartSyncMutation, StartSyncMutationVariables>;
export const RescueDocument = new TypedDocumentString(`
    mutation Rescue {
  rescueStuckJobs {
    released
    failed
    requeued
    notFixed
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<RescueMutation, RescueMutationVariables>;
export const CleanupOrphanedDocument = new TypedDocumentString(`
    mutation CleanupOrphaned($dryRun: Boolean!) {
  cleanupOrphaned(input: {dryRun: $dryRun}) {
    success
    deletedCount
    deletedJobIds
    deletedResultIds
    deletedFileCount
    message
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<CleanupOrphanedMutation, CleanupOrphanedMutationVariables>;
export const MendJobDocument = new TypedDocumentString(`
    mutation MendJob($jobId: ID!) {
  syncStatus(input: {jobId: $jobId}) {
    syncActions
    success
    message
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<MendJobMutation, MendJobMutationVariables>;
export const GiveTokensDocument = new TypedDocumentString(`
    mutation GiveTokens($input: GrantTokensInput!) {
  grantTokens(input: $input) {
    tokenBalance
    entry {
      id
    }
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}`) as unknown as TypedDocumentString<GiveTokensMutation, GiveTokensMutationVariables>;
export const ExamineDocument = new TypedDocumentString(`
    query Examine {
  doctor {
    ...Examination
  }
}
    fragment Examination on DoctorReport {
  checkedAt
  seconds
  healthy
  invariants {
    id
    sentence
    repairable
    holds
    brokenCount
    rows {
      subject
      found
    }
  }
}`) as unknown as TypedDocumentString<ExamineQuery, ExamineQueryVariables>;
export const RepairInvariantsDocument = new TypedDocumentString(`
    mutation RepairInvariants {
  repairInvariants {
    done
    failed
    report {
      ...Examination
    }
    userErrors {
      ...Fault
    }
  }
}
    fragment Fault on UserError {
  __typename
  code
  message
  field
  ... on InsufficientTokens {
    required
    available
  }
  ... on RateLimited {
    retryAfterSeconds
  }
}
fragment Examination on DoctorReport {
  checkedAt
  seconds
  healthy
  invariants {
    id
    sentence
    repairable
    holds
    brokenCount
    rows {
      subject
      found
    }
  }
}`) as unknown as TypedDocumentString<RepairInvariantsMutation, RepairInvariantsMutationVariables>;