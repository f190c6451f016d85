import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;

/** Waits until something is so. @returns false when it is not within the limit */
export async function within(limitMs: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const deadline = performance.now() + limitMs; ; ) {
    if (await isSo()) return true;
    if (performance.now() > deadline) return false;
    await delay(LOOK_MS);
  }
}

/** Does the same for each of many, `width` of them at one time. @returns the outcomes in their order */
export async function forEach<T, R>(many: readonly T[], width: number, act: (one: T, index: number) => Promise<R>) {
  const outcomes: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < many.length; index = next++) outcomes[index] = await act(many[index] as T, index);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}
