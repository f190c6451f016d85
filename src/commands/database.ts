import pg from 'pg';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { CommandError, codeOf } from './command-error.ts';
import { readSecret, removeSecret, replaceSecret } from './data-folder.ts';

const CONNECT_LIMIT_MS = 5_000;
const OLDEST = { number: 150_000, name: '15' };

/** A configuration with its database filled in. */
export type OpenConfig = Config & { readonly databaseUrl: string };

/** A database that answers. `stop` ends the server where it was started for this command, and does nothing otherwise. */
export interface Database {
  readonly config: OpenConfig;
  stop(): Promise<void>;
}

/**
 * The database of a command: DATABASE_URL, else the embedded one of the data folder, which a running `start` shares and
 * which is otherwise started for as long as the command lasts.
 * @throws CommandError when it cannot be used, EmbeddedPostgresError when the embedded one does not start
 */
export async function openDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  const shared = config.databaseUrl === undefined ? await findRunning(config) : undefined;
  if (shared === undefined) return await startDatabase(config, log);
  return { config: { ...config, databaseUrl: shared }, stop: async () => undefined };
}

/** Likewise, but a server that runs on the data folder belongs to another command and is refused. */
export async function startDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  const { databaseUrl, databaseDirectUrl, dataDir } = config;
  if (databaseUrl !== undefined) {
    for (const url of [databaseUrl, databaseDirectUrl ?? databaseUrl]) await checkDatabase(url);
    return { config: { ...config, databaseUrl }, stop: async () => undefined };
  }
  const { startEmbeddedPostgres } = await import('../embedded-postgres.ts');
  const server = await startEmbeddedPostgres({ dataDir, log });
  await replaceSecret(dataDir, 'database-url', server.url);
  const stop = async () => {
    await removeSecret(dataDir, 'database-url');
    await server.stop();
  };
  return { config: { ...config, databaseUrl: server.url }, stop };
}

/** @throws CommandError where a migration is missing */
export async function refuseUnmigrated(url: string): Promise<void> {
  const { isMigrated } = await import('../migrate.ts');
  if (await isMigrated(url)) return;
  throw new CommandError('The database is not migrated: run `assay migrate up` first.');
}

/** The connection that LISTEN, queue and migrations need: past a pooler, where one stands between. */
export const directUrl = (config: Database['config']): string => config.databaseDirectUrl ?? config.databaseUrl;

/** Notices, before a part of Assay starts, that the database was restored from another cluster. @throws as `claimLog` */
export async function claimLog(config: Database['config'], log: Log): Promise<void> {
  const migrations = await import('../migrate.ts');
  if (await migrations.claimLog(directUrl(config))) {
    log.warn('The database was restored from another cluster: whoever follows a log begins anew.');
  }
}

/** Sees to it, before a part of Assay starts, that users' rows can be read and its own are not hidden from it. @throws as `admitReader` */
export async function admitReader(config: Database['config']): Promise<void> {
  const migrations = await import('../migrate.ts');
  await migrations.admitReader(directUrl(config));
}

/** The URL that a running `start` left in the data folder. Where it was killed, nobody may answer there any more. */
async function findRunning({ dataDir }: Config): Promise<string | undefined> {
  const url = await readSecret(dataDir, 'database-url');
  if (url === undefined) return undefined;
  return await checkDatabase(url).then(
    () => url,
    () => undefined,
  );
}

/** Connects once. @throws CommandError when the server does not answer, lets nobody in or is too old */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_LIMIT_MS });
  // An error that comes after the connection is closed changes nothing.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; number: number }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
    );
    const [found] = rows;
    if (found && found.number >= OLDEST.number) return;
    throw new CommandError(
      `The database ${placeOf(url)} runs PostgreSQL ${found?.version}; Assay needs ${OLDEST.name} or newer.`,
    );
  } catch (error) {
    throw error instanceof CommandError ? error : explainConnectError(url, error);
  } finally {
    void client.end().catch(() => undefined);
  }
}

function explainConnectError(url: string, error: unknown): CommandError {
  const { password, username } = new URL(url);
  const message = error instanceof Error ? error.message : String(error);
  const sentences: Record<string, string> = {
    ECONNREFUSED: 'refuses the connection. Is PostgreSQL running there?',
    ENOTFOUND: 'cannot be found: its host name is unknown.',
    EAI_AGAIN: 'cannot be found: its host name is unknown.',
    ETIMEDOUT: 'does not answer.',
    EHOSTUNREACH: 'cannot be reached from this machine.',
    ENETUNREACH: 'cannot be reached from this machine.',
    '28P01': `refuses the password of the user "${username}".`,
    '28000': `does not let the user "${username}" in.`,
    '3D000': 'does not exist: create it first, or correct the name.',
    '53300': 'has no free connection left.',
    '57P03': 'is starting up or shutting down. Try again in a moment.',
  };
  const silent = /timeout/i.test(message) ? `does not answer within ${CONNECT_LIMIT_MS / 1_000} s.` : undefined;
  const hidden = password ? message.replaceAll(decodeURIComponent(password), '…') : message;
  const sentence = sentences[codeOf(error) ?? ''] ?? silent ?? `cannot be used: ${hidden}`;
  return new CommandError(`The database ${placeOf(url)} ${sentence}`, { cause: error });
}

/** Where a database is, without who connects. */
function placeOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return `${hostname || (searchParams.get('host') ?? 'localhost')}:${port || '5432'}${pathname}`;
}
