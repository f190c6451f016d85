/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
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

/** One assessment to score. It is charged at submit, and refunded if it fails or is cancelled. */
export type SubmitAssessmentInput = {
  /** Which assessment it is. A name without an engine is refused with UNSUPPORTED_ASSESSMENT before any charge. */
  assessmentName?: string | null | undefined;
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

/** Why a mutation did not do what was asked. A stable code to branch on; the message is for people. */
export type UserErrorCode =
  /** The upload does not exist, is not finished, or differs from what was announced. */
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
  /** Too many mutations in the last minute. Comes as `RateLimited`; try again after its delay. */
  | 'RATE_LIMITED'
  /** No address is configured for this sync source. */
  | 'SOURCE_NOT_CONFIGURED'
  /** No engine exists for this assessment name. Nothing was charged. */
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

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { viewer: { id: string, tokenBalance: number | null } };

export type SubmitAssessmentMutationVariables = Exact<{
  input: SubmitAssessmentInput;
}>;


export type SubmitAssessmentMutation = { submitAssessment: { job: { id: string, seq: number } | null, userErrors: Array<
      | { __typename: 'InsufficientTokens', required: number, available: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'InvalidMove', code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: UserErrorCode, message: string, field: Array<string> | null }
      | { __typename: 'SimpleError', code: UserErrorCode, message: string, field: Array<string> | null }
    > } };

export type GrantTokensMutationVariables = Exact<{
  input: GrantTokensInput;
}>;


export type GrantTokensMutation = { grantTokens: { tokenBalance: number | null, userErrors: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } };

export type WatchJobSubscriptionVariables = Exact<{
  jobId: string;
  after?: number | null | undefined;
}>;


export type WatchJobSubscription = { jobEvents: { seq: number, type: JobEventType, status: JobStatus, resultId: string | null, metadata: { errorMessage: string | null } } };

export type ReadResultQueryVariables = Exact<{
  id: string;
}>;


export type ReadResultQuery = { result: { id: string, assessment: { archetype: string } | null } | null };


export const WhoAmIDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"WhoAmI"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"tokenBalance"}}]}}]}}]} as unknown as DocumentNode<WhoAmIQuery, WhoAmIQueryVariables>;
export const SubmitAssessmentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SubmitAssessment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SubmitAssessmentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"submitAssessment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"InsufficientTokens"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"required"}},{"kind":"Field","name":{"kind":"Name","value":"available"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RateLimited"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryAfterSeconds"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SubmitAssessmentMutation, SubmitAssessmentMutationVariables>;
export const GrantTokensDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"GrantTokens"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"GrantTokensInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"grantTokens"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tokenBalance"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<GrantTokensMutation, GrantTokensMutationVariables>;
export const WatchJobDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchJob"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"jobId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"jobEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"jobId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"jobId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"resultId"}},{"kind":"Field","name":{"kind":"Name","value":"metadata"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"errorMessage"}}]}}]}}]}}]} as unknown as DocumentNode<WatchJobSubscription, WatchJobSubscriptionVariables>;
export const ReadResultDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ReadResult"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"result"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"assessment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"archetype"}}]}}]}}]}}]} as unknown as DocumentNode<ReadResultQuery, ReadResultQueryVariables>;