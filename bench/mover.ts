import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Pace {
  /** Moves, each of them an event. */
  perSecond: number;
  /** Jobs that one statement moves, as a rescue does; 1 where it is left out, as a worker does. */
  together?: number;
}

export interface MoverOrder extends Pace {
  databaseUrl: string;
  jobIds: readonly string[];
}

/** What comes next: another pace, or the end, with all jobs completed or left as they are. */
export type NextOrder = Pace | 'end' | 'complete all';

/** What was done since the last order. */
export interface MoverReport {
  moves: number;
  seconds: number;
}

export interface Mover {
  /** Resolves when the moves that were under way are committed; what is next has begun then, or everything is over. */
  order(next: NextOrder): Promise<MoverReport>;
}

/** Moves queued jobs back and forth at a steady pace, as workers do, in a thread of its own. */
export async function startMover(order: MoverOrder): Promise<Mover> {
  const thread = new Worker(new URL('./mover-thread.ts', import.meta.url), { workerData: order });
  // An error of the thread that nobody waits for is thrown here, and so a move that fails ends the bench.
  await once(thread, 'message');
  return {
    async order(next) {
      const reported = once(thread, 'message') as Promise<[MoverReport]>;
      const ended = typeof next === 'string' ? once(thread, 'exit') : undefined;
      thread.postMessage(next);
      const [report] = await reported;
      await ended;
      return report;
    },
  };
}
