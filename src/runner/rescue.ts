import type { ConnectionWatch } from '../lifecycle/connection-watch.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Rescue } from '../lifecycle/rescue.ts';
import type { Log } from '../log.ts';

export interface RescuerOptions {
  lifecycle: Pick<Lifecycle, 'rescue'>;
  watch: ConnectionWatch;
  leaseMs: number;
  /** How long one attempt may run, by kind. */
  runLimitsMs: Rescue['runLimitsMs'];
  log: Log;
}

export interface Rescuer {
  /** Looks for lost jobs, if this process may judge. Never throws, and never runs twice at once. */
  look(): Promise<void>;
}

/** Makes the one who looks after the jobs of dead workers. */
export function createRescuer({ lifecycle, watch, leaseMs, runLimitsMs, log }: RescuerOptions): Rescuer {
  let isFailing = true; // what never worked is told by whoever started it
  let looking: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    try {
      const seenAt = await watch.look();
      if (seenAt !== null) {
        const rescued = await lifecycle.rescue({ leaseMs, runLimitsMs, seenAt });
        const found = Object.entries(rescued).filter(([, jobIds]) => jobIds.length > 0);
        if (found.length > 0) log.warn(Object.fromEntries(found), 'lost jobs rescued');
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error }, 'looking for lost jobs failed');
      isFailing = true;
    }
  }

  return {
    look() {
      looking ??= lookOnce().finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}
