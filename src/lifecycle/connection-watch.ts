export interface ConnectionWatchOptions {
  /** Proves the connection by a query, and answers with the database's time as text; throws when there is none, or a poor one. */
  probe(): Promise<string>;
  /** How long a silent worker counts as alive, in milliseconds. */
  leaseMs: number;
  /** The time from one look to the next, in milliseconds. */
  everyMs: number;
  /** The time of this process, in milliseconds. */
  now?: () => number;
}

export interface ConnectionWatch {
  /**
   * Looks at the connection. Call it at least every `everyMs`, or it takes the silence for a break.
   * @returns the database's time of this look where this process may judge who is dead, or null
   * @throws what the probe throws
   */
  look(): Promise<string | null>;
}

/**
 * Knows whether this process may judge the silence of others: only after one lease of unbroken connection of its own.
 * Where the database was away for everybody, the workers get that time to prove that they live. A silence of half a lease,
 * of a machine that slept or of a database that stood still, counts as broken too: it may have cost a beat the time that
 * is left of a lease.
 */
export function createConnectionWatch({
  probe,
  leaseMs,
  everyMs,
  now = Date.now,
}: ConnectionWatchOptions): ConnectionWatch {
  let connectedSince: number | undefined;
  let lastContact = 0;
  return {
    async look() {
      try {
        const seenAt = await probe();
        const at = now();
        const silentMs = at - lastContact;
        // Where the clock was set back, what it said before is no measure any more.
        if (connectedSince === undefined || silentMs < 0 || silentMs > everyMs + leaseMs / 2) connectedSince = at;
        lastContact = at;
        return at - connectedSince < leaseMs ? null : seenAt;
      } catch (error) {
        connectedSince = undefined;
        throw error;
      }
    },
  };
}

/**
 * Looks at once and then every `everyMs`, whatever comes of it: who looks knows of his failures.
 * @returns what ends it, after the looks that are under way
 */
export function lookRegularly(who: { look(): Promise<unknown> }, everyMs: number): () => Promise<void> {
  const underWay = new Set<Promise<unknown>>();
  const look = () => {
    const one = who
      .look()
      .catch(() => undefined)
      .finally(() => underWay.delete(one));
    underWay.add(one);
  };
  look();
  const timer = setInterval(look, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
  };
}
