import { defineEntity, p } from '@mikro-orm/postgresql';
import type { EventType, JobKind, JobStatus } from './job-status.ts';
import type { StoredProgress } from './progress.ts';

export const JobEventSchema = defineEntity({
  name: 'JobEvent',
  tableName: 'job_events',
  properties: {
    id: p.bigint().primary(),
    jobId: p.uuid(),
    seq: p.integer(),
    type: p.text().$type<EventType>(),
    userId: p.uuid(),
    resultId: p.uuid().nullable(),
    kind: p.text().$type<JobKind>(),
    status: p.text().$type<JobStatus>(),
    round: p.integer(),
    attempt: p.integer(),
    progress: p.json<StoredProgress>(),
    tokenBalance: p.integer().nullable(),
    assessmentName: p.text(),
    errorMessage: p.text().nullable(),
    processingTime: p.double().$type<number>().nullable(),
    rescuedAfter: p.double().$type<number>().nullable(),
    at: p.datetime(),
  },
});

/** One line of the log: a move that happened, as it was when it happened. */
export class JobEvent extends JobEventSchema.class {}

JobEventSchema.setClass(JobEvent);
