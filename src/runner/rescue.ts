import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Rescue } from '../lifecycle/rescue.ts';
import type { Log } from '../log.ts';

export interface RescuerOptions {
  lifecycle: Pick<Lifecycle, 'rescue'>;
  /** Proves the connection by a query; throws when there is none, or a poor one. */
  probe(): Promise<unknown>;
  leaseMs: number;
  /** The time from one look to the next, in milliseconds. */
  everyMs: number;
  /** How long one attempt may run, by kind. */
  runLimitsMs: Rescue['runLimitsMs'];
  log: Log;
  /** The time, in milliseconds. */
  now?: () => number;
}

export interface Rescuer {
  /** Looks for lost jobs, if this process may judge. Never throws, and never runs twice at once. */
  look(): Promise<void>;
}

/**
 * Makes the one who looks after the jobs of dead workers.
 *
 * He judges only after one lease of unbroken connection of his own: where the database was away for everybody, the
 * workers get that time to prove that they live. A silence of half a lease, of a machine that slept or of a database that
 * stood still, counts as broken too: it may have cost a beat the time that is left of a lease.
 */
export function createRescuer({
  lifecycle,
  probe,
  leaseMs,
  everyMs,
  runLimitsMs,
  log,
  now = Date.now,
}: RescuerOptions): Rescuer {
  let connectedSince: number | undefined;
  let lastContact = 0;
  let looking: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    try {
      await probe();
      const at = now();
      if (connectedSince === undefined || at - lastContact > everyMs + leaseMs / 2) connectedSince = at;
      lastContact = at;
      if (at - connectedSince < leaseMs) return;
      const rescued = await lifecycle.rescue({ leaseMs, runLimitsMs });
      lastContact = now();
      const found = Object.entries(rescued).filter(([, jobIds]) => jobIds.length > 0);
      if (found.length > 0) log.warn(Object.fromEntries(found), 'lost jobs rescued');
    } catch (error) {
      if (connectedSince !== undefined) log.warn({ err: error }, 'looking for lost jobs failed');
      connectedSince = undefined;
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
