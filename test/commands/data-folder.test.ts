import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSecret, prepareDataFolder, readSecret, replaceSecret } from '../../src/commands/data-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is made with its parents and left empty', async () => {
    const nested = path.join(folder, 'a', 'b');
    await prepareDataFolder(nested);
    expect(await readdir(nested)).toEqual([]);
  });

  it('that is a file is refused by name', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    await expect(prepareDataFolder(file)).rejects.toThrow(`The data folder ${file} is a file, not a folder.`);
    await expect(prepareDataFolder(path.join(file, 'b'))).rejects.toThrow('one of its parents is a file');
  });

  it('keeps a secret once made, readable by its owner only', async () => {
    expect(await keepSecret(folder, 'jwt-secret', () => 'first')).toBe('first');
    expect(await keepSecret(folder, 'jwt-secret', () => 'second')).toBe('first');
    expect(await readSecret(folder, 'jwt-secret')).toBe('first');
    expect((await stat(path.join(folder, 'jwt-secret'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['jwt-secret']);
  });

  it('leaves a secret that another process makes at the same moment, and takes it', async () => {
    const file = path.join(folder, 'jwt-secret');
    const late = () => {
      writeFileSync(file, 'theirs');
      return 'ours';
    };
    expect(await keepSecret(folder, 'jwt-secret', late)).toBe('theirs');
    expect(await readdir(folder)).toEqual(['jwt-secret']);
  });

  it('gives a replaced secret the same protection', async () => {
    await writeFile(path.join(folder, 'service-token'), 'old');
    await chmod(path.join(folder, 'service-token'), 0o644);
    await replaceSecret(folder, 'service-token', 'new');
    expect(await readSecret(folder, 'service-token')).toBe('new');
    expect((await stat(path.join(folder, 'service-token'))).mode & 0o777).toBe(0o600);
  });

  it('has no secret that was not made, and refuses an empty one by name', async () => {
    expect(await readSecret(folder, 'jwt-secret')).toBeUndefined();
    await writeFile(path.join(folder, 'jwt-secret'), '\n');
    await expect(readSecret(folder, 'jwt-secret')).rejects.toThrow(`${folder}/jwt-secret is empty. Delete it`);
  });
});
