import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { claimLog, openDatabase } from './database.ts';
import { runUntilStopped } from './shutdown.ts';

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
  ASSAY_WORKER_CONCURRENCY=2 assay worker          a second one beside \`assay start\``,
    )
    .action(async () => {
      const config = loadConfig();
      const log = createLog();
      const code = await runUntilStopped(log, async (start) => {
        const database = await start('PostgreSQL', () => openDatabase(config, (line) => log.info(line)));
        await claimLog(database.config, log);
        const { startWorker } = await import('../worker.ts');
        await start('The worker', () => startWorker({ config: database.config, log }));
      });
      process.exit(code);
    });
}
