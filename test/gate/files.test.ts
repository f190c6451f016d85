import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { holdLock } from '../lifecycle/rows.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { rawRequest, useFileApi } from '../support/file-api.ts';
import { readRemovals, rowsOfText, sha256Of, useStorage } from '../support/files.ts';
import { PATIENT_LIMITS } from '../support/time-limits.ts';

const MOST = 400_000;
const database = useDatabase();
const storage = useStorage();
const api = useFileApi(database, storage, {
  ASSAY_LIMIT_UPLOAD_BYTES: String(MOST),
  // Two wait for a lock here until both do.
  ...PATIENT_LIMITS,
});

const CSV = rowsOfText(100_000);
const announced = { name: 'demand.csv', size: CSV.length, contentType: 'text/csv' };

async function put(url: string, body: Uint8Array = CSV, headers: Record<string, string> = {}) {
  const answer = await rawRequest(url, {
    method: 'PUT',
    headers: { 'content-type': 'text/csv', 'content-length': String(body.length), ...headers },
    body,
  });
  return { ...answer, json: JSON.parse(answer.body.toString()) };
}

const rowOf = async (id: string) => (await database().pool.query('select * from files where id = $1', [id])).rows[0];

/** What has no row may be there for a moment after the answer; then nothing of it is. */
const nothingIsLeft = (id: string) =>
  vi.waitFor(
    async () => {
      expect(await rowOf(id)).toMatchObject({ stored_as: null, stored_at: null });
      const { rows } = await database().pool.query('select stored_as from files where stored_as is not null');
      expect(await storage().names()).toEqual(rows.map(({ stored_as }) => stored_as).sort());
      expect(await readRemovals(database().pool)).toEqual([]);
    },
    { timeout: 10_000 },
  );

