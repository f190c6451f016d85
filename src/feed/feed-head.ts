import { setTimeout as wait } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Audience } from './audience.ts';
import type { ReadEvent } from './log.ts';
import { type Position, whyLost } from './position.ts';
import { readStretch, type StretchPage } from './stretch.ts';

export interface FeedHeadOptions {
  orm: MikroORM;
  log: Logger;
  audience: Audience;
  /** Events that one read brings. */
  limit: number;
  /** Hears how long ago each event happened, in seconds. */
  onEvent?: ((read: ReadEvent) => void) | undefined;
}

/**
 * From one read to the next, as many times as long as the read took, up to a limit: what happens meanwhile is read together,
 * and the busier the database is, the more of it. Where it is not, nobody waits for long.
 */
const PACE = 3;
const MOST_PACE_MS = 10;
const RETRY_MS = 500;

/** Jobs whose progress may be new; null for all that run. */
type Woken = Iterable<string> | null;

/**
 * Where the log of all jobs grows. What is new there is read once for all who follow it or a part of it; while nobody
 * does, nothing is read.
 */
export class FeedHead {
  readonly #options: FeedHeadOptions;
  readonly #stopping = new AbortController();
  #position: Position | null = null;
  #isDue = false;
  #woken: Set<string> | null = new Set();
  #passing: PromiseWithResolvers<void>[] = [];
  #reading: Promise<void> | undefined;

  constructor(options: FeedHeadOptions) {
    this.#options = options;
  }

  /** Up to where all was handed on; null while nobody follows. */
  get position(): Position | null {
    return this.#position;
  }

  /** Looks soon whether there is news. */
  look(woken: Woken = []): void {
    if (this.#options.audience.isEmpty || this.#stopping.signal.aborted) return;
    if (woken === null) this.#woken = null;
    else for (const jobId of woken) this.#woken?.add(jobId);
    this.#isDue = true;
    this.#reading ??= this.#readDue();
  }

  /**
   * Resolves at the end of a stretch that began after this call.
   * @throws when the log cannot be read
   */
  async pass(): Promise<void> {
    const passing = Promise.withResolvers<void>();
    this.#passing.push(passing);
    this.look();
    await passing.promise;
  }

  /** Nobody follows: what happens meanwhile need not be read when somebody does again. */
  rest(): void {
    this.#position = null;
  }

  /** Ends with the read that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
    for (const { reject } of this.#passing.splice(0)) reject(new Error('the feed is stopped'));
  }

  async #readDue(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#isDue && !signal.aborted) {
      const pause = await this.#read();
      await wait(pause, undefined, { signal }).catch(() => undefined);
      if (this.#options.audience.isEmpty) this.rest();
    }
    this.#reading = undefined;
  }

  /** @returns how long to wait before the next read, in milliseconds */
  async #read(): Promise<number> {
    const [woken, passing] = [this.#woken, this.#passing.splice(0)];
    this.#isDue = false;
    this.#woken = new Set();
    const begunAt = performance.now();
    try {
      // One that an error broke off is older than those who came since.
      if (this.#position?.part) await this.#passStretch(new Set());
      this.#options.audience.expect();
      await this.#passStretch(woken);
      for (const { resolve } of passing) resolve();
      return Math.min(MOST_PACE_MS, PACE * (performance.now() - begunAt));
    } catch (error) {
      for (const { reject } of passing) reject(error);
      if (this.#stopping.signal.aborted) return 0;
      this.#options.log.warn({ err: error }, 'the log could not be read; trying again');
      this.look(woken);
      return RETRY_MS;
    }
  }

  /** Goes from where it is to the present, in as many pages as that takes. */
  async #passStretch(woken: Set<string> | null): Promise<void> {
    for (let isPassed = false; !isPassed; ) {
      const from = this.#position;
      const page = await this.#readPage(from, woken);
      if (this.#stopping.signal.aborted) return;
      isPassed = this.#hand(from, page);
      // Progress is told with the number of the latest event: only one read shows both, and behind that event it comes.
      if (isPassed && from?.part === null) this.#options.audience.show(page.running);
      else if (woken === null || woken.size > 0) this.look(woken);
    }
  }

  async #readPage(from: Position | null, woken: Set<string> | null): Promise<StretchPage> {
    const { orm, limit, audience } = this.#options;
    const running = { jobIds: woken && [...woken], owners: audience.owners };
    return await readStretch(orm.em.fork(), { reader: null, from, limit, running });
  }

  /** @returns whether it was the last page of its stretch */
  #hand(from: Position | null, page: StretchPage): boolean {
    const { audience, onEvent } = this.#options;
    const reason = from && whyLost(from, page.log);
    if (reason) audience.beginAnew(reason);
    this.#position = reason ? null : page.position;
    if (!this.#position) return false;
    if (from) audience.hand(from, page);
    for (const { event } of page.events) onEvent?.({ event, job: null, readAt: page.readAt });
    if (this.#position.part) return false;
    audience.arrive(this.#position, page.log);
    return true;
  }
}
