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

async function connected<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'assay-migrate',
    connectionTimeoutMillis: 3_000,
  });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** Holds the one lock under which this database is migrated; it goes with its connection, so a crash frees it. */
async function alone<T>(url: string, act: () => Promise<T>): Promise<T> {
  return await connected(url, async (client) => {
    await client.query(`select pg_advisory_lock(hashtext('assay.migrate'))`);
    return await act();
  });
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
    const names = await withMigrator(url, async (migrator) => (await migrator[direction]()).map(({ name }) => name));
    if (direction === 'up') {
      await claimLog(url);
      await admitReader(url);
    }
    return names;
  });
}

/** The role of the database is not the right one, or may too little. The message says what to do, to whoever runs Assay. */
export class RoleError extends Error {
  override readonly name = 'RoleError';
}

const UNDEFINED_FUNCTION = '42883';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Compares the cluster that a database is in with the one that its events were written in. Their transaction numbers mean
 * nothing in another one, so after a restore all events become older than every transaction of the new cluster, and the
 * log gets a new name: by it, whoever comes with a position in the old one is told so. A schema without it is left alone.
 * @returns true where the database was restored from another cluster
 * @throws RoleError where the database's role may not ask which cluster it is in
 */
export async function claimLog(url: string): Promise<boolean> {
  try {
    return await connected(url, async (client) => {
      const { rows } = await client.query<{ restored: boolean }>('select assay_claim_log() as restored');
      return rows[0]?.restored ?? false;
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === UNDEFINED_FUNCTION) return false;
    if (code !== INSUFFICIENT_PRIVILEGE || !message.includes('pg_control_system')) throw error;
    throw new RoleError(
      `The role ${roleOf(url)} may not call pg_control_system(), by which a restore into another cluster is noticed. ` +
        'Run as a superuser in this database: grant execute on function pg_control_system() to <role>',
      { cause: error },
    );
  }
}

/**
 * Sees to it that there is the role by which users' rows are read, and that this database's own role may take it. A backup
 * does not have it, and a cluster has it once for all its databases. A schema without it is left alone.
 * @throws RoleError where it is not there and the database's role may not make it, or where that role would itself be held by the
 * policies, to which everything looks empty
 */
export async function admitReader(url: string): Promise<void> {
  try {
    const { rows } = await connected(url, (client) =>
      client.query<{ held: boolean }>(`select row_security_active('analysis_jobs') as held, assay_admit_reader()`),
    );
    if (rows[0]?.held)
      throw new RoleError(`The role ${roleOf(url)} does not own the tables: run as the role that migrated.`);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === UNDEFINED_FUNCTION) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new RoleError(
      `The role ${roleOf(url)} may not make the role assay_reader, by which the rows of users are read. ` +
        'Run as a superuser: create role assay_reader nologin; grant assay_reader to <role>',
      { cause: error },
    );
  }
}

const roleOf = (url: string): string => decodeURIComponent(new URL(url).username) || 'of this database';

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
