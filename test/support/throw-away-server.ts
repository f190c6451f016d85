import { accessSync, constants, readdirSync, readFileSync, readlinkSync, rmSync, statfsSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded-postgres.ts';

const FOLDER_PREFIX = 'assay-test-';
const SHARED_MEMORY = '/dev/shm';
const NEEDED_BYTES = 1_000_000_000;
const STOP_LIMIT_MS = 3_000;
// Nothing a test writes has to survive a power cut.
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };

/**
 * Starts an embedded PostgreSQL in a temporary folder, in memory where there is room. The folder goes with `stop` or,
 * whatever happens, when this process exits; only after a SIGKILL it is left to the next run, which removes it here.
 */
export async function startThrowAwayServer(): Promise<{ url: string; stop(): Promise<void> }> {
  sweepFolders();
  const dataDir = await mkdtemp(path.join(temporaryRoot(), `${FOLDER_PREFIX}${process.pid}-`));
  // Made for its owner alone, it would be closed to the user PostgreSQL runs as when we are root.
  await chmod(dataDir, 0o711);
  const removeAtExit = () => removeFolder(dataDir);
  // Ctrl-C ends vitest without a global teardown, and leaves no time for anything that has to be awaited.
  const onSignal = (signal: NodeJS.Signals) => process.exit(128 + os.constants.signals[signal]);
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  process.once('exit', removeAtExit);
  for (const signal of signals) process.once(signal, onSignal);
  const server = await startEmbeddedPostgres({ dataDir, database: 'maintenance', settings: FAST });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      process.off('exit', removeAtExit);
      for (const signal of signals) process.off(signal, onSignal);
      removeFolder(dataDir);
    },
  };
}

/** Where temporary folders go: into memory where there is room, else to the system's temporary folder. */
export function temporaryRoot(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize >= NEEDED_BYTES ? SHARED_MEMORY : os.tmpdir();
  } catch {
    return os.tmpdir();
  }
}

function sweepFolders(): void {
  for (const root of new Set([temporaryRoot(), os.tmpdir()])) {
    for (const name of readdirSync(root)) {
      const pid = Number(new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1]);
      if (pid > 0 && !isAlive(pid)) removeFolder(path.join(root, name));
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed process whose parent does not ask after it stays in the table, without a command line.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Removes a data folder after ending its server, if one runs; without awaiting, as an exit handler must. */
export function removeFolder(dataDir: string): void {
  const cluster = path.join(dataDir, 'postgres', 'cluster');
  const pid = serverPid(cluster);
  if (pid !== undefined) {
    process.kill(pid, 'SIGQUIT');
    const deadline = Date.now() + STOP_LIMIT_MS;
    while (serverPid(cluster) !== undefined && Date.now() < deadline) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function serverPid(cluster: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 0);
    // The number may be another process's by now; a server works in its cluster's folder.
    return process.platform === 'linux' && readlinkSync(`/proc/${pid}/cwd`) !== cluster ? undefined : pid;
  } catch {
    return undefined;
  }
}
