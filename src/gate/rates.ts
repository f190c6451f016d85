import type { MikroORM } from '@mikro-orm/postgresql';
import { CompiledQuery, sql } from 'kysely';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';
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
 * Counts in PostgreSQL, so that all API processes share one limit: one statement each time, and none for who is over his
 * limit. A minute begins with its first request, by the clock of the process that counts it.
 */
export function createRates({ orm, limits, onRefused = () => undefined }: RateParts): Rates {
  const limiters = new Map<string, RateLimiterPostgres>();
  const most: Record<Counted, number> = {
    submits: limits.submitsPerMinute,
    otherMutations: limits.otherMutationsPerMinute,
    sharedReads: limits.sharedReadsPerMinute,
  };

  function limiterOf(what: Counted, factor: number): RateLimiterPostgres {
    const name = `${what}-${factor}`;
    const limiter = limiters.get(name) ?? createLimiter(orm, what, most[what] * factor);
    limiters.set(name, limiter);
    return limiter;
  }

  async function cleanUp(): Promise<void> {
    await sql`delete from rate_limits where expire < ${Date.now()}`.execute(orm.em.fork().getKysely());
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

function createLimiter(orm: MikroORM, keyPrefix: string, points: number): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: {
      // Without the name that the library gives its statements: a pooler would not know them the next time.
      query: ({ text, values }: { text: string; values: readonly unknown[] }) =>
        orm.em
          .fork()
          .getKysely()
          .executeQuery(CompiledQuery.raw(text, [...values])),
    },
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
