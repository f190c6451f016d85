import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createLogFeed } from '../../src/feed/log-feed.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { takeFrames, told, writeEvent } from './feed-readers.ts';
import { silent } from './feeds.ts';
import { range } from './readers.ts';

const database = useDatabase({ bent: 'events are written by hand' });
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

const LIMIT = 4;

/** A feed that is never woken by itself, whose reads fail while `isBroken` says so. */
function openFeed(isBroken: (read: number) => boolean) {
  let reads = 0;
  const fork = () => {
    reads += 1;
    if (isBroken(reads)) throw new Error('the database is away');
    return orm.em.fork();
  };
  const feed = createLogFeed({ orm: { em: { fork } } as unknown as MikroORM, log: silent, queueBound: LIMIT });
  return { feed, reads: () => reads, [Symbol.asyncDispose]: () => feed.stop() };
}

it('a stretch that is broken off is gone on with, and is too old for who came meanwhile', async () => {
  const [userId, jobId] = [randomUUID(), randomUUID()];
  let isAway = false;
  // The third read is the second page of the stretch.
  await using opened = openFeed((read) => isAway || read === 3);
  const { feed } = opened;
  const frames = (await feed.follow(userId, undefined))!;
  await takeFrames(frames, 1);
  const all = takeFrames(frames, 13);
  for (const seq of range(1, 12)) await writeEvent(database().pool, { userId, jobId, seq });
  feed.look([]);
  await vi.waitUntil(() => opened.reads() >= 3, { interval: 2, timeout: 10_000 });
  isAway = true;
  await writeEvent(database().pool, { userId, jobId, seq: 13 });
  const coming = feed.follow(userId, undefined);
  isAway = false;
  const comer = (await coming)!;
  expect(told(await takeFrames(comer, 1))).toEqual(['START']);
  expect(told(await all)).toEqual(range(1, 13).map((seq) => `RETRIED ${seq}`));
  await writeEvent(database().pool, { userId, jobId, seq: 14 });
  feed.look([]);
  expect(told(await takeFrames(comer, 1))).toEqual(['RETRIED 14']);
  expect(told(await takeFrames(frames, 1))).toEqual(['RETRIED 14']);
});

it('who wants to come while the log cannot be read is refused, and who is there stays', async () => {
  const userId = randomUUID();
  let isAway = false;
  await using opened = openFeed(() => isAway);
  const frames = (await opened.feed.follow(userId, undefined))!;
  await takeFrames(frames, 1);
  isAway = true;
  await writeEvent(database().pool, { userId });
  await expect(opened.feed.follow(null, undefined)).rejects.toThrow('away');
  expect(opened.feed.countFollowers()).toBe(1);
  isAway = false;
  expect(told(await takeFrames(frames, 1))).toEqual(['RETRIED 1']);
});
