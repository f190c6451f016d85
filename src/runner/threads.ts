import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Log } from '../log.ts';
import type { Line, Progress } from './context.ts';
import { type Outcome, unexpectedFailure } from './outcome.ts';
import type { TaskFiles } from './run-files.ts';
import type { Batch, BatchAnswer } from './staging.ts';
import type { ThreadData, ThreadTask } from './thread.ts';

export interface ThreadsOptions extends ThreadData {
  /** Handlers that run at once. */
  concurrency: number;
  /** Memory of one thread's heap. */
  memoryMb: number;
  log: Log;
}

export interface ThreadRun {
  kind: string;
  input: unknown;
  attempt: number;
  files: TaskFiles;
  /** Asks the handler to stop; it has `graceMs` to do so, then its thread is terminated. */
  signal: AbortSignal;
  graceMs: number;
  onProgress(progress: Progress): void;
  /** Hears what the handler has to say to the log. */
  onLine?(line: Line): void;
  /** Writes rows that the handler has gathered, given as JSON; what it throws, the handler hears without the reason. */
  onRows?(rows: string): Promise<number>;
}

export interface Threads {
  /** Runs a handler in a thread of its own. Never rejects. A thread that was terminated, or died, is gone by then. */
  run(options: ThreadRun): Promise<Outcome>;
  /** Terminates all threads. */
  stop(): Promise<void>;
}

/** An idle thread beyond the warm ones is given back after this time. */
const IDLE_MS = 30_000;
/** Kept ready, so that the next job need not wait for a thread to start, also where the last one had to be killed. */
const WARM_THREADS = 2;

/**
 * At its limit a heap gets 16 MB more, in which the thread is ended. Where a larger young generation moves over at that
 * moment, V8 finds no room and aborts the whole process: seen with Node 24 in 7 of 24 tries with the young generation's
 * own size, in none of 56 with this one.
 */
const YOUNG_MB = 16;

const isSource = import.meta.url.endsWith('.ts');
const entry = isSource ? new URL('./thread.ts', import.meta.url) : new URL('./thread.js', import.meta.url);

/** Starts the pool of threads in which handlers run. A handler that spins, crashes or leaks harms only its own thread. */
export function startThreads(options: ThreadsOptions): Threads {
  const { concurrency, memoryMb, kindsModule, storageUrl, settings, log } = options;
  const pool = new Piscina<ThreadTask, Outcome>({
    filename: entry.href,
    workerData: { kindsModule, storageUrl, settings } satisfies ThreadData,
    minThreads: WARM_THREADS,
    maxThreads: Math.max(WARM_THREADS, concurrency + 1),
    concurrentTasksPerWorker: 1,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB },
    recordTiming: false,
  });
  // A thread that dies between two tasks is replaced; without a listener it would take the process with it.
  pool.on('error', (error: unknown) => log.error({ err: error }, 'an idle thread died'));

  async function run({ signal, graceMs, onProgress, onRows, onLine, ...task }: ThreadRun): Promise<Outcome> {
    if (signal.aborted) return { type: 'terminated' };
    const { port1, port2 } = new MessageChannel();
    const hard = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const onAbort = () => {
      port1.postMessage(String(signal.reason));
      grace = setTimeout(() => hard.abort(), graceMs);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const thread = listen(port1, { onProgress, onRows, onLine });
    try {
      return await pool.run({ ...task, port: port2 }, { transferList: [port2], signal: hard.signal });
    } catch (error) {
      // The pool tells before the thread has ended, which can take long in native code; the channel closes when it has.
      // Where no thread took the task, its end of the channel is still here.
      port2.close();
      await thread.left;
      return hard.signal.aborted ? { type: 'terminated' } : unexpectedFailure(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(grace);
      thread.hearLastLines();
      port1.close();
    }
  }

  return { run, stop: () => pool.destroy() };
}

/** Hears what a handler's thread says through its port, until that is closed. */
function listen(
  port: MessagePort,
  { onProgress, onRows, onLine }: Pick<ThreadRun, 'onProgress' | 'onRows' | 'onLine'>,
) {
  let isLeft = false;
  const left = new Promise<void>((resolve) => {
    port.once('close', () => {
      isLeft = true;
      resolve();
    });
  });
  const onBatch = async ({ number, rows }: Batch) => {
    const count = (await onRows?.(rows).catch(() => null)) ?? null;
    port.postMessage({ number, count } satisfies BatchAnswer);
  };
  port.on('message', (message: Progress | Batch | Line) => {
    if ('rows' in message) void onBatch(message);
    else if ('facts' in message) onLine?.(message);
    else onProgress(message);
  });
  return {
    /** Resolves when the thread has closed its end, or is gone. */
    left,
    /** The outcome comes another way, and may be here before the last lines. A late report is not heard any more. */
    hearLastLines() {
      // Node 24 ends the process by SIGSEGV where a port is read that is just being closed.
      if (isLeft) return;
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
        if ('facts' in next.message) onLine?.(next.message);
      }
    },
  };
}
