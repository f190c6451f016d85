import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';

const folder = fileURLToPath(new URL('../migrations/', import.meta.url));

/** A migration is a pair of plain SQL files, `<name>.up.sql` and `<name>.down.sql`; MikroORM keeps the book of them. */
function migrationFromFiles(name: string) {
  const sql = (direction: 'up' | 'down') => readFileSync(join(folder, `${name}.${direction}.sql`), 'utf8');
  class SqlMigration extends Migration {
    override up(): void {
      this.addSql(sql('up'));
    }
    override down(): void {
      this.addSql(sql('down'));
    }
  }
  return { name, class: SqlMigration };
}

/** Holds the one lock under which this database is migrated; it goes with its connection, so a crash frees it. */
async function alone<T>(url: string, act: () => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'assay-migrate',
    connectionTimeoutMillis: 3_000,
  });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(hashtext('assay.migrate'))`);
    return await act();
  } finally {
    await client.end();
  }
}

async function withMigrator<T>(url: string, act: (migrator: Migrator) => Promise<T>): Promise<T> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length))
    .sort();
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    driverOptions: { application_name: 'assay-migrate', connectionTimeoutMillis: 3_000 },
    logger: () => undefined,
    migrations: {
      migrationsList: names.map(migrationFromFiles),
      snapshot: false,
      disableForeignKeys: false,
      allOrNothing: true,
      transactional: true,
    },
  });
  try {
    return await act(orm.migrator as Migrator);
  } finally {
    await orm.close();
  }
}

/**
 * Brings a database to the newest schema (`up`: the queue's own tables first, which ours build on), or takes the latest
 * migration back (`down`). Two that start at once do not collide: the second waits.
 * @returns the names of the migrations that were applied or taken back
 */
export async function migrate(url: string, direction: 'up' | 'down' = 'up'): Promise<string[]> {
  return await alone(url, async () => {
    if (direction === 'up') await runMigrations({ connectionString: url });
    return await withMigrator(url, async (migrator) => (await migrator[direction]()).map(({ name }) => name));
  });
}

/** Every migration this version knows or the database remembers, oldest first; `appliedAt` is null while it is pending. */
export async function migrationStatus(url: string): Promise<{ name: string; appliedAt: string | null }[]> {
  return await withMigrator(url, async (migrator) => {
    const executed = await migrator.getExecuted();
    const pending = await migrator.getPending();
    return [
      ...executed.map(({ name, executed_at }) => ({ name, appliedAt: executed_at.toISOString() })),
      ...pending.map(({ name }) => ({ name, appliedAt: null })),
    ];
  });
}
