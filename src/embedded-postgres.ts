import { access, constants, mkdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { findAccount, prepareProgram } from './embedded-postgres/account.ts';
import { findBinaries } from './embedded-postgres/binaries.ts';
import {
  type ClusterPaths,
  clusterExists,
  clusterPaths,
  createCluster,
  giveCluster,
  removeUnfinishedClusters,
  SUPERUSER,
} from './embedded-postgres/cluster.ts';
import { connectOrStart, type ServerOptions } from './embedded-postgres/connection.ts';
import { EmbeddedPostgresError, folderError } from './embedded-postgres/error.ts';
import { type DataFolderLock, lockDataFolder } from './embedded-postgres/lock.ts';
import { stopServer } from './embedded-postgres/server.ts';

export { EmbeddedPostgresError };

const SETTINGS = { max_connections: '200', timezone: 'UTC', log_timezone: 'UTC', log_checkpoints: 'off' };

export interface EmbeddedPostgresOptions {
  /** The data folder; made when missing. PostgreSQL lives in its subfolder `postgres`. */
  dataDir: string;
  /** Made when missing. Default `assay`. */
  database?: string;
  /** Settings of postgresql.conf. They take effect when the server starts, not when a running one is taken over. */
  settings?: Record<string, string>;
  /** Gets a line for each step that takes time. PostgreSQL's own messages are in `postgres/server.log`. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** Connection URL of the database, with the password of the superuser. The port differs from start to start. */
  url: string;
  /** Cuts all connections and resolves when the server is down. Further calls wait for the same stop. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that npm installed, on the loopback interface, or takes over the one that an application which
 * was killed has left running on this data folder. Should the server be killed, it is started again on the same port.
 * It outlives our own end: only `stop` ends it.
 * @throws EmbeddedPostgresError when the folder cannot be used, another process uses it, or PostgreSQL does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'assay', settings = {}, log = () => undefined } = options;
  const paths = clusterPaths(await makeDataFolder(path.resolve(options.dataDir)));
  const binaries = await findBinaries();
  const account = await findAccount(paths.cluster);
  const program = await prepareProgram(account, binaries, paths.dataDir);
  if (!(await clusterExists(paths))) {
    log(`Making a PostgreSQL cluster in ${paths.folder}`);
    await createCluster(paths, program(binaries.initdb), account, settings.fsync !== 'off');
  } else if (account) await giveCluster(paths.cluster, account);

  const password = await readPassword(paths);
  const server = { paths, postgres: program(binaries.postgres), settings: { ...SETTINGS, ...settings }, password };
  const { client, port, lock } = await connectAndLock(server, log);
  const stop = () => lock.release(({ pid }) => stopServer(paths, pid, program(binaries.pgCtl)));
  try {
    await removeUnfinishedClusters(paths.dataDir);
    await createDatabase(client, database);
  } catch (error) {
    await stop();
    throw error;
  }
  log(`PostgreSQL is ready on port ${port}`);
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function makeDataFolder(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(dataDir);
  } catch (error) {
    throw folderError(dataDir, error);
  }
}

async function readPassword({ passwordFile, folder }: ClusterPaths): Promise<string> {
  return readFile(passwordFile, 'utf8').catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `The password of the PostgreSQL in ${folder} cannot be read from ${passwordFile}.`,
      {
        cause: error,
      },
    );
  });
}

async function connectAndLock(
  server: ServerOptions,
  log: (line: string) => void,
): Promise<{ client: pg.Client; port: number; lock: DataFolderLock }> {
  const connection = await connectOrStart(server);
  const { client, port } = connection;
  const reconnect = (samePort: number) => {
    log('The connection to PostgreSQL was cut; connecting again');
    return connectOrStart(server, samePort);
  };
  try {
    return { client, port, lock: await lockDataFolder(connection, server.paths.dataDir, reconnect) };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function createDatabase(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
}
