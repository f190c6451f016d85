import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import * as codecs from '../../src/kinds/compress/codecs.ts';
import { readBalance, readJob } from '../lifecycle/rows.ts';
import { STARTING_TOKENS, service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { makeFile } from '../support/files.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);
const pool = () => database().pool;

const SUBMIT = `mutation ($input: SubmitCompressionInput!) {
  submitCompression(input: $input) {
    job { id kind name status tokenCost maxAttempts result { testData } files { name size contentType role url } }
    replayed tokenBalance
    userErrors { __typename code message field ... on InsufficientTokens { required available } }
  }
}`;

interface Payload {
  job: { id: string; name: string; result: { testData: unknown }; files: { url: string }[] } | null;
  replayed: boolean;
  tokenBalance: number | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const submit = async (userId: string, input: Record<string, unknown>): Promise<Payload> =>
  (await api().read<{ submitCompression: Payload }>(user(userId), SUBMIT, { input })).submitCompression;

async function uploaded(options: { storedAs?: string | null } = {}) {
  const userId = await makeAccount(pool(), { balance: 5 });
  return { userId, uploadId: await makeFile(pool(), { userId, ...options }) };
}

const nothingIsStored = (act: () => Promise<void>) => leavesNothing(pool(), act);

describe('submitCompression', () => {
  it('takes the upload, charges its price and queues the job', async () => {
    const { userId, uploadId } = await uploaded();
    const { job, ...rest } = await submit(userId, { uploadId });
    expect(rest).toEqual({ replayed: false, tokenBalance: 4, userErrors: [] });
    expect(job).toEqual({
      ...{ id: expect.any(String), kind: 'COMPRESS', name: 'ZSTD compression', status: 'QUEUED' },
      ...{ tokenCost: 1, maxAttempts: 3, result: { testData: { algorithm: 'ZSTD', level: 3 } } },
      files: [{ name: 'demand.csv', size: 8, contentType: 'text/csv', role: 'INPUT', url: expect.any(String) }],
    });
    const url = new URL(job!.files[0]!.url);
    expect(api().links.isValid('GET', url.pathname.split('/').at(-1)!, Object.fromEntries(url.searchParams))).toBe(
      true,
    );
    expect((await readJob(pool(), job!.id)).tasks).toMatchObject([{ payload: { jobId: job!.id, attempt: 1 } }]);
  });

  it.each([
    [{ algorithm: 'GZIP' }, { algorithm: 'GZIP', level: 6 }],
    [
      { algorithm: 'BROTLI', level: 0 },
      { algorithm: 'BROTLI', level: 0 },
    ],
    [
      { algorithm: null, level: null },
      { algorithm: 'ZSTD', level: 3 },
    ],
    [{ level: 19 }, { algorithm: 'ZSTD', level: 19 }],
  ])('has defaults, for null as well: %j', async (given, testData) => {
    const { userId, uploadId } = await uploaded();
    const { job } = await submit(userId, { uploadId, name: 'My file', ...given });
    expect(job).toMatchObject({ name: 'My file', result: { testData } });
  });

  it.each([
    [{ algorithm: 'GZIP', level: 0 }, 'level', 'must be from 1 to 9 for GZIP'],
    [{ algorithm: 'GZIP', level: 10 }, 'level', 'must be from 1 to 9 for GZIP'],
    [{ algorithm: 'BROTLI', level: 12 }, 'level', 'must be from 0 to 11 for BROTLI'],
    [{ level: 20 }, 'level', 'must be from 1 to 19 for ZSTD'],
    [{ name: '' }, 'name', 'must be 1 to 255 characters that can be seen'],
    [{ name: 'a\nb' }, 'name', 'must be 1 to 255 characters that can be seen'],
    [{ idempotencyKey: '' }, 'idempotencyKey', 'must be 1 to 255 printable characters'],
  ])('refuses %j, and leaves nothing', async (given, field, message) => {
    const { userId, uploadId } = await uploaded();
    await nothingIsStored(async () => {
      const { job, userErrors } = await submit(userId, { uploadId, ...given });
      expect(job).toBeNull();
      expect(userErrors).toEqual([
        { __typename: 'SimpleError', code: 'INVALID_INPUT', message: `${field} ${message}`, field: ['input', field] },
      ]);
    });
  });

  it('refuses what this Node cannot do, before a charge', async () => {
    const { userId, uploadId } = await uploaded();
    const open = vi.spyOn(codecs.CODECS.ZSTD, 'open').mockReturnValue(null);
    try {
      await nothingIsStored(async () => {
        const { userErrors } = await submit(userId, { uploadId });
        expect(userErrors).toMatchObject([{ code: 'INVALID_INPUT', field: ['input', 'algorithm'] }]);
      });
    } finally {
      open.mockRestore();
    }
  });

  it.each([
    ['that is not there', async () => randomUUID()],
    ['of another user', async () => (await uploaded()).uploadId],
    ['that is no id', async () => 'x'],
    ['of another user without bytes', async () => (await uploaded({ storedAs: null })).uploadId],
  ])('does not find an upload %s, always in the same words', async (_what, upload) => {
    const userId = await makeAccount(pool());
    const uploadId = await upload();
    await nothingIsStored(async () => {
      const { job, userErrors } = await submit(userId, { uploadId });
      const error = { code: 'NOT_FOUND', message: 'There is nothing with this id', field: ['input', 'uploadId'] };
      expect([job, userErrors]).toEqual([null, [{ __typename: 'SimpleError', ...error }]]);
    });
  });

  it('refuses an upload that has no bytes yet, or that another job took', async () => {
    const waiting = await uploaded({ storedAs: null });
    const { userId } = waiting;
    const { jobId } = await makeJob(pool(), { status: 'QUEUED', userId });
    const taken = await makeFile(pool(), { userId, jobId });
    await nothingIsStored(async () => {
      for (const uploadId of [waiting.uploadId, taken]) {
        const { userErrors } = await submit(userId, { uploadId });
        expect(userErrors).toMatchObject([{ code: 'FILE_NOT_READY', field: ['input', 'uploadId'] }]);
      }
    });
  });

  it('refuses an id that is too long', async () => {
    const input = { uploadId: 'x'.repeat(129) };
    const { errors } = await api().ask(user(), SUBMIT, { input });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'uploadId'] }] }]);
  });

  it('leaves the upload alone where the balance does not cover the price', async () => {
    const userId = await makeAccount(pool(), { balance: 0 });
    const uploadId = await makeFile(pool(), { userId });
    await nothingIsStored(async () => {
      const { userErrors } = await submit(userId, { uploadId });
      expect(userErrors).toMatchObject([{ __typename: 'InsufficientTokens', required: 1, available: 0 }]);
    });
  });

  it('replays a key with the same input, and refuses it with another', async () => {
    const { userId, uploadId } = await uploaded();
    const first = await submit(userId, { uploadId, idempotencyKey: 'k' });
    const second = await submit(userId, { uploadId, algorithm: 'ZSTD', level: 3, idempotencyKey: 'k' });
    expect(second).toEqual({ ...first, replayed: true, job: { ...first.job, files: expect.any(Array) } });
    const other = await makeFile(pool(), { userId });
    for (const changed of [{ uploadId: other }, { level: 4 }, { algorithm: 'GZIP' }, { name: 'Another' }]) {
      const { userErrors } = await submit(userId, { uploadId, idempotencyKey: 'k', ...changed });
      expect(userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    }
    expect(await readBalance(pool(), userId)).toBe(4);
  });

  it('opens the account of a user who was never seen', async () => {
    const userId = randomUUID();
    const uploadId = await makeFile(pool(), { userId });
    expect(await submit(userId, { uploadId })).toMatchObject({ tokenBalance: STARTING_TOKENS - 1 });
  });
});

