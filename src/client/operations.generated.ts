/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What writes the report of an assessment. */
export type AssessmentEngine =
  /** The language model of this installation words the texts; all else is still of the rules. */
  | 'LANGUAGE_MODEL'
  /** A set of rules: the same scores give the same report, byte for byte. */
  | 'RULES';

/** How a file is made smaller. */
export type CompressionAlgorithm =
  /** The smallest text, at its highest level slowly. Levels 0 to 11, by default 6. */
  | 'BROTLI'
  /** Understood everywhere. Levels 1 to 9, by default 6. */
  | 'GZIP'
  /** Fast and small. Levels 1 to 19, by default 3. */
  | 'ZSTD';

/** A file that is about to be uploaded. */
export type CreateUploadInput = {
  /** Its media type, such as `text/csv`. The bytes must be of that type, as far as one can see; text must be UTF-8. */
  contentType: string;
  /** Its name, 1 to 255 characters that can be seen, without slashes. */
  name: string;
  /** The SHA-256 of its bytes in hexadecimal. Where it is told, bytes that differ are refused. */
  sha256?: string | null | undefined;
  /** Its size in bytes, exactly. */
  size: number;
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

/** Why a subscriber to many jobs is told a position. Whatever the reason, the same is to be done. */
export type FeedPositionReason =
  /** More events came than are kept for a reader who does not read. */
  | 'OVERFLOW'
  /** Events after the given position are no longer kept. */
  | 'PRUNED'
  /** The given position is in a log that is no more: the database was restored from a backup. */
  | 'RESTORED'
  /** The subscription begins here, because it was given no `after`. */
  | 'START';

/** Which way a file went. */
export type FileRole =
  /** It was uploaded for the job. */
  | 'INPUT'
  /** The job made it. */
  | 'OUTPUT';

/** How well each of 24 industries suits the person, integers from 0 to 100, under their Indonesian names. All are required where the block is given. */
export type IndustryScoreInput = {
  /** Fit for agriculture. 0 to 100. */
  agrikultur: number;
  /** Fit for energy. 0 to 100. */
  energi: number;
  /** Fit for law. 0 to 100. */
  hukum: number;
  /** Fit for health care. 0 to 100. */
  kesehatan: number;
  /** Fit for finance and banking. 0 to 100. */
  keuangan: number;
  /** Fit for consulting. 0 to 100. */
  konsultasi: number;
  /** Fit for the creative industries and design. 0 to 100. */
  kreatif: number;
  /** Fit for food and gastronomy. 0 to 100. */
  kuliner: number;
  /** Fit for logistics and transport. 0 to 100. */
  logistik: number;
  /** Fit for manufacturing. 0 to 100. */
  manufaktur: number;
  /** Fit for media and journalism. 0 to 100. */
  media: number;
  /** Fit for sports. 0 to 100. */
  olahraga: number;
  /** Fit for tourism and hospitality. 0 to 100. */
  pariwisata: number;
  /** Fit for marketing. 0 to 100. */
  pemasaran: number;
  /** Fit for government and public service. 0 to 100. */
  pemerintahan: number;
  /** Fit for education. 0 to 100. */
  pendidikan: number;
  /** Fit for sales. 0 to 100. */
  penjualan: number;
  /** Fit for trade and retail. 0 to 100. */
  perdagangan: number;
  /** Fit for real estate. 0 to 100. */
  properti: number;
  /** Fit for engineering. 0 to 100. */
  rekayasa: number;
  /** Fit for science and research. 0 to 100. */
  sains: number;
  /** Fit for social work and non-profit organisations. 0 to 100. */
  sosial: number;
  /** Fit for technology and software. 0 to 100. */
  teknologi: number;
  /** Fit for telecommunications. 0 to 100. */
  telekomunikasi: number;
};

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

/** Scores of the five personality traits (Big Five), integers from 0 to 100. All are required. */
export type OceanInput = {
  /** Compassion, trust and willingness to cooperate. 0 to 100. */
  agreeableness: number;
  /** Orderliness, diligence and reliability. 0 to 100. */
  conscientiousness: number;
  /** Sociability, energy and assertiveness. 0 to 100. */
  extraversion: number;
  /** Tendency to worry and to unstable moods: high means less calm. 0 to 100. */
  neuroticism: number;
  /** Curiosity, imagination and liking for the new. 0 to 100. */
  openness: number;
};

/** Scores of the six vocational interests (Holland's RIASEC), integers from 0 to 100. All are required. */
export type RiasecInput = {
  /** Interest in creating, designing and expressing ideas freely. 0 to 100. */
  artistic: number;
  /** Interest in order, data, rules and clear procedures. 0 to 100. */
  conventional: number;
  /** Interest in leading, persuading and selling. 0 to 100. */
  enterprising: number;
  /** Interest in observing, researching and solving abstract problems. 0 to 100. */
  investigative: number;
  /** Interest in practical work with tools, machines, plants and animals. 0 to 100. */
  realistic: number;
  /** Interest in teaching, helping and caring for people. 0 to 100. */
  social: number;
};

/** How forecasts become whole numbers. */
export type RoundingMode =
  /** To the next smaller one. */
  | 'DOWN'
  /** To the nearest one; a half goes up. */
  | 'NEAREST'
  /** They stay as the model says. */
  | 'NONE'
  /** To the next larger one. */
  | 'UP';

/** One assessment to score. It is charged at submit, and refunded if it fails or is cancelled. */
export type SubmitAssessmentInput = {
  /** Which assessment it is. A name without an engine is refused with UNSUPPORTED_ASSESSMENT before any charge. */
  assessmentName?: string | null | undefined;
  /** What writes the report. LANGUAGE_MODEL is refused with UNSUPPORTED_ASSESSMENT, before any charge, where no language model is configured; neither engine ever stands in for the other. */
  engine?: AssessmentEngine | null | undefined;
  /** A key of 1 to 255 printable characters that makes it safe to send the same submit again: the same key with the same input gives the same job, charged once. With a different input it is refused with IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The fit for 24 industries. Computed from the other three blocks where it is missing. */
  industryScore?: IndustryScoreInput | null | undefined;
  /** The five personality traits. */
  ocean: OceanInput;
  /** The answers to single questions: an object from the name of an instrument to a list of `{ questionId, value, weight, meta }`. `questionId` consists of A-Z, 0-9 and `- _ . :`; `value` is a number from 0 to 100, a text of at most 1,000 characters, or a boolean; `weight` and `meta` may be left out. Where an instrument is complete, the given scores are checked against it. */
  rawResponses?: unknown;
  /** The six vocational interests. */
  riasec: RiasecInput;
  /** The 24 character strengths. */
  viaIs: ViaIsInput;
};

/** A file to be compressed. */
export type SubmitCompressionInput = {
  /** By which algorithm. */
  algorithm?: CompressionAlgorithm | null | undefined;
  /** A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user. */
  idempotencyKey?: string | null | undefined;
  /** How hard to try, higher being smaller and slower. Its range depends on the algorithm. */
  level?: number | null | undefined;
  /** A title of 1 to 255 characters. By default it names the algorithm. */
  name?: string | null | undefined;
  /** The upload to compress: complete, and of the same user. A job takes it for itself. */
  uploadId: string;
};

/** A table of past demand to forecast from. */
export type SubmitForecastInput = {
  /** How the table writes days: YYYY, MM and DD, with `-`, `/`, `.` or spaces between. */
  dateFormat?: string | null | undefined;
  /** How many days to forecast, 1 to 90. */
  horizon?: number;
  /** A key of 1 to 255 characters that makes it safe to send the same submit again. Unique within the user. */
  idempotencyKey?: string | null | undefined;
  /** A title of 1 to 255 characters. By default it names the days. */
  name?: string | null | undefined;
  /** How forecasts are rounded; the raw ones are not. */
  rounding?: RoundingMode | null | undefined;
  /** The sites to forecast. By default all. */
  siteCodes?: Array<string> | null | undefined;
  /** The first day to forecast, in the form of the table. By default the one after the last day of the table. */
  startDate?: string | null | undefined;
  /** The upload with the table: CSV in UTF-8 with the columns `date`, `partnumber`, `site_code` and `demand_qty`. A job takes it for itself. */
  uploadId: string;
  /** Forecasts below it are shown as 0; the raw ones stay. */
  zeroThreshold?: number | null | undefined;
};

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

/** Scores of the 24 character strengths (VIA Inventory of Strengths), integers from 0 to 100. All are required. */
export type ViaIsInput = {
  /** Noticing beauty and excellence in all parts of life. 0 to 100. */
  appreciationOfBeauty: number;
  /** Not shrinking from threat, challenge or pain. 0 to 100. */
  bravery: number;
  /** Thinking of new and useful ways to do things. 0 to 100. */
  creativity: number;
  /** Taking an interest in experience for its own sake. 0 to 100. */
  curiosity: number;
  /** Treating all people the same, without bias. 0 to 100. */
  fairness: number;
  /** Forgiving those who have done wrong. 0 to 100. */
  forgiveness: number;
  /** Being aware of good things and thankful for them. 0 to 100. */
  gratitude: number;
  /** Speaking the truth and being what one seems. 0 to 100. */
  honesty: number;
  /** Expecting the best and working to achieve it. 0 to 100. */
  hope: number;
  /** Letting accomplishments speak for themselves. 0 to 100. */
  humility: number;
  /** Liking to laugh and bringing smiles to others. 0 to 100. */
  humor: number;
  /** Thinking things through and examining them from all sides. 0 to 100. */
  judgment: number;
  /** Doing favours and good deeds for others. 0 to 100. */
  kindness: number;
  /** Encouraging a group to get things done. 0 to 100. */
  leadership: number;
  /** Valuing close relations with others. 0 to 100. */
  love: number;
  /** Mastering new skills and bodies of knowledge. 0 to 100. */
  loveOfLearning: number;
  /** Finishing what one starts, in spite of obstacles. 0 to 100. */
  perseverance: number;
  /** Seeing the whole and giving wise counsel. 0 to 100. */
  perspective: number;
  /** Being careful about choices, not taking undue risks. 0 to 100. */
  prudence: number;
  /** Controlling what one feels and does. 0 to 100. */
  selfRegulation: number;
  /** Being aware of the motives and feelings of others and oneself. 0 to 100. */
  socialIntelligence: number;
  /** Having beliefs about a higher purpose and meaning. 0 to 100. */
  spirituality: number;
  /** Working well as a member of a group. 0 to 100. */
  teamwork: number;
  /** Approaching life with energy and excitement. 0 to 100. */
  zest: number;
};

/** Who is asking. */
export type ViewerKind =
  /** Another system, with a service token. What it may do is told by its scopes. */
  | 'SERVICE'
  /** A person, with a signed token of their own. Sees and changes only what is theirs. */
  | 'USER';

export type EventFieldsFragment = { seq: number, cursor: string | null, type: JobEventType, eventType: string, jobId: string, userId: string, resultId: string | null, kind: JobKind, status: JobStatus, round: number, attempt: number, tokenBalance: number | null, at: string, progress: { percent: number, stage: string | null, message: string | null, current: number | null, expected: number | null, offset: number | null, reportedAt: string | null }, metadata: { assessmentName: string, errorMessage: string | null, processingTime: number | null } };

export type JobFieldsFragment = { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null };

type ErrorFields_InsufficientTokens_Fragment = { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null };

type ErrorFields_InvalidMove_Fragment = { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null };

type ErrorFields_RateLimited_Fragment = { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null };

type ErrorFields_SimpleError_Fragment = { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null };

export type ErrorFieldsFragment =
  | ErrorFields_InsufficientTokens_Fragment
  | ErrorFields_InvalidMove_Fragment
  | ErrorFields_RateLimited_Fragment
  | ErrorFields_SimpleError_Fragment
;

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { kind: ViewerKind, id: string, tier: string | null, tokenBalance: number | null } };

