import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

// What Linux says of a process in /proc: https://man7.org/linux/man-pages/man5/proc.5.html

/** The ticks of a second in which the system counts the time of processors; the same on every Linux of today. */
const TICKS = 100;
/** Where the times in user mode and in the system stand. */
const OWN_TIMES = [11, 12];
/** The same two of children that have ended. */
const CHILDREN_TIMES = [13, 14];

/** Bytes of memory that a process holds. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

/** The most bytes of memory that a process has held so far. */
export async function peakResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

/** Seconds of processor time that all threads of a process have used. */
export const processorSeconds = (pid: number): Promise<number> => secondsOf(pid, OWN_TIMES);

/** The same of a process and all the children it ever had, which is how PostgreSQL serves its sessions. */
export async function familySeconds(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
  // One that ends meanwhile is missed once: its parent counts it from then on.
  const living = await Promise.all(children.map((child) => processorSeconds(child).catch(() => 0)));
  return living.reduce((sum, seconds) => sum + seconds, await secondsOf(pid, [...OWN_TIMES, ...CHILDREN_TIMES]));
}

async function secondsOf(pid: number, times: readonly number[]): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, which may hold anything, ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return times.reduce((sum, time) => sum + Number(fields[time]), 0) / TICKS;
}

/** How many files and sockets a process has open. */
export const openHandles = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

/** How many of them this process may have open, and with it the processes that it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}
