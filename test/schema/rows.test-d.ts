import type { Job as JobRow } from '../../src/entities/job.ts';
import type { LedgerEntry as LedgerEntryRow } from '../../src/entities/ledger-entry.ts';
import type { Result as ResultRow } from '../../src/entities/result.ts';
import type { SyncRecord as SyncRecordRow } from '../../src/entities/sync-record.ts';
import type { JobFrame, PositionFrame } from '../../src/feed/frame.ts';
import type { Connection } from '../../src/schema/connection.ts';
import type { FeedPosition } from '../../src/schema/feed-event.ts';
import type { Job } from '../../src/schema/job.ts';
import type { JobEvent } from '../../src/schema/job-event.ts';
import type { LedgerEntry } from '../../src/schema/ledger.ts';
import type { GrantTokensPayload, SubmitPayload } from '../../src/schema/payloads.ts';
import type { Result } from '../../src/schema/result.ts';
import type { BulkRow, JobPayload } from '../../src/schema/steering.ts';
import type { SyncRecord } from '../../src/schema/sync.ts';

// Resolvers return rows, and GraphQL reads properties of the same names. So each row must have every field that its class
// declares, of a type that can be shown. Where one has not, this file does not compile.

/** True where every field of `Class` is a property of `Row`; otherwise the names of those that are missing. */
type Fits<Row extends Class, Class> =
  Exclude<keyof Class, keyof Row> extends never ? true : Exclude<keyof Class, keyof Row>;

export const rowsFit: [
  Fits<JobRow, Job>,
  Fits<ResultRow, Result>,
  Fits<LedgerEntryRow, LedgerEntry>,
  Fits<SyncRecordRow, SyncRecord>,
] = [true, true, true, true];

/** So do the frames of subscriptions. */
export const framesFit: [Fits<JobFrame, JobEvent>, Fits<PositionFrame, FeedPosition>] = [true, true];

/** Rows go into payloads and pages as they are. */
export const submitted = (job: JobRow): SubmitPayload => ({ job, replayed: false, tokenBalance: 2, userErrors: [] });
export const moved = (job: JobRow): JobPayload => ({ job, tokenBalance: 2, userErrors: [] });
export const cancelled = (job: JobRow): BulkRow => ({ id: job.id, job, userErrors: [] });
export const granted = (entry: LedgerEntryRow): GrantTokensPayload => ({ entry, userErrors: [] });
export const pageOf = (nodes: JobRow[], rest: Omit<Connection<Job>, 'nodes'>): Connection<Job> => ({ ...rest, nodes });

/** Each error carries the data of its own code, and no other. */
export const refused: SubmitPayload['userErrors'] = [
  { code: 'NOT_FOUND', message: 'There is no such job.' },
  { code: 'INSUFFICIENT_TOKENS', message: 'It costs 1 token.', required: 1, available: 0 },
  { code: 'QUEUE_LIMIT_REACHED', message: 'Too many jobs are waiting.', retryAfterSeconds: 30 },
  { code: 'JOB_FINISHED', message: 'It has finished.', status: 'COMPLETED', allowed: ['DELETE'] },
  // @ts-expect-error: without the amounts a client could not say how many tokens are missing
  { code: 'INSUFFICIENT_TOKENS', message: 'It costs 1 token.' },
  // @ts-expect-error: a move is refused with the status that the job was found in
  { code: 'JOB_ACTIVE', message: 'It is running.' },
];
