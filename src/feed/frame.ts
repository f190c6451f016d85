import type { Job } from '../entities/job.ts';
import type { JobEvent } from '../entities/job-event.ts';
import { FrameType, type JobKind, type JobStatus, type PositionReason } from '../entities/job-status.ts';
import type { StoredProgress } from '../entities/progress.ts';

/** What a subscriber receives: a stored event, or a picture of the job as it is now. */
export interface JobFrame {
  seq: number;
  cursor: string | null;
  type: FrameType;
  eventType: string;
  jobId: string;
  userId: string;
  resultId: string | null;
  kind: JobKind;
  status: JobStatus;
  round: number;
  attempt: number;
  progress: StoredProgress;
  tokenBalance: number | null;
  rescuedAfterSeconds: number | null;
  metadata: { assessmentName: string; errorMessage: string | null; processingTime: number | null };
  at: Date;
}

/** What is read of a job for those who follow it: all that a picture shows, and whose request it was. */
export const FOLLOWED = [
  'id',
  'userId',
  'kind',
  'name',
  'status',
  'seq',
  'round',
  'attempt',
  'resultId',
  'progress',
  'origin',
  'failureMessage',
  'updatedAt',
  'startedAt',
  'heartbeatAt',
  'finishedAt',
] as const satisfies readonly (keyof Job)[];

export type FollowedJob = Pick<Job, (typeof FOLLOWED)[number]>;

/** Where a reader of many jobs begins, or begins anew because events are missing: he has to look at his jobs himself. */
export interface PositionFrame {
  position: string;
  reason: PositionReason;
}

/** What a subscriber of many jobs receives. */
export type FeedFrame = JobFrame | PositionFrame;

export const isPosition = (frame: FeedFrame): frame is PositionFrame => 'position' in frame;

const eventTypeOf = (type: FrameType): string => `analysis.${type.toLowerCase()}`;

const frames = new WeakMap<JobEvent, JobFrame>();

/**
 * A stored event, as it was. Where it is one of many jobs' it carries the position behind it. Without one it is the same
 * frame for all who follow its job, so that what they select of it is executed once.
 */
export function frameOfEvent(event: JobEvent, cursor: string | null = null): JobFrame {
  if (cursor !== null) return makeFrame(event, cursor);
  const frame = frames.get(event) ?? makeFrame(event, null);
  frames.set(event, frame);
  return frame;
}

function makeFrame(event: JobEvent, cursor: string | null): JobFrame {
  return {
    seq: event.seq,
    cursor,
    type: event.type,
    eventType: eventTypeOf(event.type),
    jobId: event.jobId,
    userId: event.userId,
    resultId: event.resultId ?? null,
    kind: event.kind,
    status: event.status,
    round: event.round,
    attempt: event.attempt,
    progress: event.progress,
    tokenBalance: event.tokenBalance ?? null,
    rescuedAfterSeconds: event.rescuedAfter ?? null,
    metadata: {
      assessmentName: event.assessmentName,
      errorMessage: event.errorMessage ?? null,
      processingTime: event.processingTime ?? null,
    },
    at: event.at,
  };
}

/** The job as it is: where a subscription begins (SNAPSHOT), starts anew (RESYNC), or hears of progress (PROGRESSED). */
export function frameOfJob(job: FollowedJob, type: 'SNAPSHOT' | 'RESYNC' | 'PROGRESSED'): JobFrame {
  return {
    seq: job.seq,
    cursor: null,
    type: FrameType[type],
    eventType: eventTypeOf(type),
    jobId: job.id,
    userId: job.userId,
    resultId: job.resultId ?? null,
    kind: job.kind,
    status: job.status,
    round: job.round,
    attempt: job.attempt,
    progress: job.progress,
    tokenBalance: null,
    rescuedAfterSeconds: null,
    metadata: {
      assessmentName: job.name,
      errorMessage: job.failureMessage ?? null,
      processingTime: processingSeconds(job),
    },
    at: (type === 'PROGRESSED' ? job.heartbeatAt : undefined) ?? job.updatedAt,
  };
}

/** Seconds from the last attempt's start to the job's end; null while there is no such time. */
export function processingSeconds(job: Pick<Job, 'startedAt' | 'finishedAt'>): number | null {
  return job.startedAt && job.finishedAt ? (job.finishedAt.getTime() - job.startedAt.getTime()) / 1000 : null;
}
