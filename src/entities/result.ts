import { defineEntity, p } from '@mikro-orm/postgresql';
import type { JobStatus } from './job-status.ts';

export const ResultSchema = defineEntity({
  name: 'Result',
  tableName: 'analysis_results',
  properties: {
    id: p.uuid().primary(),
    jobId: p.uuid(),
    userId: p.uuid(),
    status: p.text().$type<JobStatus>(),
    assessmentName: p.text(),
    testData: p.json<unknown>(),
    testResult: p.json<unknown>().nullable(),
    rawResponses: p.json<unknown>().nullable(),
    chatbotId: p.uuid().nullable(),
    isPublic: p.boolean(),
    shareId: p.uuid().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

/** A job's stored input and answer. Its status is its job's: the database binds them. */
export class Result extends ResultSchema.class {}

ResultSchema.setClass(Result);
