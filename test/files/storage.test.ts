import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NotStored } from '../../src/files/storage.ts';
import { storageUrlOf } from '../../src/files/storage-url.ts';
import { chunked, type TestStorage, testStorage, useStorage } from '../support/files.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';

const MIB = 1_048_576;
const inFolder = useStorage();
let server: S3Server;
let inBucket: TestStorage;
beforeAll(async () => {
  server = await startS3Server();
  inBucket = await testStorage(server.url);
});
afterAll(() => server.stop());

/** Bytes that break off with an error. */
async function* broken(bytes: Uint8Array) {
  yield* chunked(bytes);
  throw new Error('the source broke off');
}

describe.each([
  ['a folder', () => inFolder()],
  ['a bucket', () => inBucket],
])('a storage in %s', (_where, kept) => {
  // Beyond 5 MiB a bucket takes them in parts.
  it.each([1, 1_000, 5 * MIB, 12 * MIB + 7])('gives back the %d bytes that it was given', async (size) => {
    const bytes = randomBytes(size);
    const name = await kept().put(bytes);
    expect((await kept().get(name)).equals(bytes)).toBe(true);
    await kept().storage.remove(name);
  });

  it('gives a stretch of them', async () => {
    const bytes = randomBytes(100_000);
    const name = await kept().put(bytes);
    const stretch = await kept().storage.read(name, { start: 99, end: 50_000 });
    expect((await buffer(stretch)).equals(bytes.subarray(99, 50_001))).toBe(true);
    await kept().storage.remove(name);
  });

  it('has nothing under a name that was removed, or never there, and removes it without complaint', async () => {
    const name = await kept().put(Buffer.from('x'));
    await kept().storage.remove(name);
    await kept().storage.remove(name);
    await expect(kept().storage.read(name)).rejects.toThrow(NotStored);
    await expect(kept().storage.read(randomUUID())).rejects.toThrow(NotStored);
  });

  it('lists what it keeps, page after page', async () => {
    const names = await Promise.all(Array.from({ length: 7 }, () => kept().put(Buffer.from('x'))));
    expect(await kept().names()).toEqual(names.toSorted());
    for (const name of names) await kept().storage.remove(name);
    expect(await kept().names()).toEqual([]);
  });

  it.each([10, 7 * MIB])(
    'tells of a source that breaks off after %d bytes, and can be rid of what came',
    async (size) => {
      const name = randomUUID();
      await expect(kept().storage.write(name, broken(Buffer.alloc(size)))).rejects.toThrow('the source broke off');
      await kept().storage.remove(name);
      expect(await kept().names()).toEqual([]);
      expect(server.open()).toBe(0);
    },
  );

  it('stops when it is told to, and closes the source', async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield randomBytes(65_536);
      } finally {
        isClosed = true;
      }
    }
    const name = randomUUID();
    const stop = new AbortController();
    const writing = kept().storage.write(name, endless(), stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(writing).rejects.toThrow(/enough|aborted/);
    await vi.waitFor(() => expect(isClosed).toBe(true), { timeout: 10_000 });
    await kept().storage.remove(name);
    expect(await kept().names()).toEqual([]);
  });

  it.each(['../escape', '/etc/passwd', '', 'a\0b', '..', 'C:\\x', `${randomUUID()}/..`, randomUUID().toUpperCase()])(
    'takes no name but one of ours: %j',
    async (name) => {
      await expect(async () => await kept().storage.write(name, chunked(Buffer.from('x')))).rejects.toThrow(TypeError);
      await expect(async () => await kept().storage.read(name)).rejects.toThrow(TypeError);
      await expect(async () => await kept().storage.remove(name)).rejects.toThrow(TypeError);
    },
  );
});

describe('a storage in a folder', () => {
  it('is for its owner alone, and writes a name once', async () => {
    const name = await inFolder().put(Buffer.from('mine'));
    const file = path.join(inFolder().folder, name.slice(0, 2), name);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    await expect(inFolder().storage.write(name, chunked(Buffer.from('yours')))).rejects.toThrow('EEXIST');
    expect(await readFile(file, 'utf8')).toBe('mine');
    await inFolder().storage.remove(name);
  });

  it('does not take the files of others for its own', async () => {
    const other = path.join(inFolder().folder, 'ab');
    await mkdir(other, { recursive: true });
    await writeFile(path.join(other, 'notes.txt'), 'x');
    await writeFile(path.join(other, randomUUID().replace(/^../, 'cd')), 'x');
    await writeFile(path.join(inFolder().folder, randomUUID()), 'x');
    expect(await inFolder().names()).toEqual([]);
  });

  it('is made when it is first written to', async () => {
    const folder = path.join(inFolder().folder, 'not/there yet');
    const fresh = await testStorage(pathToFileURL(folder).href);
    expect(await fresh.names()).toEqual([]);
    await expect(fresh.storage.read(randomUUID())).rejects.toThrow(NotStored);
    expect((await fresh.get(await fresh.put(Buffer.from('x')))).toString()).toBe('x');
  });
});

describe('a storage in a bucket', () => {
  it('keeps to its prefix', async () => {
    server.objects.set('files/of another/x', Buffer.from('x'));
    server.objects.set('files/of assay/notes.txt', Buffer.from('x'));
    const name = await inBucket.put(Buffer.from('x'));
    expect([...server.objects.keys()]).toContain(`files/of assay/${name}`);
    expect(await inBucket.names()).toEqual([name]);
    await inBucket.storage.remove(name);
    expect(server.objects.size).toBe(2);
    server.objects.clear();
  });

  it('tries again where the server asks for patience, and says so where that does not help', async () => {
    const name = await inBucket.put(Buffer.from('x'));
    server.fail(2);
    expect((await inBucket.get(name)).toString()).toBe('x');
    server.fail(100);
    await expect(inBucket.storage.read(name)).rejects.toThrow();
    server.fail(0);
    await inBucket.storage.remove(name);
  });

  it('is read at the pace of its reader', async () => {
    const name = await inBucket.put(randomBytes(20 * MIB));
    const before = process.memoryUsage().rss;
    const stream: Readable = await inBucket.storage.read(name);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stream.readableLength).toBeLessThan(MIB);
    stream.destroy();
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * MIB);
    await inBucket.storage.remove(name);
  });
});

describe('the place of an installation’s files', () => {
  it('is the configured one, else in the data folder', () => {
    expect(storageUrlOf({ dataDir: '/srv/my data' })).toBe('file:///srv/my%20data/files');
    expect(storageUrlOf({ dataDir: '/srv', storageUrl: 's3://bucket' })).toBe('s3://bucket');
  });
});
