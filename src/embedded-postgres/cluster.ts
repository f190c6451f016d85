import { randomBytes } from 'node:crypto';
import { access, chmod, chown, lchown, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.ts';
import { codeOf, EmbeddedPostgresError, folderError } from './error.ts';
import { type Program, runProgram } from './program.ts';

const FOLDER = 'postgres';
const UNFINISHED = 'postgres.new-';

/** The superuser of the cluster. */
export const SUPERUSER = 'postgres';

/** Where the embedded PostgreSQL keeps its things inside the data folder. */
export interface ClusterPaths {
  dataDir: string;
  folder: string;
  cluster: string;
  passwordFile: string;
  logFile: string;
  pidFile: string;
}

/** The paths for a data folder, which need not exist. */
export function clusterPaths(dataDir: string): ClusterPaths {
  return pathsIn(dataDir, path.join(dataDir, FOLDER));
}

function pathsIn(dataDir: string, folder: string): ClusterPaths {
  const cluster = path.join(folder, 'cluster');
  return {
    dataDir,
    folder,
    cluster,
    passwordFile: path.join(folder, 'password'),
    logFile: path.join(folder, 'server.log'),
    pidFile: path.join(cluster, 'postmaster.pid'),
  };
}

/**
 * Whether a finished cluster is there. An unfinished one never has this name.
 * @throws EmbeddedPostgresError when we may not look
 */
export async function clusterExists(paths: ClusterPaths): Promise<boolean> {
  try {
    await access(path.join(paths.cluster, 'PG_VERSION'));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw folderError(paths.folder, error);
  }
}

/**
 * Makes the cluster in a folder of another name and renames it when it is complete, so that a kill at any moment leaves
 * either no cluster or a whole one. When two processes do this at once, the first to finish wins and the other uses it.
 * @param durable false skips the wait for the disk, for throw-away clusters
 * @throws EmbeddedPostgresError when initdb fails or the folder holds something else
 */
export async function createCluster(
  paths: ClusterPaths,
  initdb: Program,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  if ((await readdir(paths.folder).catch(() => [])).length > 0) {
    if (await clusterExists(paths)) return;
    throw new EmbeddedPostgresError(
      `The folder ${paths.folder} is not empty, but holds no PostgreSQL data. Move it away or choose another data folder.`,
    );
  }
  const fresh = pathsIn(paths.dataDir, await mkdtemp(path.join(paths.dataDir, UNFINISHED)));
  try {
    await chmod(fresh.folder, 0o711);
    await mkdir(fresh.cluster, { mode: 0o700 });
    await writePassword(fresh.passwordFile);
    if (account) {
      await chown(fresh.cluster, account.uid, account.gid);
      await chown(fresh.passwordFile, account.uid, account.gid);
    }
    await runInitdb(fresh, initdb, durable);
    if (account) await chown(fresh.passwordFile, 0, 0);
    await rename(fresh.folder, paths.folder);
  } catch (error) {
    await rm(fresh.folder, { recursive: true, force: true });
    if (await clusterExists(paths)) return;
    throw error instanceof EmbeddedPostgresError ? error : folderError(paths.dataDir, error);
  }
}

async function writePassword(file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  await handle.writeFile(randomBytes(24).toString('base64url'));
  await handle.sync();
  await handle.close();
}

async function runInitdb(fresh: ClusterPaths, initdb: Program, durable: boolean): Promise<void> {
  // The built-in locale sorts by code point and is part of PostgreSQL: an update of the system's C library cannot
  // change the order that indexes were built in.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${fresh.passwordFile}`];
  const args = ['-D', fresh.cluster, ...locale, ...access, ...(durable ? [] : ['--no-sync'])];
  try {
    await runProgram(initdb, args);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `PostgreSQL could not make its files in ${fresh.dataDir}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/**
 * Removes what killed runs left of unfinished clusters, as far as it can: an initdb whose parent was killed may still be
 * writing. Only for the process that holds the data folder's lock.
 */
export async function removeUnfinishedClusters(dataDir: string): Promise<void> {
  const left = (await readdir(dataDir)).filter((name) => name.startsWith(UNFINISHED));
  const remove = (name: string) =>
    rm(path.join(dataDir, name), { recursive: true, force: true }).catch(() => undefined);
  await Promise.all(left.map(remove));
}

/** Gives a cluster that belongs to root (a copied or restored one) to the account: PostgreSQL insists on owning it. */
export async function giveCluster(cluster: string, account: Account): Promise<void> {
  if ((await stat(cluster)).uid !== 0) return;
  const entries = await readdir(cluster, { recursive: true });
  for (const entry of entries) await lchown(path.join(cluster, entry), account.uid, account.gid);
  await chown(cluster, account.uid, account.gid);
}
