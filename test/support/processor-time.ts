import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of processor time that all threads of this process use while `ms` pass. */
export async function burntIn(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await delay(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
