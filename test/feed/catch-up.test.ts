import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CatchUp } from '../../src/feed/catch-up.ts';
import { FeedFollower } from '../../src/feed/feed-follower.ts';
import type { Position } from '../../src/feed/position.ts';
import { readStretch } from '../../src/feed/stretch.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { takeFrames, told, writeEvent } from './feed-readers.ts';
import { silent } from './feeds.ts';
import { isPending } from './readers.ts';

const database = useDatabase({ bent: 'events are written by hand' });
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

const LIMIT = 2;
const read = async (from: Position | null) => await readStretch(orm.em.fork(), { reader: null, from, limit: LIMIT });

/** A user with some events, the position before and behind them, and one in the middle of their stretch. */
async function makeStretch() {
  const userId = randomUUID();
  const { position: start } = await read(null);
  for (const seq of [1, 2, 3, 4, 5]) await writeEvent(database().pool, { userId, seq });
  const { position: middle, log } = await read(start);
  let end = middle;
  while (end.part) end = (await read(end)).position;
  return { userId, start, middle, end, log };
}

/** A head that stands where a test puts it, and passes when it is told to. */
class FakeHead {
  position: Position | null;
  readonly look = vi.fn();
  readonly #passing = Promise.withResolvers<void>();

  constructor(position: Position) {
    this.position = position;
  }

  readonly pass = vi.fn(() => this.#passing.promise);

  arriveAt(position: Position): void {
    this.position = position;
    this.#passing.resolve();
  }
}

function open(head: FakeHead, reader: string, after: Position, log: Parameters<FeedFollower['arrive']>[1]) {
  const catchUp = new CatchUp({ orm, log: silent, head, limit: LIMIT });
  const onWant = (one: FeedFollower) => catchUp.look(one);
  const follower = new FeedFollower({ reader, after, bound: LIMIT, onWant, onEnd: () => undefined });
  follower.expect();
  follower.arrive(head.position!, log);
  return { follower, [Symbol.asyncDispose]: () => catchUp.stop() };
}

it('reads page after page as they are taken, up to the head', async () => {
  const { userId, start, end, log } = await makeStretch();
  await using opened = open(new FakeHead(end), userId, start, log);
  const { follower } = opened;
  expect(told(await takeFrames(follower.queue, 5))).toEqual([1, 2, 3, 4, 5].map((seq) => `RETRIED ${seq}`));
  void follower.queue.next();
  await vi.waitUntil(() => follower.isAtHead, { interval: 2, timeout: 10_000 });
});

it('repeats nothing for one who is at the end of a stretch that the head is in the middle of', async () => {
  const { userId, middle, end, log } = await makeStretch();
  const head = new FakeHead(middle);
  await using opened = open(head, userId, end, log);
  const { follower } = opened;
  const next = follower.queue.next();
  await vi.waitUntil(() => head.pass.mock.calls.length > 0, { interval: 2, timeout: 10_000 });
  expect(follower.isAtHead).toBe(false);
  head.arriveAt(end);
  await vi.waitUntil(() => follower.isAtHead, { interval: 2, timeout: 10_000 });
  expect(await isPending(next)).toBe(true);
});

it('has the head tell where to begin, where the log that was read is another', async () => {
  const { userId, start, end, log } = await makeStretch();
  const elsewhere = { ...start, logId: randomUUID() };
  const head = new FakeHead(end);
  await using opened = open(head, userId, elsewhere, { ...log, id: elsewhere.logId });
  await vi.waitUntil(() => head.look.mock.calls.length > 0, { interval: 2, timeout: 10_000 });
  expect(opened.follower.isArriving).toBe(true);
  opened.follower.arrive(end, log);
  expect(told(await takeFrames(opened.follower.queue, 1))).toEqual(['RESTORED']);
});
