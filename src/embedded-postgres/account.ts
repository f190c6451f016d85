import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './error.ts';
import { type Program, runProgram } from './program.ts';

/** The unprivileged user and group (numeric ids) that PostgreSQL runs as when we are root, which it refuses to be. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * Whom PostgreSQL runs as: nobody else than us when we are not root; as root the owner of the existing cluster, so that
 * a cluster made by a normal user stays his, else the user `postgres`, else `nobody`.
 */
export async function findAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user?.[2] ?? 65534), gid: Number(user?.[3] ?? 65534) };
}

/**
 * Finds a way to run PostgreSQL's programs as the account and proves it by running one.
 * @throws EmbeddedPostgresError when there is none; it names the folder that the account may not enter, if it is that
 */
export async function prepareProgram(
  account: Account | undefined,
  binaries: Binaries,
  dataDir: string,
): Promise<(file: string) => Program> {
  const blocking =
    account && ((await findClosedFolder(account, binaries.folder)) ?? (await findClosedFolder(account, dataDir)));
  const program = (file: string) => programAs(account, blocking !== undefined, file);
  try {
    await runProgram(program(binaries.postgres), ['--version']);
    return program;
  } catch (error) {
    if (account && blocking) throw closedFolderError(account, blocking, error);
    const as = account ? ` as user ${account.uid} (it refuses to run as root)` : '';
    throw new EmbeddedPostgresError(
      `The installed PostgreSQL does not run here${as}: ${error instanceof Error ? error.message : String(error)}. ` +
        'Set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

/** The first folder on the way to `target` (itself included) that the account may not enter, or undefined. */
async function findClosedFolder(account: Account, target: string): Promise<string | undefined> {
  let folder = path.parse(target).root;
  for (const part of path.relative(folder, await realpath(target)).split(path.sep)) {
    if (!(await mayEnter(account, folder))) return folder;
    folder = path.join(folder, part);
  }
  return (await mayEnter(account, folder)) ? undefined : folder;
}

async function mayEnter(account: Account, folder: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === account.gid ? 0o010 : 0o001)) !== 0;
}

/**
 * The program run as the account, or as ourselves. `enterAnyFolder` leaves it the one Linux capability that opens
 * folders which are closed to it, by `setpriv` of util-linux. The securebit is needed because access(2), with which
 * PostgreSQL looks for its own programs, otherwise disregards the capabilities of everyone but root.
 */
function programAs(account: Account | undefined, enterAnyFolder: boolean, file: string): Program {
  if (!account) return { command: file, args: [] };
  if (!enterAnyFolder) return { command: file, args: [], ...account };
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  const capability = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return { command: 'setpriv', args: [...ids, ...capability, '--securebits=+no_setuid_fixup', file] };
}

function closedFolderError(account: Account, folder: string, cause: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and user ${account.uid}, as whom it would run, may not enter ${folder}. ` +
      `Open that folder (chmod o+x ${folder}), run assay as a normal user, keep the project and its data in other ` +
      'folders, or set DATABASE_URL.',
    { cause },
  );
}
