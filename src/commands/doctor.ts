import { Command } from 'commander';
import pg from 'pg';
import { loadConfig } from '../config.ts';
import { runLimitsOf } from '../kinds/policy.ts';
import type { Finding } from '../lifecycle/doctor.ts';
import { directUrl, type OpenConfig, openDatabase, refuseUnmigrated } from './database.ts';

/** One invariant over a large installation reads all of its log; an API request may not. */
const STATEMENT_MS = 15 * 60_000;
const ROWS_SHOWN = 100;

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
    let findings = await examineDatabase(config);
    report(findings, await allInvariants());
    if (repair && findings.length > 0) {
      const done = await mendDatabase(config, findings);
      for (const line of done) console.log(line);
      console.log(done.length === 0 ? 'There was nothing that could be mended.' : `Mended: ${done.length}.`);
      findings = await examineDatabase(config);
      report(findings, await allInvariants());
    }
    if (findings.length > 0) process.exitCode = 1;
  } finally {
    await stop();
  }
}

async function examineDatabase(config: OpenConfig): Promise<Finding[]> {
  const { examine } = await import('../lifecycle/doctor.ts');
  const { leaseMs, rescueMs } = config.worker;
  const client = new pg.Client({
    connectionString: directUrl(config),
    application_name: 'assay-doctor',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_MS}`,
  });
  client.on('error', () => undefined); // the query that runs is refused with it
  await client.connect();
  try {
    return await examine(client, { leaseMs, graceMs: leaseMs + 2 * rescueMs });
  } finally {
    await client.end();
  }
}

async function mendDatabase(config: OpenConfig, findings: Finding[]): Promise<string[]> {
  const { createOrm } = await import('../orm.ts');
  const { kinds } = await import('../kinds/index.ts');
  const { mend } = await import('../lifecycle/doctor.ts');
  const orm = await createOrm({ url: directUrl(config), name: 'assay-doctor', poolSize: 2, statementMs: STATEMENT_MS });
  try {
    const { leaseMs } = config.worker;
    return await mend(orm.em.fork(), findings, { leaseMs, runLimitsMs: runLimitsOf(kinds, config) });
  } finally {
    await orm.close();
  }
}

async function allInvariants() {
  return (await import('../lifecycle/invariants.ts')).INVARIANTS;
}

/** A calm line for each invariant, and under a broken one its first rows. */
function report(findings: Finding[], invariants: Awaited<ReturnType<typeof allInvariants>>): void {
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
