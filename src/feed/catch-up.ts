import { setTimeout as wait } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { FeedFollower } from './feed-follower.ts';
import type { FeedHead } from './feed-head.ts';
import { readStretch } from './stretch.ts';

export interface CatchUpOptions {
  orm: MikroORM;
  log: Logger;
  head: Pick<FeedHead, 'position' | 'pass' | 'look'>;
  /** Events that one read brings. */
  limit: number;
}

/** Reads at one time, so that those who come back after a restart leave connections to the others. */
const LANES = 3;
const RETRY_MS = 500;

/** Reads for those who are behind the head, each from his own position, as fast as they take it. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #due = new Set<FeedFollower>();
  /** Those for whom a read is under way; a second one would bring the same. */
  readonly #served = new Set<FeedFollower>();
  readonly #stopping = new AbortController();
  readonly #lanes = new Set<Promise<void>>();

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Reads on for a follower, soon. */
  look(follower: FeedFollower): void {
    if (this.#stopping.signal.aborted) return;
    this.#due.add(follower);
    if (this.#lanes.size >= LANES) return;
    const lane = this.#readDue().finally(() => this.#lanes.delete(lane));
    this.#lanes.add(lane);
  }

  /** Ends with the reads that are under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#lanes);
  }

  async #readDue(): Promise<void> {
    const { signal } = this.#stopping;
    for (const follower of this.#due) {
      if (signal.aborted) return;
      if (this.#served.has(follower)) continue;
      this.#due.delete(follower);
      this.#served.add(follower);
      try {
        await this.#serve(follower);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn({ err: error }, 'the log could not be read; trying again');
        this.#due.add(follower);
        await wait(RETRY_MS, undefined, { signal }).catch(() => undefined);
      } finally {
        this.#served.delete(follower);
        // Where he became due meanwhile it is this lane that comes to him again.
        if (this.#due.delete(follower)) this.#due.add(follower);
      }
    }
  }

  /** One page. Where nothing of it waits he has room for the next one at once. */
  async #serve(follower: FeedFollower): Promise<void> {
    const { orm, head, limit } = this.#options;
    const { reader, position: from } = follower;
    // Whoever has something to read asks again when he has read it.
    if (follower.queue.isEnded || follower.queue.size > 0) return;
    if (!from || !head.position || follower.meets(head.position)) return;
    if (!from.part && head.position.part) {
      // He is at the end of a stretch that the head is still in.
      this.#lookAfterPass(follower);
      return;
    }
    const page = await readStretch(orm.em.fork(), { reader, from, until: head.position.seen, limit });
    follower.advance(from, page);
    if (follower.isArriving) head.look();
    else if (!(head.position && follower.meets(head.position)) && follower.queue.size === 0) this.look(follower);
  }

  #lookAfterPass(follower: FeedFollower): void {
    const look = () => this.look(follower);
    this.#options.head.pass().then(look, look);
  }
}
