import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where Debian keeps the tools of each version of PostgreSQL; those of other systems are found by PATH. */
const DEBIAN = '/usr/lib/postgresql';

/** pg_dump and pg_restore of one version of PostgreSQL. */
export interface BackupTools {
  /** Where they are; empty where PATH has them. */
  folder: string;
  /** Writes a backup of a database to a file, while it is in use. */
  dump(url: string, file: string): Promise<void>;
  /** Reads it into an empty database. @throws where a single statement fails */
  restore(url: string, file: string): Promise<void>;
}

/**
 * The oldest tools of this machine that can read a server: pg_dump refuses one that is newer than itself.
 * @param major the version of the server
 * @returns null where there are none
 */
export async function findBackupTools(major: number): Promise<BackupTools | null> {
  const versions = (await readdir(DEBIAN).catch(() => [])).sort((one, other) => Number(one) - Number(other));
  for (const folder of ['', ...versions.map((version) => path.join(DEBIAN, version, 'bin'))]) {
    const dump = path.join(folder, 'pg_dump');
    const { stdout } = await run(dump, ['--version']).catch(() => ({ stdout: '' }));
    if (Number(/\) (\d+)/.exec(stdout)?.[1]) >= major) return toolsIn(folder, dump);
  }
  return null;
}

const toolsIn = (folder: string, dump: string): BackupTools => ({
  folder,
  dump: async (url, file) => void (await run(dump, ['--format=custom', `--file=${file}`, url])),
  restore: async (url, file) =>
    void (await run(path.join(folder, 'pg_restore'), [
      '--exit-on-error',
      '--no-owner',
      '--no-privileges',
      `--dbname=${url}`,
      file,
    ])),
});
