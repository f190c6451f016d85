import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, vi } from 'vitest';
import { type Feed, type FeedOptions, startFeed } from '../../src/feed/feed.ts';
import { createWakeUpPublisher } from '../../src/feed/publisher.ts';
import { createWakeUps, type WakeUps } from '../../src/feed/wake-ups.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createLog } from '../../src/log.ts';
import { createOrm } from '../../src/orm.ts';

export const silent = createLog({ level: 'silent' });

/** So slow that within a test nothing comes by it. */
const NEVER_MS = 600_000;

/** A feed that hears wake-ups, with the connections that it lives on; unless told otherwise it never polls. */
export interface RunningFeed extends AsyncDisposable {
  feed: Feed;
  orm: MikroORM;
}

/** @param options.url of the database; `listenUrl`, where the listening connection takes another way; `carrier`, what carries wake-ups */
export async function openFeed(
  options: { url: string; listenUrl?: string; carrier?: Pick<WakeUps, 'subscribe'>; isHeard?: boolean } & Pick<
    FeedOptions,
    'queueBound' | 'pollMs'
  >,
): Promise<RunningFeed> {
  const { url, listenUrl = url, carrier, isHeard = true, pollMs = NEVER_MS, ...rest } = options;
  const orm = await createOrm({ url, name: 'assay-test-feed' });
  const wakeUps = carrier ?? createWakeUps({ orm, url: listenUrl, log: silent });
  const feed = startFeed({ orm, wakeUps, log: silent, pollMs, ...rest });
  const close = async () => {
    await feed.stop();
    await orm.close();
  };
  try {
    if (isHeard) await untilListening(feed);
  } catch (error) {
    await close();
    throw error;
  }
  return { feed, orm, [Symbol.asyncDispose]: close };
}

export async function untilListening(feed: Feed, is = true, timeout = 30_000): Promise<void> {
  await vi.waitUntil(() => feed.isListening() === is, { timeout, interval: 2 });
}

/** A feed for the tests of a file. */
export function useFeed(
  database: () => { url: string },
  options: Pick<FeedOptions, 'queueBound' | 'pollMs'> = {},
): () => Feed {
  let running: RunningFeed | undefined;
  beforeAll(async () => {
    running = await openFeed({ url: database().url, ...options });
  });
  afterAll(() => running?.[Symbol.asyncDispose]());
  return () => running!.feed;
}

/** A lifecycle on connections of its own that sends its wake-ups over the database, as a worker does. */
export function useMover(database: () => { url: string }): () => Lifecycle {
  let lifecycle: Lifecycle | undefined;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const orm = await createOrm({ url: database().url, name: 'assay-test-mover' });
    const publisher = createWakeUpPublisher({ orm, log: silent });
    lifecycle = createLifecycle({ orm, startingTokens: 3, wake: publisher.publish });
    stop = async () => {
      await publisher.stop();
      await orm.close();
    };
  });
  afterAll(() => stop?.());
  return () => lifecycle!;
}

/** Lets a waiting job begin its first attempt and complete. */
export async function complete(mover: Lifecycle, jobId: string): Promise<void> {
  const lease = { jobId, leaseToken: randomUUID() };
  await mover.start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 60_000 });
  await mover.complete(lease, { answer: 42 });
}
