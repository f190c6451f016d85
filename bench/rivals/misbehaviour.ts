import { setTimeout as delay } from 'node:timers/promises';

/** How a job behaves that is to be cancelled. */
export type Misbehaviour = 'SPIN' | 'HANG' | 'SLEEP';

const SLEEP_MS = 3_600_000;

/** `while (true)`; a promise that never settles and hears nothing; a wait that honours the signal. */
export const misbehave: Record<Misbehaviour, (signal: AbortSignal | undefined) => Promise<void>> = {
  async SPIN() {
    for (;;);
  },
  HANG: () => new Promise<never>(() => setInterval(() => undefined, SLEEP_MS)),
  SLEEP: (signal) => delay(SLEEP_MS, undefined, { signal }),
};
