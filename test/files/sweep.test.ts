import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createSweeper } from '../../src/files/sweep.ts';
import { useProcess } from '../lifecycle/lifecycles.ts';
import { useDatabase } from '../support/database.ts';
import { makeFile, readRemovals, useStorage } from '../support/files.ts';
import { readableLog } from '../support/workers.ts';

const database = useDatabase();
const storage = useStorage();
const api = useProcess(database, 'api');
const other = useProcess(database, 'other-api');

beforeEach(async () => {
  await database().pool.query('delete from file_removals');
  for (const name of await storage().names()) await storage().storage.remove(name);
});

const { log, messages } = readableLog();
const sweeperOf = (process = api(), remove = storage().storage.remove) =>
  createSweeper({ storage: { ...storage().storage, remove }, removals: process.lifecycle, log });

async function putDue(count: number): Promise<string[]> {
  const names = await Promise.all(Array.from({ length: count }, () => storage().put(Buffer.from('x'))));
  await api().lifecycle.reserveBytes(names, 0);
  return names;
}

describe('the sweep', () => {
  it('removes what is due and nothing else, and strikes it off', async () => {
    const due = await putDue(230);
    const later = await storage().put(Buffer.from('x'));
    await api().lifecycle.reserveBytes([later], 60_000);
    const owned = await storage().put(Buffer.from('x'));
    await makeFile(database().pool, { userId: randomUUID(), storedAs: owned });
    await sweeperOf().sweep();
    expect(await storage().names()).toEqual([later, owned].sort());
    expect(await readRemovals(database().pool)).toEqual([{ stored_as: later, is_due: false, tries: 0 }]);
    expect(due).toHaveLength(230);
  });

  it('by several at once removes everything once', async () => {
    const due = await putDue(150);
    const removed: string[] = [];
    const remove = async (name: string) => {
      removed.push(name);
      await storage().storage.remove(name);
    };
    await Promise.all([api(), other(), api(), other()].map((process) => sweeperOf(process, remove).sweep()));
    expect(removed.sort()).toEqual(due.sort());
    expect(await storage().names()).toEqual([]);
  });

  it('leaves what it could not remove for another time, and does the rest', async () => {
    const [stubborn = '', ...others] = await putDue(3);
    const remove = vi.fn(async (name: string) => {
      if (name === stubborn) throw new Error('the storage is away');
      await storage().storage.remove(name);
    });
    await sweeperOf(api(), remove).sweep();
    expect(remove).toHaveBeenCalledTimes(3);
    expect(await storage().names()).toEqual([stubborn]);
    expect(await readRemovals(database().pool)).toEqual([{ stored_as: stubborn, is_due: false, tries: 1 }]);
    expect(messages()).toContain('a file could not be removed yet');
    await database().pool.query('update file_removals set due_at = now()');
    await sweeperOf().sweep();
    expect(await storage().names()).toEqual([]);
    expect(others).toHaveLength(2);
  });

  it('finds what came up while it was at work', async () => {
    const [first = ''] = await putDue(1);
    const late = await storage().put(Buffer.from('x'));
    const sweeper = sweeperOf(api(), async (name) => {
      await storage().storage.remove(name);
      if (name !== first) return;
      await api().lifecycle.reserveBytes([late], 0);
      void sweeper.sweep();
    });
    await sweeper.sweep();
    expect(await storage().names()).toEqual([]);
  });

  it('survives a database that is away, and says so', async () => {
    const away = () => Promise.reject(new Error('the database is away'));
    const removals = { ...api().lifecycle, takeDueRemovals: away };
    await createSweeper({ storage: storage().storage, removals, log }).sweep();
    expect(messages()).toContain('files could not be removed yet');
  });

  it('ends with what it has begun when it is stopped, and begins nothing after', async () => {
    await putDue(1);
    const sweeper = sweeperOf();
    const sweeping = sweeper.sweep();
    await sweeper.stop();
    await sweeping;
    await putDue(1);
    await sweeper.sweep();
    expect(await storage().names()).toHaveLength(1);
  });
});

describe('stray bytes', () => {
  it('are those that no row knows of', async () => {
    const stray = [await storage().put(Buffer.from('x')), await storage().put(Buffer.from('x'))];
    const known = await storage().put(Buffer.from('x'));
    await makeFile(database().pool, { userId: randomUUID(), storedAs: known });
    const [announced = ''] = await putDue(1);
    const sweeper = sweeperOf();
    expect((await sweeper.findStray()).sort()).toEqual(stray.toSorted());
    expect(await sweeper.removeStray()).toBe(2);
    expect(await storage().names()).toEqual([known, announced].sort());
    expect(await sweeper.removeStray()).toBe(0);
  });

  it('that are very many are found a thousand at a time', async () => {
    const names = Array.from({ length: 2_500 }, () => randomUUID());
    async function* list() {
      yield* names;
    }
    const remove = vi.fn(async () => undefined);
    const sweeper = createSweeper({ storage: { ...storage().storage, list, remove }, removals: api().lifecycle, log });
    expect(await sweeper.findStray()).toEqual(names.slice(0, 1_000));
    expect(await sweeper.removeStray()).toBe(1_000);
    expect(remove).toHaveBeenCalledTimes(1_000);
  });
});
