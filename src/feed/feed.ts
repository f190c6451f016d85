import { setTimeout as wait } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Reader } from './cursor.ts';
import { Follower } from './follower.ts';
import type { FeedFrame, JobFrame } from './frame.ts';
import { findBehind, type ReadEvent, readLog } from './log.ts';
import { createLogFeed } from './log-feed.ts';
import { LogReader } from './log-reader.ts';
import type { WakeUps } from './wake-ups.ts';

export interface FeedOptions {
  orm: MikroORM;
  wakeUps: Pick<WakeUps, 'subscribe'>;
  log: Logger;
  /** Events that may wait for one subscriber. */
  queueBound?: number;
  /** How often to look without being woken, in milliseconds. */
  pollMs?: number;
  /** Hears of each event that is read for those who follow. */
  onEvent?: (read: ReadEvent) => void;
  /** Hears how many jobs had news that the poll found and no wake-up had told yet. */
  onMissed?: (jobs: number) => void;
}

export interface Feed {
  /**
   * Follows one job: each of its events after `after` once and in order, until the job is finished. Without `after` it
   * begins with a SNAPSHOT. Progress comes between, the latest value only. A RESYNC stands for events that are missing:
   * pruned, or too many for a subscriber who did not read.
   * @returns null where there is no such job for this owner; an owner of null may follow every job
   * @throws when the log cannot be read, and after `stop`
   */
  followJob(
    jobId: string,
    options: { owner: string | null; after?: number },
  ): Promise<AsyncIterableIterator<JobFrame> | null>;
  /**
   * Follows all jobs of a user, or everyone's: each event after `after` once, those of a job in their order. Without
   * `after`, and where events are missing, a position comes first, from which on nothing is. Progress comes between, of
   * each job the latest value only.
   * @param reader the user's id, or null for everyone's jobs
   * @param options.after a cursor that this reader was given
   * @returns null where `after` is none
   * @throws when the log cannot be read, and after `stop`
   */
  followJobs(reader: Reader, options: { after?: string }): Promise<AsyncIterableIterator<FeedFrame> | null>;
  /** True while wake-ups arrive. When they do not, events still come, at the pace of the poll. */
  isListening(): boolean;
  /** How many subscribers are served now. */
  countFollowers(): number;
  /** Ends all subscriptions, delivered or not, and closes the listening connection. */
  stop(): Promise<void>;
}

/**
 * How events reach subscribers. A wake-up says which jobs changed; what changed is read from the log, once for all
 * subscribers of this process, and from the position that each of them has reached. So a wake-up that is lost, doubled or
 * late changes nothing but the delay.
 */
export function startFeed(options: FeedOptions): Feed {
  const { orm, wakeUps, log, queueBound = 256, pollMs = 5_000, onEvent, onMissed } = options;
  const followers = new Map<string, Set<Follower>>();
  const reader = new LogReader({ orm, log, limit: queueBound, onEvent });
  const stopping = new AbortController();
  const logFeed = createLogFeed({ orm, log, queueBound, onEvent });
  const listener = wakeUps.subscribe({ onWakeUp: wake, onConnect: wakeAll });
  const polling = keepPolling();

  function wake(jobIds: Iterable<string>): void {
    logFeed.look(jobIds);
    lookAt(jobIds);
  }

  function wakeAll(): void {
    logFeed.look(null);
    lookAt(followers.keys());
  }

  function lookAt(jobIds: Iterable<string>): void {
    for (const id of jobIds) reader.look(followers.get(id) ?? []);
  }

  async function keepPolling(): Promise<void> {
    while (!stopping.signal.aborted) {
      await wait(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      logFeed.look(listener.isListening() ? [] : null);
      if (followers.size > 0) await poll();
    }
  }

  /** While nothing is heard every job is looked at, for the sake of progress: no position in the log shows that it is new. */
  async function poll(): Promise<void> {
    try {
      const behind = listener.isListening() ? await findBehind(orm.em.fork(), hindmost()) : null;
      if (behind && behind.length > 0) onMissed?.(behind.length);
      lookAt(behind ?? followers.keys());
    } catch (error) {
      log.warn({ err: error }, 'the poll failed');
    }
  }

  /** For each job the position of its hindmost follower. */
  function hindmost(): Map<string, number> {
    const positions = new Map<string, number>();
    for (const { jobId, position } of all()) {
      if (position !== undefined) positions.set(jobId, Math.min(position, positions.get(jobId) ?? position));
    }
    return positions;
  }

  const all = () => [...followers.values()].flatMap((ofJob) => [...ofJob]);

  function register(jobId: string): Follower {
    const onWant = (follower: Follower) => reader.look([follower]);
    const follower = new Follower({ jobId, bound: queueBound, onWant, onEnd: forget });
    followers.set(jobId, (followers.get(jobId) ?? new Set()).add(follower));
    return follower;
  }

  function forget(follower: Follower): void {
    const ofJob = followers.get(follower.jobId);
    ofJob?.delete(follower);
    if (ofJob?.size === 0) followers.delete(follower.jobId);
  }

  return {
    async followJob(jobId, { owner, after }) {
      if (stopping.signal.aborted) throw new Error('the feed is stopped');
      // Registered before the first read: what commits in between wakes it.
      const follower = register(jobId);
      try {
        const [page] = await readLog(orm.em.fork(), [{ jobId, after: after ?? null }], queueBound);
        const job = page?.job;
        if (!job || (owner !== null && job.userId !== owner)) {
          follower.queue.end();
          return null;
        }
        reader.look(follower.begin({ ...page, job }, after) ? [follower] : []);
        return follower.queue;
      } catch (error) {
        follower.queue.end();
        throw error;
      }
    },
    followJobs: (whose, { after }) => logFeed.follow(whose, after),
    isListening: () => listener.isListening(),
    countFollowers: () => all().length + logFeed.countFollowers(),
    async stop() {
      stopping.abort();
      for (const follower of all()) follower.queue.end();
      await Promise.all([listener.stop(), reader.stop(), logFeed.stop(), polling]);
    },
  };
}