export type ReadJobQueryVariables = Exact<{
  id: string;
}>;


export type ReadJobQuery = { job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null };

export type ListJobsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: JobFilter | null | undefined;
}>;


export type ListJobsQuery = { jobs: { totalCount: number | null, nodes: Array<{ id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ReadFilesQueryVariables = Exact<{
  jobId: string;
}>;


export type ReadFilesQuery = { job: { id: string, files: Array<{ name: string, size: number, contentType: string, role: FileRole, url: string, expiresAt: string }> } | null };

export type ReadResultQueryVariables = Exact<{
  id: string;
}>;


export type ReadResultQuery = { result: { id: string, status: JobStatus, assessmentName: string, testResult: unknown, createdAt: string } | null };

export type SystemHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type SystemHealthQuery = { systemHealth: { queueDepth: number, oldestQueuedSeconds: number, processing: number, stuckFoundNotFixed: number, notifyQueueUsage: number, workers: Array<{ id: string, host: string, startedAt: string, heartbeatAt: string, silentSeconds: number, lost: boolean, concurrency: number, running: Array<string> }>, finishedByMinute: Array<{ minute: string, completed: number, failed: number, cancelled: number }>, cancelLatency: { count: number, p50: number | null, p95: number | null }, rescueLatency: { count: number, p50: number | null, p95: number | null } } };

export type SubmitAssessmentMutationVariables = Exact<{
  input: SubmitAssessmentInput;
}>;


export type SubmitAssessmentMutation = { submitAssessment: { replayed: boolean, tokenBalance: number | null, job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { createUpload: { upload: { id: string, url: string, method: string, expiresAt: string } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type SubmitCompressionMutationVariables = Exact<{
  input: SubmitCompressionInput;
}>;


export type SubmitCompressionMutation = { submitCompression: { replayed: boolean, tokenBalance: number | null, job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type SubmitForecastMutationVariables = Exact<{
  input: SubmitForecastInput;
}>;


export type SubmitForecastMutation = { submitForecast: { replayed: boolean, tokenBalance: number | null, job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type CancelJobMutationVariables = Exact<{
  id: string;
}>;


export type CancelJobMutation = { cancelJob: { tokenBalance: number | null, job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type RetryJobMutationVariables = Exact<{
  id: string;
}>;


export type RetryJobMutation = { retryJob: { tokenBalance: number | null, job: { id: string, kind: JobKind, name: string, status: JobStatus, seq: number, round: number, attempt: number, resultId: string | null, allowedActions: Array<JobAction>, createdAt: string, finishedAt: string | null, progress: { percent: number, message: string | null }, failure: { code: FailureCode, message: string } | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type DeleteJobMutationVariables = Exact<{
  id: string;
  force?: boolean | null | undefined;
}>;


export type DeleteJobMutation = { deleteJob: { deletedJobId: string | null, deletedResultId: string | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type ShareResultMutationVariables = Exact<{
  id: string;
}>;


export type ShareResultMutation = { shareResult: { result: { id: string, isPublic: boolean, shareUrl: string | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type UnshareResultMutationVariables = Exact<{
  id: string;
}>;


export type UnshareResultMutation = { unshareResult: { result: { id: string, isPublic: boolean, shareUrl: string | null } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', status: JobStatus, allowed: Array<JobAction>, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type WatchJobSubscriptionVariables = Exact<{
  jobId: string;
  after?: number | null | undefined;
}>;


export type WatchJobSubscription = { jobEvents: { seq: number, cursor: string | null, type: JobEventType, eventType: string, jobId: string, userId: string, resultId: string | null, kind: JobKind, status: JobStatus, round: number, attempt: number, tokenBalance: number | null, at: string, progress: { percent: number, stage: string | null, message: string | null, current: number | null, expected: number | null, offset: number | null, reportedAt: string | null }, metadata: { assessmentName: string, errorMessage: string | null, processingTime: number | null } } };

export type WatchMineSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type WatchMineSubscription = { myEvents:
    | { __typename: 'FeedPosition', position: string, reason: FeedPositionReason }
    | { __typename: 'JobEvent', seq: number, cursor: string | null, type: JobEventType, eventType: string, jobId: string, userId: string, resultId: string | null, kind: JobKind, status: JobStatus, round: number, attempt: number, tokenBalance: number | null, at: string, progress: { percent: number, stage: string | null, message: string | null, current: number | null, expected: number | null, offset: number | null, reportedAt: string | null }, metadata: { assessmentName: string, errorMessage: string | null, processingTime: number | null } }
   };

export type WatchAllSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type WatchAllSubscription = { allEvents:
    | { __typename: 'FeedPosition', position: string, reason: FeedPositionReason }
    | { __typename: 'JobEvent', seq: number, cursor: string | null, type: JobEventType, eventType: string, jobId: string, userId: string, resultId: string | null, kind: JobKind, status: JobStatus, round: number, attempt: number, tokenBalance: number | null, at: string, progress: { percent: number, stage: string | null, message: string | null, current: number | null, expected: number | null, offset: number | null, reportedAt: string | null }, metadata: { assessmentName: string, errorMessage: string | null, processingTime: number | null } }
   };

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
export const EventFieldsFragmentDoc = new TypedDocumentString(`
    fragment EventFields on JobEvent {
  seq
  cursor
  type
  eventType
  jobId
  userId
  resultId
  kind
  status
  round
  attempt
  progress {
    percent
    stage
    message
    current
    expected
    offset
    reportedAt
  }
  tokenBalance
  metadata {
    assessmentName
    errorMessage
    processingTime
  }
  at
}
    `, {"fragmentName":"EventFields"}) as unknown as TypedDocumentString<EventFieldsFragment, unknown>;
export const JobFieldsFragmentDoc = new TypedDocumentString(`
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
    `, {"fragmentName":"JobFields"}) as unknown as TypedDocumentString<JobFieldsFragment, unknown>;
export const ErrorFieldsFragmentDoc = new TypedDocumentString(`
    fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}
    `, {"fragmentName":"ErrorFields"}) as unknown as TypedDocumentString<ErrorFieldsFragment, unknown>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    kind
    id
    tier
    tokenBalance
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const ReadJobDocument = new TypedDocumentString(`
    query ReadJob($id: ID!) {
  job(id: $id) {
    ...JobFields
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}`) as unknown as TypedDocumentString<ReadJobQuery, ReadJobQueryVariables>;
export const ListJobsDocument = new TypedDocumentString(`
    query ListJobs($first: Int, $after: String, $filter: JobFilter) {
  jobs(first: $first, after: $after, filter: $filter) {
    nodes {
      ...JobFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    totalCount
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}`) as unknown as TypedDocumentString<ListJobsQuery, ListJobsQueryVariables>;
export const ReadFilesDocument = new TypedDocumentString(`
    query ReadFiles($jobId: ID!) {
  job(id: $jobId) {
    id
    files {
      name
      size
      contentType
      role
      url
      expiresAt
    }
  }
}
    `) as unknown as TypedDocumentString<ReadFilesQuery, ReadFilesQueryVariables>;
export const ReadResultDocument = new TypedDocumentString(`
    query ReadResult($id: ID!) {
  result(id: $id) {
    id
    status
    assessmentName
    testResult
    createdAt
  }
}
    `) as unknown as TypedDocumentString<ReadResultQuery, ReadResultQueryVariables>;
export const SystemHealthDocument = new TypedDocumentString(`
    query SystemHealth {
  systemHealth {
    queueDepth
    oldestQueuedSeconds
    processing
    workers {
      id
      host
      startedAt
      heartbeatAt
      silentSeconds
      lost
      concurrency
      running
    }
    stuckFoundNotFixed
    notifyQueueUsage
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
    `) as unknown as TypedDocumentString<SystemHealthQuery, SystemHealthQueryVariables>;
export const SubmitAssessmentDocument = new TypedDocumentString(`
    mutation SubmitAssessment($input: SubmitAssessmentInput!) {
  submitAssessment(input: $input) {
    job {
      ...JobFields
    }
    replayed
    tokenBalance
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<SubmitAssessmentMutation, SubmitAssessmentMutationVariables>;
export const CreateUploadDocument = new TypedDocumentString(`
    mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload {
      id
      url
      method
      expiresAt
    }
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<CreateUploadMutation, CreateUploadMutationVariables>;
export const SubmitCompressionDocument = new TypedDocumentString(`
    mutation SubmitCompression($input: SubmitCompressionInput!) {
  submitCompression(input: $input) {
    job {
      ...JobFields
    }
    replayed
    tokenBalance
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<SubmitCompressionMutation, SubmitCompressionMutationVariables>;
export const SubmitForecastDocument = new TypedDocumentString(`
    mutation SubmitForecast($input: SubmitForecastInput!) {
  submitForecast(input: $input) {
    job {
      ...JobFields
    }
    replayed
    tokenBalance
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<SubmitForecastMutation, SubmitForecastMutationVariables>;
export const CancelJobDocument = new TypedDocumentString(`
    mutation CancelJob($id: ID!) {
  cancelJob(input: {id: $id}) {
    job {
      ...JobFields
    }
    tokenBalance
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const RetryJobDocument = new TypedDocumentString(`
    mutation RetryJob($id: ID!) {
  retryJob(input: {id: $id}) {
    job {
      ...JobFields
    }
    tokenBalance
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment JobFields on Job {
  id
  kind
  name
  status
  seq
  round
  attempt
  progress {
    percent
    message
  }
  failure {
    code
    message
  }
  resultId
  allowedActions
  createdAt
  finishedAt
}
fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<RetryJobMutation, RetryJobMutationVariables>;
export const DeleteJobDocument = new TypedDocumentString(`
    mutation DeleteJob($id: ID!, $force: Boolean) {
  deleteJob(input: {id: $id, force: $force}) {
    deletedJobId
    deletedResultId
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<DeleteJobMutation, DeleteJobMutationVariables>;
export const ShareResultDocument = new TypedDocumentString(`
    mutation ShareResult($id: ID!) {
  shareResult(input: {id: $id}) {
    result {
      id
      isPublic
      shareUrl
    }
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<ShareResultMutation, ShareResultMutationVariables>;
export const UnshareResultDocument = new TypedDocumentString(`
    mutation UnshareResult($id: ID!) {
  unshareResult(input: {id: $id}) {
    result {
      id
      isPublic
      shareUrl
    }
    userErrors {
      ...ErrorFields
    }
  }
}
    fragment ErrorFields on UserError {
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
  ... on InvalidMove {
    status
    allowed
  }
}`) as unknown as TypedDocumentString<UnshareResultMutation, UnshareResultMutationVariables>;
export const WatchJobDocument = new TypedDocumentString(`
    subscription WatchJob($jobId: ID!, $after: Int) {
  jobEvents(jobId: $jobId, after: $after) {
    ...EventFields
  }
}
    fragment EventFields on JobEvent {
  seq
  cursor
  type
  eventType
  jobId
  userId
  resultId
  kind
  status
  round
  attempt
  progress {
    percent
    stage
    message
    current
    expected
    offset
    reportedAt
  }
  tokenBalance
  metadata {
    assessmentName
    errorMessage
    processingTime
  }
  at
}`) as unknown as TypedDocumentString<WatchJobSubscription, WatchJobSubscriptionVariables>;
export const WatchMineDocument = new TypedDocumentString(`
    subscription WatchMine($after: Cursor) {
  myEvents(after: $after) {
    __typename
    ... on JobEvent {
      ...EventFields
    }
    ... on FeedPosition {
      position
      reason
    }
  }
}
    fragment EventFields on JobEvent {
  seq
  cursor
  type
  eventType
  jobId
  userId
  resultId
  kind
  status
  round
  attempt
  progress {
    percent
    stage
    message
    current
    expected
    offset
    reportedAt
  }
  tokenBalance
  metadata {
    assessmentName
    errorMessage
    processingTime
  }
  at
}`) as unknown as TypedDocumentString<WatchMineSubscription, WatchMineSubscriptionVariables>;
export const WatchAllDocument = new TypedDocumentString(`
    subscription WatchAll($after: Cursor) {
  allEvents(after: $after) {
    __typename
    ... on JobEvent {
      ...EventFields
    }
    ... on FeedPosition {
      position
      reason
    }
  }
}
    fragment EventFields on JobEvent {
  seq
  cursor
  type
  eventType
  jobId
  userId
  resultId
  kind
  status
  round
  attempt
  progress {
    percent
    stage
    message
    current
    expected
    offset
    reportedAt
  }
  tokenBalance
  metadata {
    assessmentName
    errorMessage
    processingTime
  }
  at
}`) as unknown as TypedDocumentString<WatchAllSubscription, WatchAllSubscriptionVariables>;