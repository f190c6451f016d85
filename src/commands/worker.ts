import { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { admitReader, claimLog, directUrl, openDatabase, refuseUnmigrated } from './database.ts';
import { explainListenError } from './port.ts';
import { runUntilStopped, type StartPart } from './shutdown.ts';
import { startTraces } from './traces.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker alone; any number of them on one database')
    .addHelpText(
      'after',
      `
Migrations are not applied: run \`assay migrate up\` first. Log lines are JSON on standard error. SIGTERM and Ctrl-C drain
it: running jobs get their grace, the rest goes back to the queue without losing an attempt.

Examples:
  DATABASE_URL=postgres://… assay worker
  ASSAY_WORKER_CONCURRENCY=2 assay worker          a second one beside \`assay start\`
  ASSAY_METRICS_PORT=9464 assay worker             with http://127.0.0.1:9464/metrics`,
    )
    .action(async () => {
      const config = loadConfig();
      const log = createLog();
      const code = await runUntilStopped(log, async (start) => {
        const database = await start('PostgreSQL', () => openDatabase(config, (line) => log.info(line)));
        // On an older schema its moves could fail half-way through a job; an API may wait, because it says that it is not ready.
        await refuseUnmigrated(directUrl(database.config));
        await claimLog(database.config, log);
        await admitReader(database.config);
        await startTraces(start, log);
        const { createMetrics } = await import('../metrics.ts');
        const metrics = createMetrics({ ofProcess: true });
        await serveMetrics(start, database.config, { log, metrics });
        const { startWorker } = await import('../worker.ts');
        await start('The worker', () => startWorker({ config: database.config, log, metrics }));
      });
      process.exit(code);
    });
}

/**
 * Before the worker, so that what it does while it stops can still be seen; over a connection of its own, which takes none
 * from the work.
 */
async function serveMetrics(start: StartPart, config: Config, { log, metrics }: { log: Log; metrics: Metrics }) {
  const { metrics: address, databaseUrl: url } = config;
  if (!address || url === undefined) return;
  const [{ listenForMetrics }, { createOrm }] = await Promise.all([
    import('../gate/metrics-listener.ts'),
    import('../orm.ts'),
  ]);
  const names = { host: 'ASSAY_METRICS_HOST', port: 'ASSAY_METRICS_PORT', example: 9_464, command: 'assay worker' };
  await start('The metrics', async () => {
    const orm = await createOrm({ url, name: 'assay-metrics', poolSize: 1 });
    const listener = await listenForMetrics({ config, address, orm, metrics, log }).catch(async (error: unknown) => {
      await orm.close();
      throw explainListenError(address, error, names);
    });
    log.info({ url: listener.url }, 'metrics are served');
    return {
      async stop() {
        await listener.stop();
        await orm.close();
      },
    };
  });
}
