import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Follower } from './follower.ts';
import { type ReadEvent, readLog } from './log.ts';

export interface LogReaderOptions {
  orm: MikroORM;
  log: Logger;
  /** Events that one read brings for one position. */
  limit: number;
  onEvent?: ((read: ReadEvent) => void) | undefined;
}

/** Different positions in logs that one statement reads. */
const REQUESTS = 100;

const RETRY_MS = 500;

/** Reads the log for all followers of a process: those that are due are served together, and those that stand alike, by one page. */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #due = new Set<Follower>();
  readonly #stopping = new AbortController();
  #reading: Promise<void> | undefined;

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** Looks soon whether there is news for these. One that has not begun yet stays due until the next call. */
  look(followers: Iterable<Follower>): void {
    for (const follower of followers) this.#due.add(follower);
    if (this.#due.size > 0) this.#reading ??= this.#readDue();
  }

  /** Ends with the read that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }

  async #readDue(): Promise<void> {
    await nextTurn(); // what else this turn of the event loop makes due is read along
    for (let groups = this.#takeDue(); groups.length > 0; groups = this.#takeDue()) {
      try {
        await this.#serve(groups);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#options.log.warn({ err: error }, 'the log could not be read; trying again');
        for (const follower of groups.flat()) this.#due.add(follower);
        await wait(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
    this.#reading = undefined;
  }

  /** The next followers to serve, grouped by what they want to read. */
  #takeDue(): Follower[][] {
    if (this.#stopping.signal.aborted) return [];
    for (const follower of this.#due) if (follower.queue.isEnded) this.#due.delete(follower);
    const ready = [...this.#due].filter(({ position }) => position !== undefined);
    const groups = [...Map.groupBy(ready, ({ jobId }) => jobId).values()]
      .flatMap((ofJob) => [...Map.groupBy(ofJob, ({ after }) => after).values()])
      .slice(0, REQUESTS);
    for (const follower of groups.flat()) this.#due.delete(follower);
    return groups;
  }

  async #serve(groups: Follower[][]): Promise<void> {
    const { orm, limit, onEvent } = this.#options;
    const requests = groups.flatMap(([first]) => (first ? [{ jobId: first.jobId, after: first.after }] : []));
    const pages = await readLog(orm.em.fork(), requests, limit);
    for (const [place, page] of pages.entries()) {
      for (const event of page.events) onEvent?.({ event, job: page.job, readAt: page.readAt });
      for (const follower of groups[place] ?? []) if (follower.advance(page)) this.#due.add(follower);
    }
  }
}
