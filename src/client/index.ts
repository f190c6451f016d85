// biome-ignore-all lint/performance/noBarrelFile: the one door through which other projects come in
export { type AssayClient, type AssayClientOptions, createAssayClient } from './client.ts';
export { AssayError, type SentError } from './errors.ts';
export type { FeedEvent } from './feed-place.ts';
export type { JobEvent } from './job-place.ts';
export type { LinkState } from './link.ts';
export type { Operation, Token } from './operation.ts';
export {
  CancelJobDocument,
  type CompressionAlgorithm,
  CreateUploadDocument,
  type CreateUploadInput,
  DeleteJobDocument,
  type ErrorFieldsFragment,
  type JobEventType,
  type JobFieldsFragment,
  type JobFilter,
  type JobKind,
  type JobStatus,
  ListJobsDocument,
  ReadFilesDocument,
  ReadJobDocument,
  ReadResultDocument,
  RetryJobDocument,
  ShareResultDocument,
  SubmitAssessmentDocument,
  type SubmitAssessmentInput,
  SubmitCompressionDocument,
  type SubmitCompressionInput,
  SubmitForecastDocument,
  type SubmitForecastInput,
  SystemHealthDocument,
  type SystemHealthQuery,
  UnshareResultDocument,
  type UserErrorCode,
  ViewerDocument,
  WatchAllDocument,
  WatchJobDocument,
  WatchMineDocument,
} from './operations.generated.ts';