describe('the files of a job', () => {
  const FILES = `query ($id: ID!) { job(id: $id) { allowedActions files { name role url expiresAt } } }`;
  type Seen = { job: { allowedActions: string[]; files: { name: string; role: string }[] } | null };

  it('are its input and what it made, which can then be downloaded', async () => {
    const made = await makeJob(pool(), { status: 'COMPLETED', kind: 'COMPRESS' });
    const see = async () => (await api().read<Seen>(user(made.userId), FILES, { id: made.jobId })).job;
    expect(await see()).toEqual({ allowedActions: ['DELETE', 'FORCE_DELETE', 'VIEW_RESULT'], files: [] });
    await makeFile(pool(), { ...made, role: 'OUTPUT', name: 'demand.csv.gz' });
    expect(await see()).toMatchObject({
      allowedActions: ['DELETE', 'FORCE_DELETE', 'VIEW_RESULT', 'DOWNLOAD'],
      files: [{ name: 'demand.csv.gz', role: 'OUTPUT' }],
    });
    const refused = await api().read<{ cancelJob: { userErrors: object[] } }>(
      user(made.userId),
      'mutation ($id: ID!) { cancelJob(input: { id: $id }) { userErrors { code ... on InvalidMove { allowed } } } }',
      { id: made.jobId },
    );
    expect(refused.cancelJob.userErrors).toMatchObject([
      { code: 'JOB_FINISHED', allowed: expect.arrayContaining(['DOWNLOAD']) },
    ]);
  });

  it('are seen by those who see the job, and by nobody else', async () => {
    const made = await makeJob(pool(), { status: 'QUEUED' });
    await makeFile(pool(), made);
    const see = async (viewer: Parameters<ReturnType<typeof api>['read']>[0]) =>
      (await api().read<Seen>(viewer, FILES, { id: made.jobId })).job?.files.length ?? null;
    expect(await see(user(made.userId))).toBe(1);
    expect(await see(service('jobs:read'))).toBe(1);
    expect(await see(user())).toBeNull();
  });

  it('of a whole page are read in one statement', async () => {
    const userId = await makeAccount(pool(), { balance: 10 });
    for (let count = 0; count < 5; count += 1) {
      await makeFile(pool(), await makeJob(pool(), { status: 'QUEUED', userId }));
    }
    const query = vi.spyOn((await import('pg')).default.Client.prototype, 'query');
    await api().read(user(userId), '{ jobs { nodes { allowedActions files { url } } } }');
    const texts = query.mock.calls.map(([text]: unknown[]) => String((text as { text?: string }).text ?? text));
    query.mockRestore();
    expect(texts.filter((text) => /"files"/.test(text))).toHaveLength(1);
  });
});
