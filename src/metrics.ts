import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const MOVE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const WORK_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1_800, 3_600];
const STOP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const RESCUE_SECONDS = [1, 2, 5, 8, 10, 12, 14, 17, 20, 30, 60, 300];
const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The moves of the machine, the submit that it has no row for, and the forced deletion. */
const COUNTED_MOVES = 'submit start complete fail release cancel retry delete erase'.split(' ');
const REMOVING_VERBS = ['bury', 'forceDelete', 'deleteResult', 'cleanupSync', 'prune'] as const;
const ORPHANS = ['job', 'result', 'file'] as const;
const SYNC_FAILURES = ['NOT_FOUND', 'ANSWER_LOST', 'ERROR'] as const;
const RESCUE_OUTCOMES = ['released', 'failed', 'freed', 'requeued', 'notFixed'] as const;

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const bySqlState: readonly (readonly [RegExp, string])[] = [
  [/^23/, 'constraint_violation'],
  [/^AS/, 'guard'], // our own triggers
  [/^40P01$/, 'deadlock'],
  [/^40/, 'serialization_failure'],
  [/^55P03$/, 'lock_timeout'],
  [/^57014$/, 'statement_timeout'],
  [/^(08|57P|53)/, 'unavailable'],
  [/^[0-9A-Z]{5}$/, 'other'],
];
/** A link that broke, or was too slow, comes without a SQLSTATE. */
const WITHOUT_SQLSTATE = 'unavailable';
const DATABASE_ERROR_CLASSES = [...new Set(bySqlState.map(([, name]) => name))];

/** What an error of the database is counted as. */
export function databaseErrorClass(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return bySqlState.find(([pattern]) => pattern.test(code))?.[1] ?? WITHOUT_SQLSTATE;
}

/** Figures that are read together, of the whole installation and not of one process. */
export type InstallationFigures = Readonly<Record<keyof Metrics['installation'], number>>;

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * What a process counts, for Prometheus. One object a process, handed down to whoever counts. A label is a word from a
 * fixed list (a move, a kind, a code): never an id, a name or a text that somebody wrote.
 *
 * @param options.ofProcess whether to watch the process itself as well: event loop, memory, garbage collection. Such
 * watches last as long as the process, so only who owns it asks for them.
 */
export function createMetrics({ ofProcess = false }: { ofProcess?: boolean } = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });
  /** From 0, so that the first of something rare is seen as a rise. */
  const counterOf = <L extends string>(name: string, help: string, label: L, words: readonly string[]) => {
    const counted = counter(name, help, [label]);
    for (const word of words) counted.inc({ [label]: word } as Record<L, string>, 0);
    return counted;
  };
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram<L>({ name, help, labelNames, buckets, registers });
  /** Not there until it is set: a 0 that nobody has read would be a lie. */
  const figure = (name: string, help: string) => {
    const unread = gauge(name, help);
    unread.remove();
    return unread;
  };
  const beforePrinting: (() => void | Promise<void>)[] = [];

  return {
    moves: counterOf('assay_moves_total', 'Jobs that a move changed.', 'move', COUNTED_MOVES),
    moveSeconds: histogram('assay_move_seconds', 'How long a move took, refused or not.', MOVE_SECONDS, ['move']),
    refusedMoves: counter('assay_refused_moves_total', 'Moves that were refused.', ['move', 'reason']),
    submits: counter('assay_submits_total', 'Jobs that were submitted, or found by their key.', ['kind', 'outcome']),
    refunds: counter('assay_refunds_total', 'Rounds that were paid back.'),
    refundedTokens: counter('assay_refunded_tokens_total', 'Tokens that were paid back.'),
    cascadeDeletes: counterOf(
      'assay_cascade_deletes_total',
      'Results that went with their job.',
      'verb',
      REMOVING_VERBS,
    ),
    orphans: counterOf('assay_orphans_removed_total', 'Rows without what they belong to, removed.', 'what', ORPHANS),
    syncActions: counter('assay_sync_status_actions_total', 'What syncStatus mended.', ['action']),
    syncFailures: counterOf(
      'assay_sync_status_failures_total',
      'What syncStatus could not mend.',
      'reason',
      SYNC_FAILURES,
    ),
    rescuedJobs: counterOf('assay_rescued_jobs_total', 'Jobs that a rescue found.', 'outcome', RESCUE_OUTCOMES),
    timeToRescue: histogram(
      'assay_time_to_rescue_seconds',
      'From the last sign of life of a worker to the rescue of its job.',
      RESCUE_SECONDS,
    ),
    cancelSeconds: histogram('assay_cancel_seconds', 'From CANCELLED to the thread being free.', STOP_SECONDS),

    queueWait: histogram('assay_queue_wait_seconds', 'From due to started.', WORK_SECONDS, ['kind']),
    runSeconds: histogram('assay_run_seconds', 'How long an attempt ran.', WORK_SECONDS, ['kind', 'outcome']),
    attemptsRunning: gauge('assay_attempts_running', 'Attempts that run in this process.'),
    concurrency: gauge('assay_worker_concurrency', 'Attempts that may run at once in this process.'),

    operations: counter('assay_operations_total', 'GraphQL operations that were asked for.', ['transport']),
    errors: counter('assay_errors_total', 'Errors that clients were told.', ['transport', 'code']),
    connections: gauge('assay_connections_open', 'Connections that last.', ['transport']),
    rateLimited: counter('assay_rate_limited_total', 'Requests over a limit per minute.', ['what']),

    subscriptions: figure('assay_subscriptions_open', 'Subscriptions that are served.'),
    feedListening: figure('assay_feed_listening', 'Whether wake-ups arrive: 1 or 0.'),
    feedLag: histogram('assay_feed_lag_seconds', 'From an event to its reading for those who follow.', LAG_SECONDS),
    missedWakeUps: counter('assay_feed_missed_wake_ups_total', 'Jobs whose news the poll found first.'),

    databaseErrors: counterOf(
      'assay_database_errors_total',
      'Statements that PostgreSQL did not do.',
      'class',
      DATABASE_ERROR_CLASSES,
    ),

    installationReadable: figure('assay_installation_readable', 'Whether the figures below could be read: 1 or 0.'),
    installation: {
      queueDepth: figure('assay_queue_depth', 'Waiting jobs.'),
      oldestQueuedSeconds: figure('assay_oldest_queued_seconds', 'How long the oldest due job has waited.'),
      processing: figure('assay_processing', 'Running jobs.'),
      workersAlive: figure('assay_workers_alive', 'Worker processes with a fresh heartbeat.'),
      stuckNotFixed: figure('assay_stuck_not_fixed', 'Jobs of dead workers that nobody has rescued in time.'),
      notifyQueueUsage: figure('assay_notify_queue_usage', 'How full the queue of notifications is, 0 to 1.'),
      lockWaits: figure('assay_lock_waits', 'Sessions that wait for a lock now.'),
    },

    registry,
    /** Does something just before the metrics are printed: for what is looked up rather than counted. */
    onPrint(look: () => void | Promise<void>): void {
      beforePrinting.push(look);
    },
    /** All metrics as text. */
    async print(): Promise<string> {
      for (const look of beforePrinting) await look();
      return await registry.metrics();
    },
  };
}
