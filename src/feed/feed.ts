import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { Follower } from './follower.ts';
import type { JobFrame } from './frame.ts';
import { FrameQueue } from './frame-queue.ts';
import { startListener } from './listener.ts';
import { findBehind, readLog } from './log.ts';

export interface FeedOptions {
  orm: MikroORM;
  /** For LISTEN: a direct connection, not a pooler's. */
  url: string;
  log: Logger;
  /** Events that may wait for one subscriber. */
  queueBound?: number;
  /** How often to look without being woken, in milliseconds. */
  pollMs?: number;
}

export interface Feed {
  /**
   * Follows one job: each of its events after `after` once and in order, until the job is finished. Without `after` it
   * begins with a SNAPSHOT. Progress comes between, the latest value only.
   * @returns null where there is no such job for this owner
   */
  followJob(jobId: string, options: { owner: string | null; after?: number }): Promise<AsyncIterableIterator<JobFrame> | null>;
  /** True while wake-ups arrive. When they do not, events still come, at the pace of the poll. */
  isListening(): boolean;
  stop(): Promise<void>;
}

const RETRY_MS = 500;

/** The position behind every event: reads the job alone. */
const END = 2_147_483_647;

/**
 * How events reach subscribers. A wake-up says which jobs changed; what changed is read from the log, once for all
 * subscribers of this process, and from the position that each of them has reached. So a wake-up that is lost, doubled or
 * late changes nothing but the delay.
 */
export function startFeed({ orm, url, log, queueBound = 256, pollMs = 5_000 }: FeedOptions): Feed {
  const followers = new Map<string, Set<Follower>>();
  const stale = new Set<string>();
  let reading: Promise<void> | undefined;
  let stopped = false;

  const markStale = (jobIds: Iterable<string>) => {
    for (const id of jobIds) if (followers.has(id)) stale.add(id);
    if (stale.size > 0 && !stopped) reading ??= readStale().finally(() => (reading = undefined));
  };

  async function readStale(): Promise<void> {
    while (stale.size > 0 && !stopped) {
      const ids = [...stale];
      stale.clear();
      try {
        await deliver(ids);
      } catch (error) {
        log.warn({ err: error }, 'the log could not be read; trying again');
        for (const id of ids) stale.add(id);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async function deliver(ids: string[]): Promise<void> {
    const positions = positionsOf(ids);
    if (positions.size === 0) return;
    for (const [id, page] of await readLog(orm.em.fork(), positions)) {
      for (const follower of followers.get(id) ?? []) {
        if (follower.position !== undefined && follower.advance(page)) stale.add(id);
      }
    }
  }

  /** For each job the position of its hindmost follower; those further on skip what they have. */
  function positionsOf(ids: Iterable<string>): Map<string, number> {
    const positions = new Map<string, number>();
    for (const id of ids) {
      const reached = [...(followers.get(id) ?? [])].flatMap(({ position }) => position ?? []);
      if (reached.length > 0) positions.set(id, Math.min(...reached));
    }
    return positions;
  }

  function forget(follower: Follower): void {
    const ofJob = followers.get(follower.jobId);
    ofJob?.delete(follower);
    if (ofJob?.size === 0) followers.delete(follower.jobId);
  }

  const listener = startListener({
    url,
    log,
    onWakeUp: markStale,
    onConnect: () => markStale(followers.keys()),
  });
  const poll = setInterval(() => {
    const positions = positionsOf(followers.keys());
    if (positions.size === 0) return;
    findBehind(orm.em.fork(), positions).then(markStale, (error: unknown) => log.warn({ err: error }, 'the poll failed'));
  }, pollMs);

  return {
    async followJob(jobId, { owner, after }) {
      const follower: Follower = new Follower(
        jobId,
        new FrameQueue({ bound: queueBound, onEnd: () => forget(follower) }),
      );
      // Registered before the first read: what commits in between wakes it.
      followers.set(jobId, (followers.get(jobId) ?? new Set()).add(follower));
      try {
        const page = (await readLog(orm.em.fork(), new Map([[jobId, after ?? END]]))).get(jobId);
        if (!page?.job || (owner !== null && page.job.userId !== owner)) {
          forget(follower);
          return null;
        }
        follower.begin({ job: page.job, events: page.events }, after);
      } catch (error) {
        forget(follower);
        throw error;
      }
      markStale([jobId]);
      return follower.queue;
    },
    isListening: () => listener.isListening(),
    async stop() {
      stopped = true;
      clearInterval(poll);
      await listener.stop();
      await reading;
      for (const ofJob of followers.values()) for (const follower of ofJob) follower.queue.end();
      followers.clear();
    },
  };
}
