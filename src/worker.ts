import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Config } from './config.ts';
import { createWakeUpPublisher } from './feed/publisher.ts';
import { openStorage, storageUrlOf } from './files/storage-url.ts';
import { createSweeper } from './files/sweep.ts';
import { runLimitsOf } from './kinds/policy.ts';
import { createConnectionWatch, lookRegularly } from './lifecycle/connection-watch.ts';
import { countMoves } from './lifecycle/counted.ts';
import { createLifecycle, type Lifecycle } from './lifecycle/lifecycle.ts';
import type { Log } from './log.ts';
import { createMetrics, databaseErrorClass, type Metrics } from './metrics.ts';
import { createOrm } from './orm.ts';
import { type Attempts, createAttempts } from './runner/attempts.ts';
import type { Backoff } from './runner/backoff.ts';
import { startHeartbeat } from './runner/heartbeat.ts';
import { createRescuer } from './runner/rescue.ts';
import type { Kinds } from './runner/thread.ts';
import { startThreads } from './runner/threads.ts';
import { createCrontab, createTasks } from './tasks/index.ts';
import { startQueue } from './tasks/queue.ts';
import { tracedStep } from './trace.ts';

export interface WorkerOptions {
  config: Pick<
    Config,
    | 'databaseUrl'
    | 'databaseDirectUrl'
    | 'dataDir'
    | 'storageUrl'
    | 'worker'
    | 'prices'
    | 'runLimitsMs'
    | 'startingTokens'
    | 'syncSources'
    | 'limits'
    | 'languageModel'
    | 'keepJobsMs'
  >;
  log: Log;
  /** What this process counts; by default the worker counts for itself. */
  metrics?: Metrics;
  /** URL of the module that exports `kinds`, for the handlers' threads. */
  kindsModule?: string;
  /** What running attempts get to finish when the worker stops, in milliseconds. */
  graceMs?: number;
  /** Between the attempts of a job that failed. */
  backoff?: Backoff;
  /** Heap of one handler's thread. */
  threadMemoryMb?: number;
  /** How often the queue is looked at without being notified, in milliseconds. */
  pollMs?: number;
}

export interface RunningWorker {
  readonly workerId: string;
  /** Ends what runs or gives it back to the queue, and closes everything. No attempt is lost. */
  stop(): Promise<void>;
}

const BACKOFF: Backoff = { firstMs: 5_000, capMs: 300_000 };

const isSource = import.meta.url.endsWith('.ts');
const ownKinds = isSource ? new URL('./kinds/index.ts', import.meta.url) : new URL('./kinds/index.js', import.meta.url);

/**
 * Starts a worker: it takes tasks from the queue, runs each attempt in a thread, proves that it lives, and looks after
 * the jobs of workers that died.
 * @throws when the database cannot be reached, or has not been migrated
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, graceMs = 5_000, backoff = BACKOFF, threadMemoryMb = 512, pollMs = 1_000 } = options;
  const { metrics = createMetrics() } = options;
  const { databaseUrl: url, databaseDirectUrl: directUrl = url } = config;
  if (url === undefined || directUrl === undefined) throw new Error('A worker needs the URL of its database');
  const { leaseMs, heartbeatMs, rescueMs, concurrency } = config.worker;
  const workerId = randomUUID();
  const log = options.log.child({ workerId });
  const kindsModule = options.kindsModule ?? ownKinds.href;
  const { kinds }: { kinds: Kinds } = await import(kindsModule);

  await using started = new AsyncDisposableStack();
  const onError = (error: unknown) => metrics.databaseErrors.inc({ class: databaseErrorClass(error) });
  const orm = await createOrm({
    url,
    name: 'assay-worker',
    poolSize: Math.min(concurrency * 2 + 2, 20),
    onError,
    keepsStatements: url === directUrl,
  });
  started.defer(() => orm.close());
  const publisher = createWakeUpPublisher({ orm, log });
  started.defer(() => publisher.stop());
  const storageUrl = storageUrlOf(config);
  const verbs = createLifecycle({
    orm,
    wake: publisher.publish,
    startingTokens: config.startingTokens,
    sweep: () => void sweeper.sweep(),
  });
  const lifecycle: Lifecycle = countMoves(verbs, { metrics, orm, step: tracedStep });
  const sweeper = createSweeper({ storage: await openStorage(storageUrl), removals: lifecycle, log });
  started.defer(() => sweeper.stop());
  const { syncSources, limits, languageModel } = config;
  const settings = { syncSources, syncRows: limits.syncRows, languageModel };
  const threads = startThreads({ concurrency, memoryMb: threadMemoryMb, kindsModule, storageUrl, settings, log });
  started.defer(() => threads.stop());
  const heartbeat = startHeartbeat({
    url: directUrl,
    workerId,
    host: os.hostname(),
    pid: process.pid,
    concurrency,
    leaseMs,
    heartbeatMs,
    log,
    onLost: (leases) => attempts.lose(leases),
  });
  started.defer(() => heartbeat.stop());
  const attempts: Attempts = createAttempts({
    ...{ workerId, lifecycle, threads, heartbeat, kinds, config, backoff, metrics, log },
  });
  metrics.concurrency.set(concurrency);
  const watch = createConnectionWatch({
    async probe() {
      const at = await lifecycle.readTime();
      if (heartbeat.isFailing()) throw new Error('the heartbeat of this worker does not come through');
      return at;
    },
    leaseMs,
    everyMs: rescueMs,
  });
  const rescuer = createRescuer({ lifecycle, watch, leaseMs, runLimitsMs: runLimitsOf(kinds, config), log });
  started.defer(lookRegularly(rescuer, rescueMs));
  const tasks = createTasks({ attempts, rescuer, lifecycle, sweeper, keepJobsMs: config.keepJobsMs ?? null });
  const queue = await startQueue({
    url: directUrl,
    concurrency,
    tasks,
    crontab: createCrontab(),
    pollMs,
    log,
    beforeFetch: heartbeat.join,
  });
  started.defer(async () => {
    // Side by side: the queue takes no more tasks while those it has taken are brought to their end.
    await Promise.all([queue.stop(), attempts.stop(graceMs)]);
  });
  log.info({ concurrency, host: os.hostname() }, 'worker started');

  const running = started.move();
  let stopped: Promise<void> | undefined;
  return {
    workerId,
    stop() {
      stopped ??= running.disposeAsync().then(() => log.info('worker stopped'));
      return stopped;
    },
  };
}
