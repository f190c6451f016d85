import { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { directUrl, openDatabase } from './database.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to the newest schema, take the latest migration back, or say where it stands')
    .addCommand(new Command('up').description('apply every migration that is missing').action(() => move('up')))
    .addCommand(
      new Command('down').description('take the latest migration back, with its data').action(() => move('down')),
    )
    .addCommand(new Command('status').description('list all migrations').action(() => showStatus()))
    .addHelpText(
      'after',
      `
The database is DATABASE_URL (DATABASE_DIRECT_URL where a pooler stands between), else the embedded one of the data
folder. \`assay start\` applies migrations by itself; \`assay api\` and \`assay worker\` do not.

Examples:
  assay migrate up
  DATABASE_URL=postgres://… assay migrate status`,
    );
}

async function move(direction: 'up' | 'down'): Promise<void> {
  const { migrate } = await import('../migrate.ts');
  const names = await onDatabase((url) => migrate(url, direction));
  const done = direction === 'up' ? 'applied' : 'taken back';
  if (names.length === 0)
    console.log(direction === 'up' ? 'Nothing to do: the schema is the newest.' : 'Nothing to take back.');
  for (const name of names) console.log(`${name}  ${done}`);
}

async function showStatus(): Promise<void> {
  const { migrationStatus } = await import('../migrate.ts');
  for (const { name, appliedAt } of await onDatabase(migrationStatus)) {
    console.log(`${name}  ${appliedAt === null ? 'pending' : `applied ${appliedAt}`}`);
  }
}

async function onDatabase<T>(act: (url: string) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadConfig(), console.error);
  try {
    return await act(directUrl(database.config));
  } finally {
    await database.stop();
  }
}
