import { spawn } from 'node:child_process';
import { type FileHandle, open, readFile, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterPaths } from './cluster.ts';
import { codeOf, EmbeddedPostgresError, folderError } from './error.ts';
import { type Program, programEnvironment, runProgram } from './program.ts';

const POLL_MS = 20;
// A log file that has grown over this size starts anew with the next start of the server.
const LOG_BYTES = 10_000_000;
const FAST_STOP_MS = 60_000;
const IMMEDIATE_STOP_MS = 10_000;

/** What a server says about itself in postmaster.pid. `ready` means that it accepts connections. */
export interface PidFile {
  pid: number;
  port: number;
  ready: boolean;
}

/** A server process that we started. */
export interface LaunchedServer {
  /** Whether it has ended, or could not be started at all. */
  hasEnded(): boolean;
  /** What it has said so far. */
  readMessages(): Promise<string>;
}

/** The living server of this cluster, be it ready or still starting or stopping. */
export async function findServer(paths: ClusterPaths): Promise<PidFile | undefined> {
  const pidFile = await readPidFile(paths);
  return pidFile && (await isServerAlive(pidFile.pid, paths)) ? pidFile : undefined;
}

/** Reads postmaster.pid; undefined when there is none or its first line is not written yet. */
async function readPidFile(paths: ClusterPaths): Promise<PidFile | undefined> {
  const lines = (await readFile(paths.pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * Whether process `pid` is the server of this cluster. A pid file proves little: after a kill its number may belong to
 * a zombie or to another program. A server works in its data folder, which Linux shows; elsewhere the number must do.
 */
async function isServerAlive(pid: number, paths: ClusterPaths): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return workingFolder === (await realpath(paths.cluster));
}

/**
 * Starts the server on the loopback interface, on `samePort` or a free one. It is detached, so that Ctrl-C in our terminal does not
 * reach it and cut the connections of an application that is still finishing its work. Its messages go to a file,
 * because it may outlive us.
 */
export async function launchServer(
  paths: ClusterPaths,
  postgres: Program,
  settings: Record<string, string>,
  samePort?: number,
): Promise<LaunchedServer> {
  const port = String(samePort ?? (await findFreePort()));
  const all = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { size } = await stat(paths.logFile).catch(() => ({ size: 0 }));
  const offset = size < LOG_BYTES ? size : 0;
  const log = await openLog(paths, size >= LOG_BYTES);
  let ended = false;
  const child = spawn(postgres.command, [...postgres.args, '-D', paths.cluster, ...args], {
    uid: postgres.uid,
    gid: postgres.gid,
    env: programEnvironment(),
    cwd: path.parse(paths.cluster).root,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const end = () => {
    ended = true;
  };
  child.once('exit', end).once('error', end).unref();
  await log.close();
  return {
    hasEnded: () => ended,
    readMessages: async () => (await readFile(paths.logFile)).subarray(offset).toString().trim(),
  };
}

/** Two applications may start at once: each writes behind what is there, or one would write over why the other did not start. */
async function openLog({ logFile, folder }: ClusterPaths, anew: boolean): Promise<FileHandle> {
  try {
    const log = await open(logFile, 'a', 0o600);
    if (anew) await log.truncate();
    return log;
  } catch (error) {
    throw folderError(folder, error);
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('No free port was found.');
  return address.port;
}

/** Whether a start that ended with these messages may go better the next time. */
export function isPassingFailure(messages: string): boolean {
  // A server that was killed leaves processes for a moment, and a port that was free may be taken by now.
  return /lock file "postmaster.pid" already exists|pre-existing shared memory|could not bind/.test(messages);
}

/**
 * Makes PostgreSQL overlook a pid file whose number belongs to a process that is not its server. It overlooks the
 * number of its parent, which is ours. The rest of the file stays, for PostgreSQL finds by it whether other processes
 * of the dead server still use the data.
 */
export async function disownStalePidFile(paths: ClusterPaths): Promise<void> {
  const stale = await readPidFile(paths);
  if (!stale || (await isServerAlive(stale.pid, paths))) return;
  const text = await readFile(paths.pidFile, 'utf8').catch(() => '');
  if (Number.parseInt(text, 10) !== stale.pid) return;
  await writeFile(paths.pidFile, text.replace(/^\d+/, String(process.pid)));
}

/**
 * Stops the server by a fast shutdown and resolves when its pid file is gone. After a minute it is stopped without a
 * checkpoint, which the next start makes up for.
 * @throws EmbeddedPostgresError when it runs on all the same
 */
export async function stopServer(paths: ClusterPaths, pid: number, pgCtl: Program): Promise<void> {
  await signalServer(paths, pid, 'fast', pgCtl);
  if (await isServerGone(paths, pid, FAST_STOP_MS)) return;
  await signalServer(paths, pid, 'immediate', pgCtl);
  if (await isServerGone(paths, pid, IMMEDIATE_STOP_MS)) return;
  throw new EmbeddedPostgresError(`PostgreSQL (process ${pid}) on ${paths.cluster} does not stop.`);
}

async function signalServer(
  paths: ClusterPaths,
  pid: number,
  mode: 'fast' | 'immediate',
  pgCtl: Program,
): Promise<void> {
  if ((await findServer(paths))?.pid !== pid) return;
  if (process.platform === 'win32') {
    await runProgram(pgCtl, ['stop', '-D', paths.cluster, '-m', mode, '-W']);
    return;
  }
  try {
    process.kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function isServerGone(paths: ClusterPaths, pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while ((await findServer(paths))?.pid === pid) {
    if (Date.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
