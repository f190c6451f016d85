import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRates, type Rates } from '../../src/gate/rates.ts';
import { createOrm } from '../../src/orm.ts';
import { holdLock } from '../lifecycle/rows.ts';
import { service, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { createPatientOrm } from '../support/orm.ts';
import { statementsWhile } from './sent-statements.ts';

const database = useDatabase();
const limits = { submitsPerMinute: 5, otherMutationsPerMinute: 3, sharedReadsPerMinute: 2 };

/** Two processes, each with a pool and a memory of its own. They wait for each other as long as a slow commit may take. */
const orms: MikroORM[] = [];
let [one, other]: Rates[] = [];
beforeAll(async () => {
  for (const name of ['one', 'other']) {
    orms.push(await createPatientOrm({ url: database().url, name }));
  }
});
/** Anew, so that none remembers whom it has refused. */
const begin = () => {
  [one, other] = orms.map((orm) => createRates({ orm, limits }));
};
afterEach(() => {
  vi.useRealTimers();
  for (const rates of [one, other]) rates?.stop();
});
afterAll(async () => {
  for (const orm of orms) await orm.close();
});

const somebody = user;

/** As if these counts had begun so much earlier, for the database and for the memory of this process. */
async function pass(ms: number, ...askers: { id: string }[]): Promise<void> {
  await database().pool.query('update rate_limits set expire = expire - $1 where key = any($2)', [
    ms,
    askers.map(({ id }) => `submits:${id}`),
  ]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

describe('a limit per minute', () => {
  it('lets in as many as it says and tells the others when to come again', async () => {
    begin();
    const asker = somebody();
    for (let asked = 0; asked < 5; asked += 1) expect(await one!.count('submits', asker)).toBeNull();
    const waitMs = await one!.count('submits', asker);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  it('tells of each refusal what it was of, and of nothing else', async () => {
    const onRefused = vi.fn();
    const rates = createRates({ orm: orms[0]!, limits, onRefused });
    const asker = somebody();
    for (let asked = 0; asked < 5; asked += 1) await rates.count('otherMutations', asker);
    rates.stop();
    expect(onRefused.mock.calls).toEqual([['otherMutations'], ['otherMutations']]);
  });

  it('is one for all processes, however many ask at once', async () => {
    begin();
    const asker = somebody();
    const all = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one! : other!).count('submits', asker));
    expect((await Promise.all(all)).filter((waitMs) => waitMs === null)).toHaveLength(5);
  });

  it('counts a batch by its rows, and refuses all of it where they are too many', async () => {
    begin();
    const asker = somebody();
    expect(await one!.count('submits', asker, 4)).toBeNull();
    expect(await one!.count('submits', asker, 2)).not.toBeNull();
    expect(await other!.count('submits', asker)).not.toBeNull();
  });

  it('is apart for each thing that is counted and for each who asks', async () => {
    begin();
    const asker = somebody();
    expect(await one!.count('sharedReads', asker, 3)).not.toBeNull();
    expect(await one!.count('otherMutations', asker, 3)).toBeNull();
    expect(await one!.count('sharedReads', somebody(), 2)).toBeNull();
  });

  it('is ten times as high for a token of a service', async () => {
    begin();
    const [asker, otherToken] = [service(), service()];
    expect(await one!.count('otherMutations', asker, 30)).toBeNull();
    expect(await other!.count('otherMutations', asker)).not.toBeNull();
    expect(await one!.count('otherMutations', otherToken)).toBeNull();
  });

  it('begins anew when the minute is over', async () => {
    begin();
    const asker = somebody();
    expect(await one!.count('submits', asker, 6)).not.toBeNull();
    await pass(30_000, asker);
    expect(await one!.count('submits', asker, 5)).not.toBeNull();
    await pass(31_000, asker);
    expect(await one!.count('submits', asker, 5)).toBeNull();
  });

  it('is the same minute for all processes, also where the clock of one is hours ahead', async () => {
    begin();
    const asker = somebody();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 });
    expect(await one!.count('submits', asker, 5)).toBeNull();
    expect(await one!.count('submits', asker)).toBeLessThanOrEqual(60_000);
    await one!.cleanUp();
    vi.useRealTimers();
    const waitMs = await other!.count('submits', asker);
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    begin();
    await pass(61_000, asker);
    expect(await other!.count('submits', asker, 5)).toBeNull();
  });

  it('costs one statement, and none for who is over it', async () => {
    begin();
    const asker = somebody();
    expect(await statementsWhile(() => one!.count('submits', asker))).toBe(1);
    await one!.count('submits', asker, 5);
    expect(await statementsWhile(() => one!.count('submits', asker))).toBe(0);
  });

  it('lets nobody in who cannot be counted', async () => {
    begin();
    const asker = somebody();
    await one!.count('submits', asker);
    await using _held = await holdLock(database().pool, 'select from rate_limits where key = $1', [
      `submits:${asker.id}`,
    ]);
    const orm = await createOrm({ url: database().url, name: 'impatient', lockMs: 200 });
    const rates = createRates({ orm, limits });
    try {
      await expect(rates.count('submits', asker)).rejects.toMatchObject({ code: '55P03' });
    } finally {
      rates.stop();
      await orm.close();
    }
  });

  it('forgets minutes that are over, and no others', async () => {
    begin();
    const [past, present] = [somebody(), somebody()];
    await one!.count('submits', past);
    await pass(61_000, past);
    await one!.count('submits', present);
    await one!.cleanUp();
    const { rows } = await database().pool.query<{ key: string }>('select key from rate_limits where key = any($1)', [
      [past, present].map(({ id }) => `submits:${id}`),
    ]);
    expect(rows).toEqual([{ key: `submits:${present.id}` }]);
  });
});

it('a user is counted by his id, a service by its token, and who is unknown by his address', async () => {
  begin();
  const [ada, desk] = [user(randomUUID(), 'premium'), service('jobs:read')];
  const address = `2001:db8:0:${randomUUID()}`;
  for (const asker of [ada, desk, { kind: 'address', address } as const]) await one!.count('sharedReads', asker);
  const keys = [ada.id, desk.tokenId, address].map((key) => `sharedReads:${key}`);
  const { rows } = await database().pool.query('select points from rate_limits where key = any($1)', [keys]);
  expect(rows).toEqual([{ points: 1 }, { points: 1 }, { points: 1 }]);
});
