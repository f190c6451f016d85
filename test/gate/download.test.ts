import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { rawRequest, useFileApi } from '../support/file-api.ts';
import { makeFile, rowsOfText, sha256Of, useStorage } from '../support/files.ts';

const database = useDatabase();
const storage = useStorage();
const api = useFileApi(database, storage);

const CSV = rowsOfText(100_000);

describe('a file that is got', () => {
  async function made(bytes: Buffer = CSV, name = 'demand.csv', contentType = 'text/csv') {
    const { jobId, userId } = await makeJob(database().pool, { status: 'QUEUED' });
    const storedAs = await storage().put(bytes);
    await makeFile(database().pool, { userId, jobId, bytes, storedAs, name, contentType });
    const { job } = await api().ask<{ job: { files: { url: string; expiresAt: string }[] } }>(
      await api().token(userId),
      'query ($id: ID!) { job(id: $id) { files { url expiresAt } } }',
      { id: jobId },
    );
    return { jobId, userId, storedAs, ...job.files[0]! };
  }

  it('comes whole, as something to be saved, and is kept by nobody on the way', async () => {
    const { url, expiresAt } = await made();
    const { status, headers, body } = await rawRequest(url);
    expect([status, body.equals(CSV)]).toEqual([200, true]);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-length': '100000',
      'content-disposition': 'attachment; filename=demand.csv',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
      etag: `"${sha256Of(CSV)}"`,
    });
    const left = Date.parse(expiresAt) - Date.now();
    expect(left).toBeGreaterThan(4 * 60_000);
    expect(left).toBeLessThanOrEqual(5 * 60_000);
  });

  it.each([
    ['bytes=0-9', 206, [0, 10], 'bytes 0-9/100000'],
    ['bytes=99990-', 206, [99_990, 100_000], 'bytes 99990-99999/100000'],
    ['bytes=-5', 206, [99_995, 100_000], 'bytes 99995-99999/100000'],
    ['bytes=99990-200000', 206, [99_990, 100_000], 'bytes 99990-99999/100000'],
    ['bytes=0-1,5-6', 200, [0, 100_000], undefined],
    ['lines=0-1', 200, [0, 100_000], undefined],
    ['bytes=5-1x', 200, [0, 100_000], undefined],
  ] as const)('comes in the range %s', async (range, status, [from, to], contentRange) => {
    const { url } = await made();
    const answer = await rawRequest(url, { headers: { range } });
    expect([answer.status, answer.headers['content-range']]).toEqual([status, contentRange]);
    expect(answer.body.equals(CSV.subarray(from, to))).toBe(true);
    expect(answer.headers['content-length']).toBe(String(to - from));
  });

  it('says how long it is where a range lies behind its end', async () => {
    const { url } = await made();
    const { status, headers, body } = await rawRequest(url, { headers: { range: 'bytes=100000-' } });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */100000']);
    expect(JSON.parse(body.toString()).errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it('goes on where a download broke off only as long as it is the same file', async () => {
    const { url } = await made();
    const same = { range: 'bytes=10-', 'if-range': `"${sha256Of(CSV)}"` };
    expect((await rawRequest(url, { headers: same })).status).toBe(206);
    expect((await rawRequest(url, { headers: { ...same, 'if-range': '"another"' } })).status).toBe(200);
  });

  it('can be asked for its head', async () => {
    const { url } = await made();
    const { status, headers, body } = await rawRequest(url, { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, '100000', 0]);
  });

  it.each([
    [
      'naïve “list”.csv',
      'attachment; filename="na?ve ?list?.csv"; filename*=UTF-8\'\'na%C3%AFve%20%E2%80%9Clist%E2%80%9D.csv',
    ],
    ['a"b;c.csv', 'attachment; filename="a\\"b;c.csv"'],
    ['<script>.html', 'attachment; filename="<script>.html"'],
  ])('has the name %s, and nothing of it is a header of its own', async (name, disposition) => {
    const { url } = await made(CSV, name, 'text/html');
    const { headers } = await rawRequest(url);
    expect(headers['content-disposition']).toBe(disposition);
  });

  it('is sent as fast as it is read and no faster', async () => {
    const big = gzipSync(Buffer.alloc(300_000, 'x'), { level: 0 });
    const bytes = Buffer.concat(Array.from({ length: 100 }, () => big));
    const { url } = await made(bytes, 'big.bin', 'application/octet-stream');
    const before = process.memoryUsage().rss;
    const readers = Array.from(
      { length: 20 },
      () =>
        new Promise<() => Promise<number>>((resolve, reject) => {
          httpRequest(url, { agent: false }, (response) => {
            response.pause();
            resolve(async () => {
              let read = 0;
              for await (const chunk of response) read += chunk.length;
              return read;
            });
          })
            .once('error', reject)
            .end();
        }),
    );
    const goOn = await Promise.all(readers);
    // Until nothing more comes: how soon that is depends on the machine.
    for (let grown = true; grown; ) {
      const held = process.memoryUsage().rss;
      await delay(300);
      grown = process.memoryUsage().rss - held > 1_000_000;
    }
    // Twenty readers who do not read, of thirty megabytes each; both ends of each connection are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(128_000_000);
    expect(await goOn[0]!()).toBe(bytes.length);
    const rest = await Promise.all(goOn.slice(1).map((read) => read()));
    expect(new Set(rest)).toEqual(new Set([bytes.length]));
  }, 180_000);

  it('is not there once its job is deleted, or its bytes are lost', async () => {
    const deleted = await made();
    await api().ask(
      await api().token(deleted.userId),
      'mutation ($id: ID!) { deleteJob(input: { id: $id, force: true }) { deletedJobId } }',
      { id: deleted.jobId },
    );
    expect((await rawRequest(deleted.url)).status).toBe(404);
    await vi.waitFor(async () => expect(await storage().names()).not.toContain(deleted.storedAs), { timeout: 10_000 });
    const lost = await made();
    await storage().storage.remove(lost.storedAs);
    const answer = await rawRequest(lost.url);
    expect([answer.status, answer.headers['content-disposition']]).toEqual([404, undefined]);
    expect(api().log.messages()).toContain('the bytes of a file are lost');
  });

  it('is opened by its own link alone', async () => {
    const [{ url }, another] = [await made(), await made()];
    const signature = new URL(url).searchParams.get('signature') ?? '';
    for (const bent of [
      url.replace(signature, new URL(another.url).searchParams.get('signature') ?? ''),
      url.replace(/expires=\d+/, 'expires=99999999999'),
      url.replace(/expires=\d+/, 'expires=1'),
      url.split('?')[0]!,
    ]) {
      const { status, body } = await rawRequest(bent);
      expect([status, JSON.parse(body.toString()).errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
    }
    expect((await rawRequest(url, { method: 'PUT', body: CSV })).status).toBe(404);
  });
});
