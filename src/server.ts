import { randomBytes } from 'node:crypto';
import { buildSchema } from './build-schema.ts';
import type { Config } from './config.ts';
import { contextFor, termsOf } from './context.ts';
import { createDoctor } from './doctor/doctor.ts';
import { startFeed } from './feed/feed.ts';
import { secondsBetween } from './feed/log.ts';
import { createWakeUps } from './feed/wake-ups.ts';
import { createLinks, signingSecretOf } from './files/links.ts';
import { openStorage, storageUrlOf } from './files/storage-url.ts';
import { createSweeper } from './files/sweep.ts';
import { createDashboard } from './gate/dashboard.ts';
import { createFiles } from './gate/files.ts';
import { openGate } from './gate/gate.ts';
import { createInstallationFigures } from './gate/installation-figures.ts';
import { createRates } from './gate/rates.ts';
import { createReadiness } from './gate/readiness.ts';
import { createShares } from './gate/shares.ts';
import { createConnectionWatch, lookRegularly } from './lifecycle/connection-watch.ts';
import { countMoves } from './lifecycle/counted.ts';
import { readFigures } from './lifecycle/health.ts';
import { createLifecycle, type Lifecycle } from './lifecycle/lifecycle.ts';
import type { Log } from './log.ts';
import { createMetrics, databaseErrorClass, type Metrics } from './metrics.ts';
import { isMigrated } from './migrate.ts';
import { createOrm } from './orm.ts';
import { createReaders } from './reader.ts';
import { tracedStep, tracePast } from './trace.ts';

/** Where the build puts it, as seen from the sources and from what they are compiled to. */
const DASHBOARD = new URL('../dist/web/', import.meta.url);

/** How much longer than its statement may take an answer may be under way: nobody waits six seconds for a link that is dead. */
const LINK_MS = 500;

export interface RunningApi {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Takes no new work, tells the sockets, lets running requests end, and closes everything. */
  stop(): Promise<void>;
}

export interface ApiOptions {
  config: Config;
  log: Log;
  /** What this process counts; by default the API counts for itself. */
  metrics?: Metrics;
}

/**
 * Starts the API: both transports of `/graphql`, and the paths beside it.
 * @throws when the database cannot be reached, or the port is taken
 */
export async function startApi({ config, log, metrics = createMetrics() }: ApiOptions): Promise<RunningApi> {
  const { databaseUrl, databaseDirectUrl: directUrl = databaseUrl } = config;
  if (databaseUrl === undefined || directUrl === undefined) throw new Error('The API needs the URL of its database.');
  const { statementMs, lockMs, queueEvents: queueBound, queuedPerUser } = config.limits;

  await using started = new AsyncDisposableStack();
  const onError = (error: unknown) => metrics.databaseErrors.inc({ class: databaseErrorClass(error) });
  const answerMs = statementMs === 0 ? undefined : statementMs + LINK_MS;
  const orm = await createOrm({
    ...{ url: databaseUrl, name: 'assay-api', statementMs, lockMs, answerMs, onError },
    // Where there is a second URL, a pooler stands behind the first.
    keepsStatements: directUrl === databaseUrl,
  });
  started.defer(() => orm.close());
  const wakeUps = createWakeUps({ orm, url: directUrl, log });
  started.defer(() => wakeUps.stop());
  const verbs = createLifecycle({
    orm,
    wake: wakeUps.publish,
    startingTokens: config.startingTokens,
    queuedPerUser,
    sweep: () => void sweeper.sweep(),
  });
  const lifecycle: Lifecycle = countMoves(verbs, { metrics, orm, step: tracedStep });
  const storage = await openStorage(storageUrlOf(config));
  const sweeper = createSweeper({ storage, removals: lifecycle, log });
  started.defer(() => sweeper.stop());
  const feed = startFeed({
    ...{ orm, wakeUps, log, queueBound },
    onEvent: ({ event, job, readAt }) => {
      metrics.feedLag.observe(secondsBetween(event.at, readAt));
      const attributes = { 'assay.job_id': event.jobId, 'assay.seq': event.seq };
      tracePast(`event ${event.type}`, { attributes, parent: job?.origin?.traceparent }, event.at, readAt);
    },
    onMissed: (jobs) => metrics.missedWakeUps.inc(jobs),
  });
  started.defer(() => feed.stop());

  const readiness = createReadiness({
    orm,
    leaseMs: config.worker.leaseMs,
    isListening: () => feed.isListening(),
    isMigrated: onceTrue(() => isMigrated(directUrl)),
    log,
  });
  const { leaseMs, rescueMs, rescueMs: everyMs } = config.worker;
  const connectionWatch = createConnectionWatch({ probe: lifecycle.readTime, leaseMs, everyMs });
  started.defer(lookRegularly(connectionWatch, everyMs));
  metrics.onPrint(() => {
    metrics.subscriptions.set(feed.countFollowers());
    metrics.feedListening.set(feed.isListening() ? 1 : 0);
  });
  metrics.onPrint(createInstallationFigures({ read: () => readFigures(orm.em.fork(), leaseMs), metrics, log }));
  let url = config.publicUrl;
  const links = createLinks({ secret: signingSecret(config, log), baseUrl: () => url });
  const files = { ...sweeper, makeLink: links.make };
  const onRefused = (what: string) => metrics.rateLimited.inc({ what });
  const rates = createRates({ orm, limits: config.limits, onRefused });
  started.defer(() => rates.stop());
  const shares = createShares(links, lifecycle, rates);
  const terms = termsOf(config);
  const doctor = createDoctor({ url: directUrl, leaseMs, rescueMs, runLimitsMs: terms.runLimitsMs, log });
  const readerOf = await createReaders(orm);
  const contextOf = contextFor({
    orm,
    readerOf,
    lifecycle,
    feed,
    files,
    rates,
    shares,
    connectionWatch,
    doctor,
    terms,
  });
  const gate = await openGate({
    ...{ config, log, metrics, orm, contextOf, readiness },
    schema: buildSchema(),
    files: createFiles({ config, storage, links, lifecycle, log }),
    shares,
    dashboard: createDashboard(DASHBOARD, config.publicUrl),
  });
  url = gate.url;
  started.defer(() => gate.stop());
  // Before the gate, which waits for whoever waits for him.
  started.defer(() => doctor.stop());
  log.info({ url: gate.url }, 'The API listens.');

  const running = started.move();
  let stopped: Promise<void> | undefined;
  return {
    url: gate.url,
    stop() {
      stopped ??= running.disposeAsync().then(() => log.info('The API has stopped.'));
      return stopped;
    },
  };
}

/** @returns in development also a secret of this process, where none is configured: its links end with it */
function signingSecret(config: Config, log: Log): string {
  const secret = signingSecretOf(config);
  if (secret !== undefined) return secret;
  log.warn('Links to files and results end with this process, and no other knows them: set ASSAY_SIGNING_SECRET.');
  return randomBytes(32).toString('base64url');
}

/** Asks until the answer is yes; a schema that has been migrated does not go back while this process lives. */
function onceTrue(ask: () => Promise<boolean>): () => Promise<boolean> {
  let known = false;
  return async () => {
    known ||= await ask();
    return known;
  };
}
