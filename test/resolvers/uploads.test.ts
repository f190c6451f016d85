import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { service, UPLOAD_BYTES, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);

const CREATE = `mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id url method expiresAt }
    userErrors { __typename code message field ... on RateLimited { retryAfterSeconds } }
  }
}`;

interface Payload {
  upload: { id: string; url: string; method: string; expiresAt: string } | null;
  userErrors: { code: string; message: string; field: string[] }[];
}

const announce = async (input: Record<string, unknown>, viewer: Viewer = user()): Promise<Payload> =>
  (await api().read<{ createUpload: Payload }>(viewer, CREATE, { input })).createUpload;

const file = { name: 'demand.csv', size: 1_000, contentType: 'text/csv' };
const SHA256 = 'A'.repeat(64);

const rowOf = async (id = '') => (await database().pool.query('select * from files where id = $1', [id])).rows[0];

describe('createUpload', () => {
  it('answers where to put the bytes, for an hour, and writes down whose they will be', async () => {
    const viewer = user();
    const { upload, userErrors } = await announce({ ...file, sha256: SHA256 }, viewer);
    expect(userErrors).toEqual([]);
    expect(upload?.method).toBe('PUT');
    const url = new URL(upload?.url ?? '');
    expect(url.origin + url.pathname).toBe(`http://assay.test/files/${upload?.id}`);
    expect(api().links.isValid('PUT', upload?.id ?? '', Object.fromEntries(url.searchParams))).toBe(true);
    const left = Date.parse(upload?.expiresAt ?? '') - Date.now();
    expect(left).toBeGreaterThan(59 * 60_000);
    expect(left).toBeLessThanOrEqual(60 * 60_000);
    expect(await rowOf(upload?.id)).toMatchObject({
      ...{ user_id: viewer.id, role: 'INPUT', job_id: null, stored_as: null, stored_at: null },
      ...{ name: 'demand.csv', size: 1_000, content_type: 'text/csv', sha256: SHA256.toLowerCase() },
    });
  });

  it('takes a name in any script, and a type with parameters, and keeps the type alone', async () => {
    const { upload } = await announce({
      ...file,
      name: 'данные – 2026 (1).csv',
      contentType: 'Text/CSV; charset=utf-8',
    });
    expect(await rowOf(upload?.id)).toMatchObject({ name: 'данные – 2026 (1).csv', content_type: 'text/csv' });
    expect((await announce({ ...file, size: UPLOAD_BYTES, sha256: null })).userErrors).toEqual([]);
  });

  it.each([
    ['name', { name: '' }, /1 to 255 characters/],
    ['name', { name: 'x'.repeat(256) }, /1 to 255 characters/],
    ['name', { name: '../etc/passwd' }, /without slashes/],
    ['name', { name: 'a\\b' }, /without slashes/],
    ['name', { name: '..' }, /without slashes/],
    ['name', { name: 'a\r\nset-cookie: x' }, /can be seen/],
    ['name', { name: 'a\0b' }, /can be seen/],
    ['name', { name: 'report\u202Efdp.exe' }, /can be seen/],
    ['size', { size: 0 }, /at least 1/],
    ['size', { size: -1 }, /at least 1/],
    ['contentType', { contentType: 'csv' }, /media type/],
    ['contentType', { contentType: 'text/csv\r\nx: y' }, /media type/],
    ['sha256', { sha256: 'abc' }, /64 hexadecimal digits/],
    ['sha256', { sha256: 'g'.repeat(64) }, /64 hexadecimal digits/],
  ])('refuses a wrong %s, and leaves nothing: %j', async (field, given, message) => {
    await leavesNothing(database().pool, async () => {
      const { upload, userErrors } = await announce({ ...file, ...given });
      expect(upload).toBeNull();
      expect(userErrors).toEqual([
        {
          __typename: 'SimpleError',
          code: 'INVALID_INPUT',
          message: expect.stringMatching(message),
          field: ['input', field],
        },
      ]);
    });
  });

  it('refuses a file that is too large, by its own code', async () => {
    const { upload, userErrors } = await announce({ ...file, size: UPLOAD_BYTES + 1 });
    expect([upload, userErrors]).toMatchObject([null, [{ code: 'FILE_TOO_LARGE', field: ['input', 'size'] }]]);
  });

  it.each([
    ['in number', { size: 1 }, 5],
    ['in bytes', { size: UPLOAD_BYTES }, 2],
  ])('refuses one more than may wait for a job: %s', async (_what, given, most) => {
    const viewer = user();
    for (let time = 0; time < most; time += 1) {
      expect((await announce({ ...file, ...given }, viewer)).userErrors).toEqual([]);
    }
    await leavesNothing(database().pool, async () => {
      const { upload, userErrors } = await announce({ ...file, ...given }, viewer);
      expect(upload).toBeNull();
      expect(userErrors).toMatchObject([{ __typename: 'RateLimited', code: 'RATE_LIMITED', field: null }]);
      expect(userErrors[0]).toHaveProperty('retryAfterSeconds', expect.closeTo(86_400, -2));
    });
    expect((await announce({ ...file, ...given })).userErrors).toEqual([]);
  });

  it('tells of every fault at once', async () => {
    const { userErrors } = await announce({ name: '', size: 0, contentType: '', sha256: '' });
    expect(userErrors.map(({ field }) => field[1])).toEqual(['name', 'size', 'contentType', 'sha256']);
  });

  it('is for users alone', async () => {
    const { errors } = await api().ask(service('jobs:manage', 'jobs:repair'), CREATE, { input: file });
    expect(errors).toMatchObject([{ code: 'FORBIDDEN' }]);
  });
});
