import { setTimeout as delay } from 'node:timers/promises';
import type { LoadParts } from './load-parts.ts';
import { createSteering } from './steering.ts';
import { createSubmit } from './submits.ts';

const STEERS_PER_SUBMIT = 0.45;

/**
 * Submits at a steady pace and steers what it has submitted, until the signal. Resolves when every request has its
 * outcome.
 */
export async function runLoad(parts: LoadParts, signal: AbortSignal): Promise<void> {
  const { random, jobsPerSecond } = parts;
  const steering = createSteering(parts);
  const underWay = new Set<Promise<void>>();
  const spawn = (work: Promise<void>) => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const submit = createSubmit(parts, (job) => {
    steering.know(job);
    parts.onSubmitted(job);
  });
  while (!signal.aborted) {
    spawn(submit());
    if (random.chance(STEERS_PER_SUBMIT)) spawn(steering.steer());
    const pause = (-Math.log(1 - random.next()) * 1_000) / jobsPerSecond;
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(underWay);
}
