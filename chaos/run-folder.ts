import {
  accessSync,
  constants,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const PREFIX = 'assay-chaos-';
const SHARED_MEMORY = '/dev/shm';
const NEEDED_BYTES = 1_000_000_000;
const GONE_LIMIT_MS = 3_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Processes to end with this one, however it ends; those of the run folder on Linux are found without being named. */
const ours = new Set<number>();

/** Ends the process `pid` when this one exits. Returns what forgets it again, once it has ended by itself. */
export function endWithUs(pid: number): () => void {
  ours.add(pid);
  return () => void ours.delete(pid);
}

/**
 * Makes the folder in which all of a run lives: PostgreSQL's data, the logs, the working folder of each process. When this
 * process exits, also by a signal, its processes are killed and the folder is removed. What a killed run left behind is
 * removed here by the next one.
 */
export async function makeRunFolder(): Promise<string> {
  for (const root of new Set([temporaryRoot(), os.tmpdir()])) sweep(root);
  const folder = await mkdtemp(path.join(temporaryRoot(), `${PREFIX}${process.pid}-`));
  // Closed to others it would also be closed to the user that PostgreSQL runs as when we are root.
  await chmod(folder, 0o711);
  process.once('exit', () => {
    for (const pid of ours) end(pid);
    clear(folder);
  });
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
  return folder;
}

/** In memory where there is room: a run writes a lot, and nothing of it has to survive. */
function temporaryRoot(): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize >= NEEDED_BYTES ? SHARED_MEMORY : os.tmpdir();
  } catch {
    return os.tmpdir();
  }
}

function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) clear(path.join(root, name));
  }
}

/** Without awaiting, as an exit handler must. */
function clear(folder: string): void {
  const deadline = Date.now() + GONE_LIMIT_MS;
  for (let left = livingIn(folder); left.length > 0 && Date.now() < deadline; left = livingIn(folder)) {
    for (const pid of left) end(pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The processes that work in a folder, PostgreSQL's among them. Elsewhere than on Linux, its server as its pid file has it. */
function livingIn(folder: string): number[] {
  if (process.platform !== 'linux') {
    const pid = postmasterOf(folder);
    return pid !== undefined && isAlive(pid) ? [pid] : [];
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const place = readlinkSync(`/proc/${name}/cwd`);
        return place === folder || place.startsWith(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * The number of the PostgreSQL server in a data folder, from its pid file; undefined when it is not up. After a kill the
 * file may name any process, and while the server is started again it may name us.
 */
export function postmasterOf(dataDir: string): number | undefined {
  const cluster = path.join(dataDir, 'postgres', 'cluster');
  try {
    const pid = Number.parseInt(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8'), 10);
    const isOther = process.platform === 'linux' && readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(cluster);
    return pid > 0 && pid !== process.pid && !isOther ? pid : undefined;
  } catch {
    return undefined;
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
