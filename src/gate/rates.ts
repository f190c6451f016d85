import type { MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';
import { createSharedCounts, NOW } from './shared-counts.ts';
import type { Viewer } from './viewer.ts';

const WINDOW_SECONDS = 60;
const CLEAN_UP_MS = 5 * 60_000;
const SERVICE_FACTOR = 10;

/** What is counted, each against a limit of its own. */
export type Counted = 'submits' | 'otherMutations' | 'sharedReads';

/** Who asks: a viewer, wherever he comes from, or who does not say who he is, by his address. */
export type Asker = Viewer | { readonly kind: 'address'; readonly address: string };

/** Limits per minute. */
export interface Rates {
  /**
   * Counts some requests. What is refused is counted as well.
   * @returns null where they are within the limit, else the milliseconds until they can be
   * @throws what the database throws: where nobody can count, nobody gets in
   */
  count(what: Counted, asker: Asker, requests?: number): Promise<number | null>;
  /** Removes the counts of minutes that are over. */
  cleanUp(): Promise<void>;
  stop(): void;
}

export interface RateParts {
  orm: MikroORM;
  limits: RateLimits;
  /** Hears of each refusal. */
  onRefused?: (what: Counted) => void;
}

/**
 * Counts in PostgreSQL, so that all API processes share one limit: one statement at a time, and none for who is over his
 * limit. A minute begins with its first request, by the clock of the database, which is one for all of them.
 */
export function createRates({ orm, limits, onRefused = () => undefined }: RateParts): Rates {
  const limiters = new Map<string, RateLimiterPostgres>();
  const count = createSharedCounts(() => orm.em.getConnection().getNativeClient());
  const most: Record<Counted, number> = {
    submits: limits.submitsPerMinute,
    otherMutations: limits.otherMutationsPerMinute,
    sharedReads: limits.sharedReadsPerMinute,
  };

  function limiterOf(what: Counted, factor: number): RateLimiterPostgres {
    const name = `${what}-${factor}`;
    const limiter = limiters.get(name) ?? createLimiter(what, most[what] * factor, store);
    limiters.set(name, limiter);
    return limiter;
  }

  /** @returns the row that the library expects of its own statement: the end of a minute by the clock of this process */
  async function store([key, points, expire, now]: Stored): Promise<unknown> {
    const counted = await count({ key, points, durationMs: expire - now });
    return { rows: [{ points: counted.points, expire: now + counted.leftMs }] };
  }

  async function cleanUp(): Promise<void> {
    // Whom somebody counts just now is not waited for: his row would be held, and he waited for, the other way round.
    await sql`
      delete from rate_limits where key in (
        select key from rate_limits where expire < ${sql.raw(NOW)} for update skip locked
      )`.execute(orm.em.fork().getKysely());
  }

  // What is left over by one that failed is the next one's.
  const cleaning = setInterval(() => void cleanUp().catch(() => undefined), CLEAN_UP_MS).unref();

  return {
    async count(what, asker, requests = 1) {
      const limiter = limiterOf(what, asker.kind === 'service' ? SERVICE_FACTOR : 1);
      try {
        await limiter.consume(keyOf(asker), requests);
        return null;
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        onRefused(what);
        return Math.max(1, refusal.msBeforeNext);
      }
    },
    cleanUp,
    stop: () => clearInterval(cleaning),
  };
}

/** A service is counted by the token that it shows. */
function keyOf(asker: Asker): string {
  switch (asker.kind) {
    case 'user':
      return asker.id;
    case 'service':
      return asker.tokenId;
    case 'address':
      return asker.address;
  }
}

type RateLimits = Pick<Config['limits'], 'submitsPerMinute' | 'otherMutationsPerMinute' | 'sharedReadsPerMinute'>;

/** What the library gives with a count: it begins a minute at `now`, by the clock of this process. */
type Stored = [key: string, points: number, expire: number, now: number];

function createLimiter(
  keyPrefix: string,
  points: number,
  store: (stored: Stored) => Promise<unknown>,
): RateLimiterPostgres {
  return new RateLimiterPostgres({
    // In the place of the library's own statement, which counts one key.
    storeClient: { query: ({ values }: { values: Stored }) => store(values) },
    storeType: 'client',
    tableName: 'rate_limits',
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix,
    points,
    duration: WINDOW_SECONDS,
    inMemoryBlockOnConsumed: points,
  });
}
