import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserErrorCode } from '../../src/schema/enums.ts';
import { STARTING_TOKENS, service, UPLOAD_BYTES, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { sampleInput } from '../support/respondents.ts';

const database = useDatabase();
const api = useApi(database, { queuedPerUser: 1, prices: { ASSESSMENT: STARTING_TOKENS + 1 } });

interface Told {
  __typename: string;
  code: UserErrorCode;
  message: string;
  field: string[] | null;
}

/** Of an operation as often as it is asked, the first answer that refuses. */
async function refusal(field: string, input: object, viewer: Parameters<ReturnType<typeof api>['ask']>[0] = user()) {
  const type = `${field[0]?.toUpperCase()}${field.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { payload: ${field}(input: $input) { userErrors {
    __typename code message field
    ... on InsufficientTokens { required available }
    ... on RateLimited { retryAfterSeconds }
    ... on InvalidMove { status allowed }
  } } }`;
  for (let time = 0; time < 10; time += 1) {
    const { data } = await api().ask<{ payload: { userErrors: Told[] } }>(viewer, text, { input });
    if (data?.payload.userErrors.length !== 0) return data?.payload.userErrors;
  }
  return [];
}

const PROBE = { behaviour: 'ECHO' };
const FILE = { name: 'a.csv', contentType: 'text/csv', size: 1 };
const SIMPLE = { __typename: 'SimpleError' };

/** A mutation of the job's owner. */
async function ofJob(field: string, status: 'QUEUED' | 'COMPLETED') {
  const { jobId, userId } = await makeJob(database().pool, { status });
  return await refusal(field, { id: jobId }, user(userId));
}

async function withUpload(): Promise<Told[] | undefined> {
  const viewer = user();
  const text = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id } } }';
  const { createUpload } = await api().read<{ createUpload: { upload: { id: string } } }>(viewer, text, {
    input: FILE,
  });
  return await refusal('submitCompression', { uploadId: createUpload.upload.id }, viewer);
}

async function withUsedKey(): Promise<Told[] | undefined> {
  const [viewer, idempotencyKey] = [user(), randomUUID()];
  expect(await refusal('submitProbe', { ...PROBE, idempotencyKey }, viewer)).toEqual([]);
  return await refusal('submitProbe', { behaviour: 'FAIL', idempotencyKey }, viewer);
}

/** A mutation for each code, and what the error has besides its code and its message. */
const PROVOCATIONS: Record<UserErrorCode, [provoke: () => Promise<Told[] | undefined>, more: object]> = {
  INVALID_INPUT: [() => refusal('submitProbe', { ...PROBE, times: 0 }), { ...SIMPLE, field: ['input', 'times'] }],
  UNSUPPORTED_ASSESSMENT: [
    () => refusal('submitAssessment', { ...sampleInput(), assessmentName: 'another' }),
    { ...SIMPLE, field: ['input', 'assessmentName'] },
  ],
  INSUFFICIENT_TOKENS: [
    () => refusal('submitAssessment', sampleInput()),
    { __typename: 'InsufficientTokens', required: STARTING_TOKENS + 1, available: STARTING_TOKENS },
  ],
  RATE_LIMITED: [
    () => refusal('createUpload', FILE),
    { __typename: 'RateLimited', retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds > 0) },
  ],
  IDEMPOTENCY_KEY_REUSED: [withUsedKey, SIMPLE],
  NOT_FOUND: [() => refusal('cancelJob', { id: randomUUID() }), { ...SIMPLE, field: ['input', 'id'] }],
  JOB_ACTIVE: [
    () => ofJob('deleteJob', 'QUEUED'),
    { __typename: 'InvalidMove', status: 'QUEUED', allowed: ['CANCEL', 'FORCE_DELETE'] },
  ],
  JOB_FINISHED: [
    () => ofJob('cancelJob', 'COMPLETED'),
    { __typename: 'InvalidMove', status: 'COMPLETED', allowed: expect.arrayContaining(['DELETE']) },
  ],
  NOT_RETRYABLE: [
    () => ofJob('retryJob', 'COMPLETED'),
    { __typename: 'InvalidMove', status: 'COMPLETED', allowed: expect.not.arrayContaining(['RETRY']) },
  ],
  FILE_NOT_READY: [withUpload, { ...SIMPLE, field: ['input', 'uploadId'] }],
  FILE_TOO_LARGE: [
    () => refusal('createUpload', { ...FILE, size: UPLOAD_BYTES + 1 }),
    { ...SIMPLE, field: ['input', 'size'] },
  ],
  QUEUE_LIMIT_REACHED: [
    () => refusal('submitProbe', PROBE),
    { __typename: 'RateLimited', retryAfterSeconds: expect.any(Number) },
  ],
  SOURCE_NOT_CONFIGURED: [
    () => refusal('requestSync', { source: 'PANGKAT' }, service('sync:run')),
    { ...SIMPLE, field: ['input', 'source'] },
  ],
};

describe('a code of the schema', () => {
  it('has a mutation here that provokes it, each of them', () => {
    const { values = [] } = { values: Object.values(UserErrorCode) };
    expect(Object.keys(PROVOCATIONS).toSorted()).toEqual(values.toSorted());
  });

  it.each(Object.entries(PROVOCATIONS))(
    'comes alone, with its type and all that belongs to it: %s',
    async (code, [provoke, more]) => {
      const message = expect.stringMatching(/^\p{L}.+/u);
      expect(await provoke()).toEqual([expect.objectContaining({ field: null, ...more, code, message })]);
    },
  );
});
