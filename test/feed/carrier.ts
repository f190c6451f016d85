import type { WakeUps } from '../../src/feed/wake-ups.ts';

/** Carries wake-ups by hand: one is heard at once, and none but those that the test gives. */
interface Carrier extends Pick<WakeUps, 'subscribe'> {
  wake(...jobIds: string[]): void;
}

/**
 * For tests that count reads. The connection of a real feed may be made anew when the machine is busy, and another test's wake-up
 * may be late: each is one more reason to read.
 */
export function createCarrier(): Carrier {
  const hearing = new Set<(jobIds: string[]) => void>();
  return {
    wake(...jobIds) {
      for (const hear of hearing) hear(jobIds);
    },
    subscribe({ onWakeUp }) {
      hearing.add(onWakeUp);
      return { isListening: () => true, stop: async () => void hearing.delete(onWakeUp) };
    },
  };
}
