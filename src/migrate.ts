import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';

const folder = fileURLToPath(new URL('../migrations/', import.meta.url));
const BOOK = 'mikro_orm_migrations';

/** What this version brings, oldest first. */
const ownNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length))
    .sort();

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
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    driverOptions: { application_name: 'assay-migrate', connectionTimeoutMillis: 3_000 },
    logger: () => undefined,
    migrations: {
      migrationsList: ownNames().map(migrationFromFiles),
      tableName: BOOK,
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
 * @throws RoleError where the database's role may not do that
 */
export async function migrate(url: string, direction: 'up' | 'down' = 'up'): Promise<string[]> {
  return await alone(url, async () => {
    const names = await move(url, direction).catch((error: unknown) => {
      throw explainRefusal(url, error);
    });
    if (direction === 'up') {
      await claimLog(url);
      await admitReader(url);
    }
    return names;
  });
}

async function move(url: string, direction: 'up' | 'down'): Promise<string[]> {
  if (direction === 'up') await runMigrations({ connectionString: url });
  return await withMigrator(url, async (migrator) => (await migrator[direction]()).map(({ name }) => name));
}

function explainRefusal(url: string, error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code !== INSUFFICIENT_PRIVILEGE) return error;
  // Without the statement, which MikroORM puts in front of PostgreSQL's own words.
  const refusal = message.split(' - ').at(-1);
  return new RoleError(
    `The role ${roleOf(url)} may not change the schema (${refusal}): run as the owner of the database, who is the one that migrated before.`,
    { cause: error },
  );
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
        'Run as a superuser in this database: grant execute on function pg_control_system() to ' +
        granteeOf(url),
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
    if (rows[0]?.held) throw notTheOwner(url);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === UNDEFINED_FUNCTION) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new RoleError(
      `The role ${roleOf(url)} may not make the role assay_reader, by which the rows of users are read. ` +
        'Run as a superuser: create role assay_reader nologin; grant assay_reader to ' +
        granteeOf(url),
      { cause: error },
    );
  }
}

const nameIn = (url: string): string => decodeURIComponent(new URL(url).username);
const roleOf = (url: string): string => nameIn(url) || 'of this database';

/** The role as it is written in SQL. */
function granteeOf(url: string): string {
  const name = nameIn(url);
  if (name === '') return '<role>';
  return /^[a-z_][a-z\d_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const notTheOwner = (url: string, cause?: unknown): RoleError =>
  new RoleError(`The role ${roleOf(url)} does not own the tables: run as the role that migrated.`, { cause });

/**
 * Every migration this version knows or the database remembers, oldest first; `appliedAt` is null while it is pending. It
 * only reads: MikroORM's own way of asking makes the book where it is missing, and of two that do that at once one fails.
 * @throws RoleError where the book belongs to another role
 */
export async function migrationStatus(url: string): Promise<{ name: string; appliedAt: string | null }[]> {
  const applied = await connected(url, readBook).catch((error: unknown) => {
    throw (error as { code?: string }).code === INSUFFICIENT_PRIVILEGE ? notTheOwner(url, error) : error;
  });
  const pending = ownNames().filter((name) => !applied.some((one) => one.name === name));
  return [...applied, ...pending.map((name) => ({ name, appliedAt: null }))];
}

/** Whether all that this version brings was applied. */
export const isMigrated = async (url: string): Promise<boolean> =>
  (await migrationStatus(url)).every(({ appliedAt }) => appliedAt !== null);

async function readBook(client: pg.Client): Promise<{ name: string; appliedAt: string }[]> {
  const { rows: books } = await client.query<{ book: string | null }>('select to_regclass($1) as book', [BOOK]);
  if (books[0]?.book == null) return [];
  const { rows } = await client.query<{ name: string; executed_at: Date }>(
    `select name, executed_at from ${BOOK} order by id`,
  );
  return rows.map(({ name, executed_at }) => ({ name, appliedAt: executed_at.toISOString() }));
}
