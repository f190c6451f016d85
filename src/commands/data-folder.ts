import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { CommandError, codeOf } from './command-error.ts';

/** A file of the data folder that only its owner may read. */
export type SecretName = 'jwt-secret' | 'service-token' | 'demo-user' | 'user-token' | 'database-url';

/**
 * Makes the data folder where it is missing and writes to it once, to know now rather than later that one can.
 * @throws CommandError saying why not
 */
export async function prepareDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await rm(await writeTemporary(dataDir, 'probe', ''));
  } catch (error) {
    throw folderError(dataDir, error);
  }
}

/** Reads a secret; undefined when there is none. @throws CommandError when it cannot be read or is empty */
export async function readSecret(dataDir: string, name: SecretName): Promise<string | undefined> {
  const file = path.join(dataDir, name);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) !== 'EACCES') throw folderError(dataDir, error);
    throw new CommandError(
      `${file} belongs to another user: was Assay started as root before? ` +
        'Start it as that user again, give the folder to this one (chown -R), or set ASSAY_DATA_DIR to another folder.',
      { cause: error },
    );
  });
  if (text?.trim() === '') throw new CommandError(`${file} is empty. Delete it: the next start makes a new one.`);
  return text?.trim();
}

/** Reads a secret, or makes it once and for all: of two processes that make it at the same time both get the first one. */
export async function keepSecret(dataDir: string, name: SecretName, make: () => string): Promise<string> {
  const kept = await readSecret(dataDir, name);
  if (kept !== undefined) return kept;
  const temporary = await writeTemporary(dataDir, name, make());
  try {
    // Unlike a rename, a link does not replace what another process may have put there since.
    await link(temporary, path.join(dataDir, name));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw folderError(dataDir, error);
  } finally {
    await rm(temporary);
  }
  return (await readSecret(dataDir, name)) ?? '';
}

/** Writes a secret in place of the one that may be there; a reader sees the old one or the new one, whole. */
export async function replaceSecret(dataDir: string, name: SecretName, secret: string): Promise<void> {
  await rename(await writeTemporary(dataDir, name, secret), path.join(dataDir, name));
}

export async function removeSecret(dataDir: string, name: SecretName): Promise<void> {
  await rm(path.join(dataDir, name), { force: true });
}

async function writeTemporary(dataDir: string, name: string, text: string): Promise<string> {
  const file = path.join(dataDir, `.${name}-${randomUUID()}`);
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text === '' ? '' : `${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return file;
}

const REASONS: Record<string, string> = {
  EACCES: 'is not writable for the user',
  EPERM: 'is not writable for the user',
  EROFS: 'is on a file system that is read-only',
  ENOTDIR: 'cannot be made: one of its parents is a file',
  EEXIST: 'is a file, not a folder',
  ENOSPC: 'cannot be written: the disk is full',
  EDQUOT: 'cannot be written: the disk quota is used up',
};

function folderError(dataDir: string, error: unknown): unknown {
  const reason = REASONS[codeOf(error) ?? '']?.replace(/user$/, () => `user ${userName()}`);
  if (reason === undefined) return error;
  return new CommandError(`The data folder ${dataDir} ${reason}. Mend that, or set ASSAY_DATA_DIR to another folder.`, {
    cause: error,
  });
}

/** A container may run as a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
