import { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { admitReader, claimLog, directUrl, openDatabase } from './database.ts';
import { explainListenError, probePort } from './port.ts';
import { runUntilStopped } from './shutdown.ts';
import { startTraces } from './traces.ts';
import { withUserSecret } from './user-secret.ts';

export function apiCommand(): Command {
  return new Command('api')
    .description('run the API alone; any number of them on one database')
    .addHelpText(
      'after',
      `
It accepts work with no worker up. Migrations are not applied: run \`assay migrate up\` first. Log lines are JSON on
standard error. SIGTERM and Ctrl-C drain it.

Examples:
  DATABASE_URL=postgres://… JWT_SECRET=… assay api
  PORT=4001 assay api                              a second one beside \`assay start\``,
    )
    .action(async () => {
      const port = String(await probePort(loadConfig()));
      const config = await withUserSecret(loadConfig({ ...process.env, PORT: port }));
      const log = createLog();
      const code = await runUntilStopped(log, async (start) => {
        const database = await start('PostgreSQL', () => openDatabase(config, (line) => log.info(line)));
        const { isMigrated } = await import('../migrate.ts');
        if (!(await isMigrated(directUrl(database.config)))) {
          log.warn('The database is not migrated: this API is not ready until `assay migrate up` has run.');
        }
        await claimLog(database.config, log);
        await admitReader(database.config);
        await startTraces(start, log);
        const { createMetrics } = await import('../metrics.ts');
        const metrics = createMetrics({ ofProcess: true });
        await start('The API', () => startApiPart({ config: database.config, log, metrics }));
      });
      process.exit(code);
    });
}

/** Starts the API. @throws CommandError when its port was taken since it was probed */
export async function startApiPart(parts: {
  config: Config;
  log: Log;
  metrics: Metrics;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const { startApi } = await import('../server.ts');
  return await startApi(parts).catch((error: unknown) => {
    throw explainListenError(parts.config, error);
  });
}
