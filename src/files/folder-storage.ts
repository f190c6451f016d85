import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isStoredName, NotStored, requireStoredName, type Storage } from './storage.ts';

/** A storage in a folder of this machine, made when it is first written to; its owner alone can read it. */
export function createFolderStorage(root: string): Storage {
  const shelfOf = (storedAs: string) => path.join(root, requireStoredName(storedAs).slice(0, 2));
  const placeOf = (storedAs: string) => path.join(shelfOf(storedAs), storedAs);

  return {
    async write(storedAs, bytes, signal) {
      await mkdir(shelfOf(storedAs), { recursive: true, mode: 0o700 });
      const file = createWriteStream(placeOf(storedAs), { flags: 'wx', mode: 0o600, flush: true });
      await pipeline(bytes, file, { signal });
    },
    async read(storedAs, range) {
      const file = await open(placeOf(storedAs), 'r').catch((error: unknown) => {
        throw isAbsent(error) ? new NotStored(`there is no ${storedAs}`, { cause: error }) : error;
      });
      return file.createReadStream(range);
    },
    remove: (storedAs) => rm(placeOf(storedAs), { force: true }),
    async *list() {
      for (const shelf of await namesIn(root)) {
        if (!/^[0-9a-f]{2}$/.test(shelf)) continue;
        yield* (await namesIn(path.join(root, shelf))).filter((name) => isStoredName(name) && name.startsWith(shelf));
      }
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
}

const isAbsent = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
