import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSharedCounts } from '../../src/gate/shared-counts.ts';
import { createOrm } from '../../src/orm.ts';
import { holdLock } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { statementsWhile } from './sent-statements.ts';

const database = useDatabase();

let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url, lockMs: 200 });
});
afterAll(() => orm.close());

const openCounts = () => createSharedCounts(() => orm.em.getConnection().getNativeClient());
const of = (key: string, points = 1) => ({ key, points, durationMs: 60_000 });
const makeKeys = (count: number) => Array.from({ length: count }, () => randomUUID());

describe('counts at once', () => {
  it('share a statement while others are being counted', async () => {
    const count = openCounts();
    const keys = makeKeys(6);
    const act = () => Promise.all(keys.map((key, place) => count(of(key, 1 + place))));
    // The first one found nobody before it.
    expect(await statementsWhile(act)).toBe(2);
    expect((await act()).map(({ points }) => points)).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it('of one key are counted one after the other', async () => {
    const count = openCounts();
    const [key = '', other = ''] = makeKeys(2);
    const act = async () => {
      const counted = await Promise.all([count(of(key)), count(of(key)), count(of(other)), count(of(key))]);
      expect(counted.map(({ points }) => points)).toEqual([1, 2, 1, 3]);
    };
    expect(await statementsWhile(act)).toBe(3);
  });

  it('do not fail with one that fails', async () => {
    const count = openCounts();
    const [first = '', held = '', ...others] = makeKeys(4);
    await count(of(held));
    await using _held = await holdLock(database().pool, 'select from rate_limits where key = $1', [held]);
    const outcomes = await Promise.allSettled([first, held, ...others].map((key) => count(of(key))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: '55P03' } });
  });
});
