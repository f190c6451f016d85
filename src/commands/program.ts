import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { apiCommand } from './api.ts';
import { describeError } from './command-error.ts';
import { doctorCommand } from './doctor.ts';
import { environmentHelp } from './environment-help.ts';
import { migrateCommand } from './migrate.ts';
import { pruneCommand } from './prune.ts';
import { startCommand } from './start.ts';
import { tokenCommand } from './token.ts';
import { userCommand } from './user.ts';
import { workerCommand } from './worker.ts';

/** The version in package.json. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The command line: every command with its help. Nothing heavy is loaded before a command runs. */
function createProgram(): Command {
  const program = new Command('assay')
    .description('A GraphQL API for long-running analysis jobs with live status, on one PostgreSQL.')
    .version(readVersion(), '-V, --version', 'print the version')
    .addHelpText(
      'after',
      `
From the project's folder, \`assay\` is \`npm run -s assay --\`.

Examples:
  assay start                                      everything on one machine, nothing to set up
  DATABASE_URL=postgres://… assay api              one of many API processes
  DATABASE_URL=postgres://… assay worker           one of many workers
  assay token user --sub 0198c0de-0000-7000-8000-000000000001
  assay doctor                                     what must hold of the database, and does it?
  assay <command> --help                           more about a command

${environmentHelp()}`,
    );
  for (const command of [startCommand, apiCommand, workerCommand, migrateCommand]) program.addCommand(command());
  for (const command of [tokenCommand, userCommand, doctorCommand, pruneCommand]) program.addCommand(command());
  return program;
}

/** Runs the command that the arguments name. An error ends the process with code 1: one plain line, or a stack where it is a fault of ours. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  // A terminal or pipe that went away is no reason to die in the middle of an orderly stop.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    console.error(describeError(error));
    process.exit(1);
  }
}
