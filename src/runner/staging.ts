import type { MessagePort } from 'node:worker_threads';
import { MoveRefused } from '../lifecycle/errors.ts';
import type { RunContext } from './context.ts';

/** Rows on their way up from a handler's thread, as JSON: text crosses between threads for next to nothing. */
export interface Batch {
  number: number;
  rows: string;
}

/** The answer on its way down: how many different rows there are by now, or null where the batch was not taken. */
export interface BatchAnswer {
  number: number;
  count: number | null;
}

/** A handler's end of the staging: sends rows up, and waits for each batch to be written. */
export function createStager(port: MessagePort): { stage: RunContext['stage']; answer(answer: BatchAnswer): void } {
  const waiting = new Map<number, PromiseWithResolvers<number>>();
  let sent = 0;
  return {
    stage(rows) {
      sent += 1;
      const written = Promise.withResolvers<number>();
      waiting.set(sent, written);
      port.postMessage({ number: sent, rows: JSON.stringify(rows) } satisfies Batch);
      return written.promise;
    },
    answer({ number, count }) {
      const written = waiting.get(number);
      waiting.delete(number);
      if (count === null) written?.reject(new Error('the gathered rows were not taken'));
      else written?.resolve(count);
    },
  };
}

export interface StagingOptions {
  /** Writes rows under the lease, and answers how many of them have an id that was not there yet. */
  write(rows: string): Promise<number>;
  /** How many are there. */
  count(): Promise<number>;
  /** Goes on through an outage of the database, as long as the attempt lives. */
  throughOutage(act: () => Promise<void>): Promise<void>;
  /** The lease is another's by now. */
  onRefused(): void;
}

/** The runner's end of the staging: writes one batch after the other. */
export interface Staging {
  /** Whether there may be rows of this attempt in the database; asked when none is on its way there any more. */
  isUsed(): Promise<boolean>;
  /** Resolves to how many different rows there are by now. Throws where the rows were not taken. */
  write(rows: string): Promise<number>;
}

/** Makes the writer of one attempt's rows. */
export function createStaging({ write, count, throughOutage, onRefused }: StagingOptions): Staging {
  let known: number | undefined = 0;
  let last: Promise<unknown> | undefined;

  async function writeOne(rows: string): Promise<number> {
    try {
      await throughOutage(async () => {
        const before = known;
        known = undefined; // an answer that is lost on its way leaves open whether the rows are written
        const added = await write(rows);
        known = before === undefined ? await count() : before + added;
      });
    } catch (error) {
      if (error instanceof MoveRefused) onRefused();
      throw error;
    }
    return known ?? 0;
  }

  return {
    write(rows) {
      const written = (last ?? Promise.resolve()).then(() => writeOne(rows));
      last = written.catch(() => undefined);
      return written;
    },
    async isUsed() {
      await last;
      return last !== undefined;
    },
  };
}
