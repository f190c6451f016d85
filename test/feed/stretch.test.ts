import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Position } from '../../src/feed/position.ts';
import { parseSnapshot, printSnapshot, type Snapshot } from '../../src/feed/snapshot.ts';
import { readStretch } from '../../src/feed/stretch.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { openTransaction, writeEvent } from './feed-readers.ts';

const database = useDatabase({ bent: 'events are written by hand' });
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

type Request = Parameters<typeof readStretch>[1];
const read = (request: Partial<Request>) =>
  readStretch(orm.em.fork(), { reader: null, from: null, limit: 100, ...request });

/** All pages of one stretch, as the ids of its rows. */
async function readAll(request: Partial<Request> & { from: Position }): Promise<{ ids: bigint[]; end: Position }> {
  const ids: bigint[] = [];
  let from = request.from;
  do {
    const page = await read({ ...request, from });
    ids.push(...page.events.map(({ event }) => BigInt(event.id)));
    from = page.position;
  } while (from.part);
  return { ids, end: from };
}

/** The rows that a stretch has by its definition. */
async function rowsBetween(seen: Snapshot, until: Snapshot, reader: string | null): Promise<bigint[]> {
  const { rows } = await database().pool.query<{ id: string }>(
    `select id from job_events
     where xact >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xact, $1::pg_snapshot)
       and pg_visible_in_snapshot(xact, $2::pg_snapshot) and ($3::uuid is null or user_id = $3) order by id`,
    [printSnapshot(seen), printSnapshot(until), reader],
  );
  return rows.map(({ id }) => BigInt(id));
}

it('without a position brings nothing but the position of now', async () => {
  await writeEvent(database().pool, { userId: randomUUID() });
  const page = await read({});
  expect(page.events).toEqual([]);
  expect(page.position).toEqual({ logId: page.log.id, seen: page.log.now, part: null });
});

it('is what became visible between two snapshots, in pages of any size, from any position in it', async () => {
  const [one, two] = [randomUUID(), randomUUID()];
  const start = (await read({})).position;
  const snapshots: Snapshot[] = [start.seen];
  const open = await Promise.all(Array.from({ length: 4 }, () => openTransaction(database().url)));
  for (let round = 0; round < 12; round += 1) {
    for (const userId of [one, two, one]) {
      const client = round % 3 ? database().pool : open[round % 4]!.client;
      await writeEvent(client, { userId });
    }
    snapshots.push((await read({})).log.now);
    if (round % 3 === 2) await open[Math.floor(round / 3)]!.commit();
  }
  snapshots.push((await read({})).log.now);
  for (const transaction of open) await transaction[Symbol.asyncDispose]();

  const places = fc.tuple(fc.nat({ max: snapshots.length - 1 }), fc.nat({ max: snapshots.length - 1 }));
  await fc.assert(
    fc.asyncProperty(
      places,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(one, two, null),
      async (at, limit, reader) => {
        const [first, last] = at.toSorted((a, b) => a - b) as [number, number];
        const [seen, until] = [snapshots[first]!, snapshots[last]!];
        const { ids, end } = await readAll({ reader, from: { ...start, seen }, until, limit });
        expect(ids).toEqual(await rowsBetween(seen, until, reader));
        expect(end).toEqual({ ...start, seen: until });
        const page = await read({ reader, from: { ...start, seen }, until, limit });
        for (const [place, { position }] of page.events.entries()) {
          if (position.part) expect((await readAll({ reader, from: position })).ids).toEqual(ids.slice(place + 1));
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('shows the events and the jobs that run as of one moment', async () => {
  const { rows } = await database().pool.query('select pg_current_snapshot()::text as text');
  const page = await read({ from: (await read({})).position, running: { jobIds: null, owners: null } });
  expect(page.log.now.next).toBeGreaterThanOrEqual(parseSnapshot(rows[0].text).next);
  expect(page.running).toEqual([]);
});