describe('an upload', () => {
  it('takes its bytes by its link, with no token, and keeps them as they came', async () => {
    const { id, url } = await api().announce({ ...announced, sha256: sha256Of(CSV).toUpperCase() });
    const { status, json } = await put(url);
    expect([status, json]).toEqual([200, { upload: { id, size: CSV.length, sha256: sha256Of(CSV) } }]);
    const row = await rowOf(id);
    expect(row).toMatchObject({ role: 'INPUT', job_id: null, size: CSV.length, sha256: sha256Of(CSV) });
    expect((await storage().get(row.stored_as)).equals(CSV)).toBe(true);
    expect(await readRemovals(database().pool)).toEqual([]);
    expect(row.stored_as).not.toBe(id);
  });

  it('takes them without a length told before, and with parameters of the type', async () => {
    const { id, url } = await api().announce(announced);
    const answer = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'Text/CSV; charset=utf-8' },
      body: new Blob([new Uint8Array(CSV)]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(200);
    expect((await rowOf(id)).sha256).toBe(sha256Of(CSV));
  });

  const other = Buffer.from(CSV).fill('x', 10, 20);
  const refusals: [string, object, Uint8Array, Record<string, string>, number, string, RegExp][] = [
    ['fewer bytes', {}, CSV.subarray(1), {}, 400, 'BAD_USER_INPUT', /must have 100000 bytes/],
    ['more bytes', {}, Buffer.concat([CSV, CSV]), {}, 400, 'BAD_USER_INPUT', /must have 100000 bytes/],
    ['other bytes', { sha256: sha256Of(CSV) }, other, {}, 400, 'BAD_USER_INPUT', /must have the SHA-256/],
    ['another type', {}, CSV, { 'content-type': 'application/json' }, 415, 'UNSUPPORTED_MEDIA_TYPE', /text\/csv/],
    ['an encoding', {}, CSV, { 'content-encoding': 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE', /Content-Encoding/],
    ['text with NUL', {}, Buffer.from(CSV).fill(0, 9, 10), {}, 415, 'UNSUPPORTED_MEDIA_TYPE', /UTF-8/],
    ['text in Latin-1', {}, Buffer.from(CSV).fill(0xe4, 9, 10), {}, 415, 'UNSUPPORTED_MEDIA_TYPE', /UTF-8/],
    [
      'a picture that is none',
      { contentType: 'image/png' },
      CSV,
      { 'content-type': 'image/png' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      /not the bytes of image\/png/,
    ],
  ];

  it.each(refusals)(
    'refuses %s, says why, and leaves nothing',
    async (_what, input, body, headers, status, code, why) => {
      const { id, url } = await api().announce({ ...announced, ...input });
      const answer = await put(url, body, headers);
      expect([answer.status, answer.json.errors[0].extensions.code]).toEqual([status, code]);
      expect(answer.json.errors[0].message).toMatch(why);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      await nothingIsLeft(id);
    },
  );

  it.each(['with its length told', 'without'])('refuses more bytes than it may have, %s', async (how) => {
    const { id, url } = await api().announce(announced);
    const chunks = Array.from({ length: 20 }, () => CSV);
    const answer = await new Promise<{ status: number | undefined }>((resolve, reject) => {
      const length: Record<string, string> = how === 'without' ? {} : { 'content-length': String(20 * CSV.length) };
      const sent = httpRequest(
        url,
        { method: 'PUT', headers: { 'content-type': 'text/csv', ...length } },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode });
        },
      );
      sent.once('error', reject);
      for (const chunk of chunks) sent.write(chunk);
      sent.end();
    });
    expect(answer.status).toBe(how === 'without' ? 400 : 413);
    await nothingIsLeft(id);
  });

  it('is let go also while its client goes on sending, who may not come to read why', async () => {
    const { id, url } = await api().announce(announced);
    const sent = httpRequest(url, { method: 'PUT', headers: { 'content-type': 'text/csv' } });
    const over = new Promise<unknown>((resolve) => {
      sent.once('response', (response) => resolve(response.resume().statusCode));
      sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    const sending = setInterval(() => sent.write(CSV), 5);
    try {
      expect([400, 'ECONNRESET', 'EPIPE']).toContain(await over);
    } finally {
      clearInterval(sending);
      sent.destroy();
    }
    await nothingIsLeft(id);
  });

  it('that was refused can be put again, and then no more', async () => {
    const { id, url } = await api().announce(announced);
    expect((await put(url, CSV.subarray(1))).status).toBe(400);
    expect((await put(url)).status).toBe(200);
    const again = await put(url);
    expect([again.status, again.json.errors[0].message]).toEqual([400, expect.stringContaining('put once')]);
    expect((await rowOf(id)).sha256).toBe(sha256Of(CSV));
  });

  it('that is put twice at once is put once, and nothing stays of the other', async () => {
    const { id, url } = await api().announce(announced);
    await using _held = await holdLock(database().pool, 'select from files where id = $1', [id]);
    const both = Promise.all([put(url), put(url)]);
    await waitUntilBlocked(database().pool, 2);
    await _held[Symbol.asyncDispose]();
    expect((await both).map(({ status }) => status).sort()).toEqual([200, 400]);
    await vi.waitFor(
      async () => {
        expect(await readRemovals(database().pool)).toEqual([]);
        const { rows } = await database().pool.query('select stored_as from files where stored_as is not null');
        expect(await storage().names()).toEqual(rows.map(({ stored_as }) => stored_as).sort());
      },
      { timeout: 10_000 },
    );
  });

  it('that breaks off in the middle leaves nothing, and can be put again', async () => {
    const { id, url } = await api().announce(announced);
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: ${CSV.length}\r\n\r\n`,
    );
    socket.write(CSV.subarray(0, 50_000));
    await vi.waitFor(async () => expect(await readRemovals(database().pool)).toMatchObject([{ is_due: false }]), {
      timeout: 10_000,
    });
    socket.destroy();
    await nothingIsLeft(id);
    // A client who goes away is nothing to be alarmed by.
    expect(api().log.lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    expect((await put(url)).status).toBe(200);
  });

  it('is not taken by a link of another, a link to get, or one that is over', async () => {
    const { id, url } = await api().announce(announced);
    const another = await api().announce(announced);
    const query = new URL(url).searchParams;
    const late = new URLSearchParams({ expires: '1700000000', signature: query.get('signature') ?? '' });
    const bent = new URLSearchParams({ expires: query.get('expires') ?? '', signature: 'x' });
    const links = [
      `${url.split('?')[0]}${new URL(another.url).search}`,
      `${url.split('?')[0]}?${late}`,
      `${url.split('?')[0]}?${bent}`,
      `${url.split('?')[0]}`,
      url.replace(id, randomUUID()),
      url.replace(id, id.toUpperCase()),
      `${url}&expires=99999999999`,
    ];
    for (const link of links) expect([link, (await put(link)).status]).toEqual([link, 404]);
    expect((await rawRequest(url)).status).toBe(404);
    expect(await rowOf(id)).toMatchObject({ stored_as: null });
  });
});

describe('a storage that does not take bytes', () => {
  const nowhere = useFileApi(database, () => ({ ...storage(), url: 'file:///dev/null/files' }));

  it('is told as such, and may be tried again', async () => {
    const { id, url } = await nowhere().announce(announced);
    const { status, headers, json } = await put(url);
    expect([status, json.errors[0].extensions]).toMatchObject([503, { code: 'SERVICE_UNAVAILABLE', retryable: true }]);
    expect(headers['retry-after']).toBe('1');
    expect(JSON.stringify(json)).not.toContain('/dev/null');
    expect(await rowOf(id)).toMatchObject({ stored_as: null });
    await database().pool.query('delete from file_removals');
  });

  it('is told, or let go, also while the bytes still come', async () => {
    const { url } = await nowhere().announce(announced);
    const sent = httpRequest(url, { method: 'PUT', headers: { 'content-type': 'text/csv' } });
    const over = new Promise<unknown>((resolve) => {
      sent.once('response', (response) => resolve(response.resume().statusCode));
      sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    const sending = setInterval(() => sent.write(CSV.subarray(0, 50_000)), 20);
    try {
      expect([503, 'ECONNRESET', 'EPIPE']).toContain(await over);
    } finally {
      clearInterval(sending);
      sent.destroy();
    }
    await database().pool.query('delete from file_removals');
  });
});

describe('a path below /files', () => {
  it.each([
    '/files/../../../../etc/passwd',
    '/files/%2e%2e/%2e%2e/etc/passwd',
    '/files/..%2f..%2fetc%2fpasswd',
    '/files//etc/passwd',
    '/files/%00',
    '/files/x%00.csv',
    '/files/%zz',
    '/files/C:%5Cwindows',
    '/files/',
    '/files',
    '/files/constructor',
    `/files/${randomUUID()}/../${randomUUID()}`,
  ])('that is no file of ours is not there: %s', async (path) => {
    for (const method of ['GET', 'PUT']) {
      const { status, body } = await rawRequest(api().url, { path: `${path}?expires=99999999999&signature=x`, method });
      expect([status, JSON.parse(body.toString()).errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
    }
  });

  it('knows no other method', async () => {
    for (const method of ['POST', 'DELETE', 'PATCH']) {
      const { status, headers } = await rawRequest(`${api().url}/files/${randomUUID()}`, { method });
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD, PUT']);
    }
  });

  it('lets web pages of the allowed origins put and read, and tells them what they need', async () => {
    const preflight = await rawRequest(`${api().url}/files/${randomUUID()}`, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:5173', 'access-control-request-method': 'PUT' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    expect(preflight.headers['access-control-allow-methods']).toContain('PUT');
  });
});
