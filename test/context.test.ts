import { expect, it, vi } from 'vitest';
import { contextFor } from '../src/context.ts';
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
