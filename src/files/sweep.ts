import type { Log } from '../log.ts';
import type { Storage } from './storage.ts';

/** The books of what is to be removed, as they are kept beside the rows. */
export interface Removals {
  /** Names of bytes that are due, taken up by this caller for a while. */
  takeDueRemovals(): Promise<string[]>;
  /** Strikes names off: their bytes are gone. */
  endRemovals(storedAs: readonly string[]): Promise<void>;
  /** Of these names, the ones that no row knows. */
  findUnknownBytes(storedAs: readonly string[]): Promise<string[]>;
}

export interface Sweeper {
  /** Removes bytes that are due. Never throws, and never runs twice at once: what comes up meanwhile is done after. */
  sweep(): Promise<void>;
  /** Waits for what is under way, and begins nothing more. */
  stop(): Promise<void>;
  /** Bytes in the storage that no row knows of: left by a zombie, or by a database that was put back. Bounded. */
  findStray(): Promise<string[]>;
  /** Removes them. @returns how many */
  removeStray(): Promise<number>;
}

const LISTED_AT_ONCE = 1_000;
/** Of more, another call finds the rest. */
const MOST_STRAY = 1_000;
const MOST_LISTED = 1_000_000;

/** Makes the one who removes bytes: rows go in a transaction, and their bytes after it, however often that is tried. */
export function createSweeper({ storage, removals, log }: { storage: Storage; removals: Removals; log: Log }): Sweeper {
  let sweeping: Promise<void> | undefined;
  let isAskedAgain = false;
  let isStopped = false;

  async function sweepAll(): Promise<void> {
    do {
      isAskedAgain = false;
      try {
        while (!isStopped) {
          const due = await removals.takeDueRemovals();
          if (due.length === 0) break;
          await removeAll(due);
        }
      } catch (error) {
        log.warn({ err: error }, 'files could not be removed yet');
      }
    } while (isAskedAgain && !isStopped);
  }

  async function removeAll(names: readonly string[]): Promise<void> {
    const removed = await Promise.all(
      names.map(async (name) => {
        try {
          await storage.remove(name);
          return [name];
        } catch (error) {
          log.warn({ err: error, storedAs: name }, 'a file could not be removed yet');
          return [];
        }
      }),
    );
    await removals.endRemovals(removed.flat());
  }

  async function findStray(): Promise<string[]> {
    const stray: string[] = [];
    let listed = 0;
    for await (const names of inBatches(storage.list())) {
      // Bytes are announced before they are written, so a name that was listed first and is unknown now is nobody's.
      stray.push(...(await removals.findUnknownBytes(names)));
      listed += names.length;
      if (stray.length >= MOST_STRAY || listed >= MOST_LISTED) break;
    }
    return stray.slice(0, MOST_STRAY);
  }

  return {
    async sweep() {
      if (isStopped) return;
      isAskedAgain = true;
      sweeping ??= sweepAll().finally(() => {
        sweeping = undefined;
      });
      await sweeping;
    },
    async stop() {
      isStopped = true;
      await sweeping;
    },
    findStray,
    async removeStray() {
      const stray = await findStray();
      for (const name of stray) await storage.remove(name);
      return stray.length;
    },
  };
}

async function* inBatches(names: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const name of names) {
    batch.push(name);
    if (batch.length < LISTED_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
