import { readdir, readFile } from 'node:fs/promises';

// What Linux says of a process in /proc: https://man7.org/linux/man-pages/man5/proc.5.html

/** The ticks of a second in which the system counts the time of processors; the same on every Linux of today. */
const TICKS = 100;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

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
export async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, which may hold anything, ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) / TICKS;
}

/** How many files and sockets a process has open. */
export const openHandles = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;
