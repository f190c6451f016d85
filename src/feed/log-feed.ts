import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { Audience } from './audience.ts';
import { CatchUp } from './catch-up.ts';
import { type Reader, readCursor } from './cursor.ts';
import { FeedFollower } from './feed-follower.ts';
import { FeedHead } from './feed-head.ts';
import type { FeedFrame } from './frame.ts';
import type { ReadEvent } from './log.ts';

export interface LogFeedOptions {
  orm: MikroORM;
  log: Logger;
  /** Events that may wait for one subscriber. */
  queueBound: number;
  /** Hears how long ago each event happened that is read at the head, in seconds. */
  onEvent?: ((read: ReadEvent) => void) | undefined;
}

/** The log of a user and of everyone, as one stream: most subscribers stand at its head and share one read. */
export function createLogFeed({ orm, log, queueBound, onEvent }: LogFeedOptions) {
  const audience = new Audience();
  const head = new FeedHead({ orm, log, audience, limit: queueBound, onEvent });
  const catchUp = new CatchUp({ orm, log, head, limit: queueBound });
  let isStopped = false;

  function forget(follower: FeedFollower): void {
    audience.remove(follower);
    if (audience.isEmpty) head.rest();
  }

  return {
    /** Follows, as `Feed.followJobs` says. */
    async follow(reader: Reader, cursor: string | undefined): Promise<AsyncIterableIterator<FeedFrame> | null> {
      if (isStopped) throw new Error('the feed is stopped');
      const after = cursor === undefined ? null : readCursor(reader, cursor);
      if (cursor !== undefined && !after) return null;
      const onWant = (one: FeedFollower) => catchUp.look(one);
      const follower = new FeedFollower({ reader, after, bound: queueBound, onWant, onEnd: forget });
      audience.add(follower);
      try {
        await head.pass();
        return follower.queue;
      } catch (error) {
        follower.queue.end();
        throw error;
      }
    },
    /** Looks for what is new. @param jobIds whose progress may be new; null for all that run */
    look: (jobIds: Iterable<string> | null) => head.look(jobIds),
    countFollowers: () => audience.followers.length,
    /** Ends all subscriptions. */
    async stop() {
      isStopped = true;
      for (const follower of audience.followers) follower.queue.end();
      await Promise.all([head.stop(), catchUp.stop()]);
    },
  };
}
