import type { Pool } from 'pg';

/** So many requests of one key, whose minute ends so many milliseconds from now if it begins with them. */
interface Count {
  key: string;
  points: number;
  durationMs: number;
}

/** All requests of the key in its minute, and the milliseconds until the minute ends. */
interface Minute {
  points: number;
  leftMs: number;
}

interface Waiting {
  count: Count;
  answer: PromiseWithResolvers<Minute>;
}

/** Milliseconds since 1970, by the clock of the database. */
export const NOW = '(extract(epoch from now()) * 1000)::bigint';

const COUNT = `/* count_requests */
  insert into rate_limits as counted (key, points, expire)
  select key, points, ${NOW} + duration
  from unnest($1::text[], $2::integer[], $3::bigint[]) as asked (key, points, duration) order by key
  on conflict (key) do update set
    points = case when counted.expire <= ${NOW} then excluded.points else counted.points + excluded.points end,
    expire = case when counted.expire <= ${NOW} then excluded.expire else counted.expire end
  returning key, points, (expire - ${NOW})::integer as "leftMs"`;

/**
 * Counts in PostgreSQL. Counts that come while others are being counted share the next statement: one for all keys costs little
 * more than one for a single key. Where it fails, each is counted by itself.
 * @returns counts one; it throws what the database throws
 */
export function createSharedCounts(openPool: () => Promise<Pool>): (count: Count) => Promise<Minute> {
  let waiting: Waiting[] = [];
  let isCounting = false;

  async function countWaiting(): Promise<void> {
    if (isCounting) return;
    isCounting = true;
    for (let together = takeNext(); together.length > 0; together = takeNext()) await countTogether(together);
    isCounting = false;
  }

  /** The first of each key: a statement can count a key once. */
  function takeNext(): Waiting[] {
    const next = [...Map.groupBy(waiting, ({ count }) => count.key).values()].flatMap(([first]) => first ?? []);
    waiting = waiting.filter((one) => !next.includes(one));
    return next;
  }

  async function countTogether(together: readonly Waiting[]): Promise<void> {
    try {
      const counts = together.map(({ count }) => count);
      const pool = await openPool();
      const { rows } = await pool.query<Minute & { key: string }>(COUNT, [
        counts.map(({ key }) => key),
        counts.map(({ points }) => points),
        counts.map(({ durationMs }) => durationMs),
      ]);
      const counted = new Map(rows.map((row) => [row.key, row]));
      for (const { count, answer } of together) answer.resolve(counted.get(count.key) as Minute);
    } catch (error) {
      if (together.length > 1) await Promise.all(together.map((one) => countTogether([one])));
      else for (const { answer } of together) answer.reject(error);
    }
  }

  return async (count) => {
    const answer = Promise.withResolvers<Minute>();
    waiting.push({ count, answer });
    void countWaiting();
    return await answer.promise;
  };
}
