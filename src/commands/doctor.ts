import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import type { DoctorOptions } from '../doctor/examination.ts';
import { runLimitsOf } from '../kinds/policy.ts';
import type { Finding } from '../lifecycle/doctor.ts';
import { directUrl, type OpenConfig, openDatabase, refuseUnmigrated } from './database.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check on a live database what must hold of its rows: exit code 0, or 1 with the rows that break it')
    .option('--repair', 'mend what can be mended without a guess, say what was done, and check again', false)
    .addHelpText(
      'after',
      `
It reads only, and may run beside everything else. What a living system puts right by itself (the task of a worker that
died, say) counts as broken when it is found a second time, one lease and two rescues later.

--repair gives a waiting job without a task a new one, pays back what is owed, sets a result to the status of its job,
rescues what dead workers left, fails waiting jobs that have no attempt left, and removes jobs and results that lost
their other half. What would be a guess it leaves to you.

Examples:
  assay doctor
  DATABASE_URL=postgres://… assay doctor --repair`,
    )
    .action(({ repair }: { repair: boolean }) => runDoctor(repair));
}

async function runDoctor(repair: boolean): Promise<void> {
  const { config, stop } = await openDatabase(loadConfig(), console.error);
  try {
    await refuseUnmigrated(directUrl(config));
    const { examineDatabase, mendDatabase } = await import('../doctor/examination.ts');
    const options = await optionsOf(config);
    let { findings } = await examineDatabase(options);
    await report(findings);
    if (repair && findings.length > 0) {
      const { done, failures } = await mendDatabase(options, findings);
      for (const { id, error } of failures) console.log(`${id}: not mended, ${String(error)}`);
      for (const line of done) console.log(line);
      console.log(done.length === 0 ? 'There was nothing that could be mended.' : `Mended: ${done.length}.`);
      ({ findings } = await examineDatabase(options));
      await report(findings);
    }
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await stop();
  }
}

async function optionsOf(config: OpenConfig): Promise<DoctorOptions> {
  const { kinds } = await import('../kinds/index.ts');
  const { leaseMs, rescueMs } = config.worker;
  return { url: directUrl(config), leaseMs, rescueMs, runLimitsMs: runLimitsOf(kinds, config) };
}

/** A calm line for each invariant, and under a broken one its first rows. */
async function report(findings: Finding[]): Promise<void> {
  const { INVARIANTS: invariants } = await import('../lifecycle/invariants.ts');
  const { ROWS_SHOWN } = await import('../lifecycle/doctor.ts');
  const width = Math.max(...invariants.map(({ id }) => id.length));
  for (const { id, sentence } of invariants) {
    const rows = findings.find(({ invariant }) => invariant.id === id)?.rows ?? [];
    console.log(`${rows.length === 0 ? 'ok    ' : 'BROKEN'}  ${id.padEnd(width)}  ${sentence}`);
    for (const { subject, found } of rows.slice(0, ROWS_SHOWN)) console.log(`          ${subject}  ${found}`);
    if (rows.length > ROWS_SHOWN) console.log(`          and ${rows.length - ROWS_SHOWN} more`);
  }
  const { length: broken } = findings;
  console.log(
    broken === 0
      ? `All ${invariants.length} invariants hold.`
      : `${broken} of ${invariants.length} invariants are broken.`,
  );
}
