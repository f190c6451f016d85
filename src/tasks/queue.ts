import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type ParsedCronItem, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import type { Log } from '../log.ts';

export interface QueueOptions {
  /** PostgreSQL connection string that goes past any pooler: the queue listens. */
  url: string;
  /** Tasks that run at once. */
  concurrency: number;
  tasks: TaskList;
  crontab: ParsedCronItem[];
  /** Awaited before a pool of this name takes its first task. */
  beforeFetch(poolId: string): Promise<void>;
  /** How often the queue is looked at where no notification came; delayed tasks wait for it. */
  pollMs: number;
  log: Log;
}

export interface Queue {
  /** Takes no more tasks from here on. Resolves when those that run have ended. */
  stop(): Promise<void>;
}

const RESTART_MS = 250;
/** Work goes on soon after the database is back. */
const RESTART_CAP_MS = 2_000;
const STOP_LIMIT_MS = 15_000;

/**
 * Takes tasks from the queue and keeps doing so.
 *
 * A runner of graphile-worker 0.18 ends itself when it cannot write the end of one task; and a fetch whose answer was
 * lost with the connection may have locked a task that the runner never hears of, for as long as its pool counts as
 * alive. So a runner that had a fault with the database is replaced by one with a new pool, at once: what the old one
 * still runs goes on to its end, and what it locked unknowingly is freed by the rescue, because its pool is dead.
 */
export async function startQueue(options: QueueOptions): Promise<Queue> {
  const { log } = options;
  const pool = openPool(options, () => replace(current, 'a connection broke'));
  const stopping = new AbortController();
  const draining = new Set<Promise<void>>();
  let current: Runner | undefined;
  let launching: Promise<void> = Promise.resolve();

  async function launch(): Promise<void> {
    for (let waitMs = RESTART_MS; !stopping.signal.aborted; waitMs = Math.min(RESTART_CAP_MS, waitMs * 2)) {
      try {
        await launchOnce();
        return;
      } catch (error) {
        log.warn({ err: error }, 'the queue could not be started yet');
        await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  async function launchOnce(): Promise<void> {
    const events: WorkerEvents = new EventEmitter();
    events.on('worker:getJob:error', () => replace(runner, 'a fetch failed'));
    events.on('pool:gracefulShutdown', ({ message }) => replace(runner, message));
    let runner: Runner | undefined;
    runner = await run({
      pgPool: pool,
      concurrency: options.concurrency,
      pollInterval: options.pollMs,
      noHandleSignals: true,
      taskList: options.tasks,
      parsedCronItems: options.crontab,
      logger: queueLogger(log),
      events,
      preset: { plugins: [gate(options, stopping.signal)], worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
    current = runner;
    runner.promise.then(
      () => replace(runner, 'the runner ended'),
      (error: unknown) => replace(runner, String(error)),
    );
    if (stopping.signal.aborted) drain(runner);
  }

  function replace(runner: Runner | undefined, reason: string): void {
    if (runner === undefined || runner !== current || stopping.signal.aborted) return;
    current = undefined;
    log.warn({ reason }, 'the queue is started anew');
    // What else the same fault breaks is known by then.
    launching = delay(RESTART_MS, undefined, { signal: stopping.signal })
      .catch(() => undefined)
      .then(() => {
        drain(runner);
        return launch();
      });
  }

  function drain(runner: Runner | undefined): void {
    if (!runner) return;
    // A runner that is ending already refuses to be stopped.
    const drained = runner.stop().catch(() => runner.promise.catch(() => undefined));
    draining.add(drained);
    void drained.then(() => draining.delete(drained));
  }

  async function end(): Promise<void> {
    stopping.abort();
    drain(current);
    const ended = launching.then(() => Promise.all(draining)).then(() => pool.end());
    const patience = new AbortController();
    const tooLate = delay(STOP_LIMIT_MS, undefined, { signal: patience.signal }).then(
      () => log.error('the queue did not end in time'),
      () => undefined,
    );
    await Promise.race([ended.finally(() => patience.abort()), tooLate]);
  }

  try {
    await launchOnce();
  } catch (error) {
    await pool.end();
    throw error;
  }
  let ending: Promise<void> | undefined;
  return {
    stop() {
      ending ??= end();
      return ending;
    },
  };
}

function openPool({ url, concurrency, log }: QueueOptions, onBroken: () => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'assay-queue',
    max: Math.min(concurrency + 2, 10),
    connectionTimeoutMillis: 3_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  const onError = (error: Error) => {
    log.debug({ err: error }, 'a connection of the queue broke');
    onBroken();
  };
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  forgiveSecondRelease(pool);
  return pool;
}

/**
 * graphile-worker 0.18 gives its listening connection back twice where that breaks while the runner is being stopped. A
 * pool throws at the second time, and nobody is there to catch it: the whole process would end.
 */
function forgiveSecondRelease(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool);
  pool.connect = ((callback?: Parameters<typeof connect>[0]) => {
    if (!callback) return connect();
    connect((error, client, release) => {
      let isReleased = false;
      callback(error, client, (destroy) => {
        if (client && !isReleased) release(destroy);
        isReleased = true;
      });
    });
  }) as pg.Pool['connect'];
}

/** Holds each new worker of a pool back until the pool is known to be alive. */
function gate({ beforeFetch }: QueueOptions, stopping: AbortSignal): GraphileConfig.Plugin {
  const stopped = new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve(), { once: true }));
  return {
    name: 'AssayGate',
    version: '1.0.0',
    worker: {
      hooks: {
        startWorker: (_context, { worker }) => Promise.race([beforeFetch(worker.workerPool.id), stopped]),
      },
    },
  };
}

/** The queue's own lines are for whoever looks for a fault in it; what matters is logged by the runner, as facts. */
function queueLogger(log: Log): Logger {
  return new Logger((scope) => (level, message, meta) => {
    // A failed task has told its own story already.
    const important = level === 'error' && meta?.failure !== true;
    log[important ? 'warn' : 'debug']({ ...scope }, message);
  });
}
