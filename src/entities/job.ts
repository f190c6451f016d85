import { defineEntity, p, UnderscoreNamingStrategy } from '@mikro-orm/postgresql';
import type { FailureCode, JobKind, JobStatus } from './job-status.ts';
import type { Origin } from './origin.ts';
import type { StoredProgress } from './progress.ts';
import type { SyncSource } from './sync-source.ts';

export const JobSchema = defineEntity({
  name: 'Job',
  tableName: 'analysis_jobs',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    kind: p.text().$type<JobKind>(),
    name: p.text(),
    status: p.text().$type<JobStatus>(),
    seq: p.integer(),
    round: p.integer(),
    attempt: p.integer(),
    maxAttempts: p.integer(),
    priority: p.integer(),
    price: p.integer(),
    refunded: p.boolean(),
    requestedBy: p.text(),
    syncSource: p.text().$type<SyncSource>().nullable(),
    resultId: p.uuid().nullable(),
    progress: p.json<StoredProgress>(),
    origin: p.json<Origin>().nullable(),
    failureCode: p.text().$type<FailureCode>().nullable(),
    failureMessage: p.text().nullable(),
    leaseToken: p.uuid().nullable(),
    leaseExpiresAt: p.datetime().nullable(),
    workerId: p.uuid().nullable(),
    workerFreeAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    heartbeatAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
    deletedAt: p.datetime().nullable(),
  },
});

/** A unit of work as it is stored. Read it freely; only `src/lifecycle/` writes it. */
export class Job extends JobSchema.class {}

JobSchema.setClass(Job);

const naming = new UnderscoreNamingStrategy();

/** The columns of a job. */
export const JOB_COLUMNS: readonly string[] = Object.keys(JobSchema.meta.properties).map((property) =>
  naming.propertyToColumnName(property),
);
