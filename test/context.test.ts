import { expect, it, vi } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { contextFor, termsOf } from '../src/context.ts';
import { createOrm } from '../src/orm.ts';
import { createReaders } from '../src/reader.ts';
import { user } from './support/api.ts';
import { useDatabase } from './support/database.ts';

const database = useDatabase();

it('makes what an operation reads with once, and only where it is asked for', async () => {
  const orm = await createOrm({ url: database().url });
  const readerOf = vi.fn(await createReaders(orm));
  const context = contextFor({ orm, readerOf } as unknown as Parameters<typeof contextFor>[0])(user());
  // As Apollo does it.
  const copy = Object.assign(Object.create(Object.getPrototypeOf(context)), context) as typeof context;
  expect(readerOf).not.toHaveBeenCalled();
  expect(copy.em).toBe(copy.em);
  expect(copy.load).toBe(copy.load);
  expect({ ...copy }).toMatchObject({ em: copy.em, load: copy.load });
  expect(readerOf.mock.calls).toEqual([[copy.viewer.kind === 'user' && copy.viewer.id]]);
  await orm.close();
});

it.each([
  ['vip:-10,basic:5', { vip: -10, basic: 5, standard: 0, '': 0 }],
  ['vip:-10,standard:3', { vip: -10, standard: 3, '': 3, constructor: 3 }],
])('ranks whoever has no tier as standard, wherever that stands in %s', (tiers, expected) => {
  const { priorityOf } = termsOf(loadConfig({ ASSAY_TIERS: tiers }));
  expect(Object.fromEntries(Object.keys(expected).map((tier) => [tier, priorityOf(tier)]))).toEqual(expected);
});
