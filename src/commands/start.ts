import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import { startApiPart } from './api.ts';
import { banner } from './banner.ts';
import { keepSecret, prepareDataFolder } from './data-folder.ts';
import { type Database, directUrl, startDatabase } from './database.ts';
import { type Demo, prepareDemo } from './demo.ts';
import { probePort } from './port.ts';
import { runUntilStopped, type StartPart } from './shutdown.ts';
import { startTraces } from './traces.ts';

export function startCommand(): Command {
  return new Command('start')
    .description('run everything in one process: PostgreSQL, migrations, API and worker')
    .option('-v, --verbose', 'write what happens to standard error, not only warnings')
    .addHelpText(
      'after',
      `
Without DATABASE_URL it starts the embedded PostgreSQL in the data folder (ASSAY_DATA_DIR, .data by default), which
keeps the secrets of the demo as well. The demo user gets 1,000 tokens to spend, once. In production (ASSAY_ENV) there is
no demo. Ctrl-C drains: running jobs get their grace, PostgreSQL stops last; press it again to end at once.

Examples:
  assay start
  PORT=4001 ASSAY_DATA_DIR=/tmp/assay assay start
  DATABASE_URL=postgres://… assay start`,
    )
    .action(async ({ verbose }: { verbose?: true }, command: Command) => {
      const version = command.parent?.version() ?? '';
      const log = createLog({ level: verbose ? 'info' : 'warn' });
      const code = await runUntilStopped(log, (start) => startAll(start, log, version));
      process.exit(code);
    });
}

async function startAll(start: StartPart, log: Log, version: string): Promise<void> {
  const config = await prepareConfig();
  // Loading them takes a second, in which PostgreSQL can start. Who awaits them below sees an error of loading.
  void Promise.allSettled([import('../migrate.ts'), import('../server.ts'), import('../worker.ts')]);
  const database = await start('PostgreSQL', () => startDatabase(config, console.error));
  const { migrate } = await import('../migrate.ts');
  await migrate(directUrl(database.config));
  const demo = await demoFor(database.config);
  await startTraces(start, log);
  const { createMetrics } = await import('../metrics.ts');
  const metrics = createMetrics({ ofProcess: true });
  await start('The API', () => startApiPart({ config: database.config, log, metrics }));
  const { startWorker } = await import('../worker.ts');
  await start('The worker', () => startWorker({ config: database.config, log, metrics }));
  console.log(banner({ version, url: config.publicUrl, graphiql: config.env === 'development', demo }));
}

/** The environment, with a secret of our own where development lacks one, and a port that is free. */
async function prepareConfig(): Promise<Config> {
  const given = loadConfig();
  const made: Record<string, string> = {};
  if (given.env === 'development') {
    await prepareDataFolder(given.dataDir);
    if (given.jwt.secret === undefined) made.JWT_SECRET = await keepSecret(given.dataDir, 'jwt-secret', makeSecret);
  }
  const port = await probePort(given);
  return loadConfig({ ...process.env, PORT: String(port) }, made);
}

const makeSecret = () => randomBytes(48).toString('base64url');

const demoFor = async (config: Database['config']): Promise<Demo | undefined> =>
  config.env === 'development' ? await prepareDemo(config) : undefined;
