import { buildSchema } from './build-schema.ts';
import type { Config } from './config.ts';
import { contextFor, termsOf } from './context.ts';
import { startFeed } from './feed/feed.ts';
import { createWakeUps } from './feed/wake-ups.ts';
import { openGate } from './gate/gate.ts';
import { createReadiness } from './gate/readiness.ts';
import { createConnectionWatch, lookRegularly } from './lifecycle/connection-watch.ts';
import { createLifecycle } from './lifecycle/lifecycle.ts';
import type { Log } from './log.ts';
import { migrationStatus } from './migrate.ts';
import { createOrm } from './orm.ts';

export interface RunningApi {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Takes no new work, tells the sockets, lets running requests end, and closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts the API: both transports of `/graphql`, and the paths beside it.
 * @throws when the database cannot be reached, or the port is taken
 */
export async function startApi({ config, log }: { config: Config; log: Log }): Promise<RunningApi> {
  const { databaseUrl: url, databaseDirectUrl: directUrl = url } = config;
  if (url === undefined || directUrl === undefined) throw new Error('The API needs the URL of its database.');
  const { statementMs, lockMs, queueEvents: queueBound } = config.limits;

  await using started = new AsyncDisposableStack();
  const orm = await createOrm({ url, name: 'assay-api', statementMs, lockMs });
  started.defer(() => orm.close());
  const wakeUps = createWakeUps({ orm, url: directUrl, log });
  started.defer(() => wakeUps.stop());
  const lifecycle = createLifecycle({ orm, wake: wakeUps.publish, startingTokens: config.startingTokens });
  const feed = startFeed({ orm, wakeUps, log, queueBound });
  started.defer(() => feed.stop());

  const readiness = createReadiness({
    orm,
    leaseMs: config.worker.leaseMs,
    isListening: () => feed.isListening(),
    isMigrated: onceTrue(() => isMigrated(directUrl)),
    log,
  });
  const { leaseMs, rescueMs: everyMs } = config.worker;
  const connectionWatch = createConnectionWatch({ probe: lifecycle.readTime, leaseMs, everyMs });
  started.defer(lookRegularly(connectionWatch, everyMs));
  const contextOf = contextFor({ orm, lifecycle, feed, connectionWatch, terms: termsOf(config) });
  const gate = await openGate({ config, log, orm, schema: buildSchema(), contextOf, readiness });
  started.defer(() => gate.stop());
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

const isMigrated = async (url: string): Promise<boolean> =>
  (await migrationStatus(url)).every(({ appliedAt }) => appliedAt !== null);

/** Asks until the answer is yes; a schema that has been migrated does not go back while this process lives. */
function onceTrue(ask: () => Promise<boolean>): () => Promise<boolean> {
  let known = false;
  return async () => {
    known ||= await ask();
    return known;
  };
}
