import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { Pruned } from '../lifecycle/prune.ts';
import { createLog } from '../log.ts';
import { directUrl, type OpenConfig, openDatabase, refuseUnmigrated } from './database.ts';

/** A first run over years of jobs counts them all. */
const STATEMENT_MS = 15 * 60_000;

export function pruneCommand(): Command {
  return new Command('prune')
    .description('remove what nobody waits for any more, as workers do it once an hour')
    .option('--dry-run', 'only count what would be removed', false)
    .addHelpText(
      'after',
      `
Uploads that no job took within a day; where ASSAY_KEEP_JOBS says how long to keep finished jobs, those that ended
longer ago, with their results, files and events; and what the log still says of jobs that were removed as long ago.
The newest completed sync of each source stays, and so does the ledger.

Examples:
  ASSAY_KEEP_JOBS=90d assay prune --dry-run
  ASSAY_KEEP_JOBS=90d assay prune`,
    )
    .action(({ dryRun }: { dryRun: boolean }) => runPrune(dryRun));
}

async function runPrune(dryRun: boolean): Promise<void> {
  const { config, stop } = await openDatabase(loadConfig(), console.error);
  try {
    await refuseUnmigrated(directUrl(config));
    const { uploads, jobs, events } = await pruneDatabase(config, dryRun);
    console.log(`${dryRun ? 'Would remove' : 'Removed'}: ${uploads} uploads, ${jobs} jobs, ${events} events.`);
    if (config.keepJobsMs === undefined) console.log('Jobs are kept for ever: ASSAY_KEEP_JOBS is not set.');
  } finally {
    await stop();
  }
}

async function pruneDatabase(config: OpenConfig, dryRun: boolean): Promise<Pruned> {
  const { createOrm } = await import('../orm.ts');
  const { createLifecycle } = await import('../lifecycle/lifecycle.ts');
  const { createWakeUpPublisher } = await import('../feed/publisher.ts');
  const orm = await createOrm({ url: directUrl(config), name: 'assay-prune', poolSize: 2, statementMs: STATEMENT_MS });
  const publisher = createWakeUpPublisher({ orm, log: createLog() });
  try {
    const { startingTokens, keepJobsMs = null } = config;
    const lifecycle = createLifecycle({ orm, wake: publisher.publish, startingTokens });
    return dryRun ? await lifecycle.countPrunable(keepJobsMs) : await lifecycle.prune(keepJobsMs);
  } finally {
    await publisher.stop();
    await orm.close();
  }
}
