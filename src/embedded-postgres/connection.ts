import { realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type ClusterPaths, SUPERUSER } from './cluster.ts';
import { codeOf, EmbeddedPostgresError } from './error.ts';
import type { Program } from './program.ts';
import { disownStalePidFile, findServer, isPassingFailure, type LaunchedServer, launchServer } from './server.ts';

const START_LIMIT_MS = 60_000;
const POLL_MS = 10;
const RETRY_MS = 100;

/** A session in the database `postgres` of a server that is known to be the cluster's, and where that server is. */
export interface Connection {
  client: pg.Client;
  port: number;
  pid: number;
}

/** What it takes to start the server and to get in. */
export interface ServerOptions {
  paths: ClusterPaths;
  postgres: Program;
  settings: Record<string, string>;
  password: string;
}

/**
 * Connects to the cluster's server, starting it when none is alive and waiting for one that starts or stops.
 * @param samePort the port to start it on, else a free one
 * @throws EmbeddedPostgresError with PostgreSQL's last words when it does not come up
 */
export async function connectOrStart(options: ServerOptions, samePort?: number): Promise<Connection> {
  const { paths, postgres, settings } = options;
  const deadline = Date.now() + START_LIMIT_MS;
  let launched: LaunchedServer | undefined;
  let messages = '';
  while (Date.now() < deadline) {
    const server = await findServer(paths);
    const client = server?.ready ? await connectTo(options, server.port) : undefined;
    if (server && client) return { client, port: server.port, pid: server.pid };
    if (launched?.hasEnded()) {
      messages = await launched.readMessages();
      if (!isPassingFailure(messages)) break;
      await disownStalePidFile(paths);
      launched = undefined;
      await delay(RETRY_MS);
    } else if (!server) {
      launched ??= await launchServer(paths, postgres, settings, samePort);
    }
    await delay(POLL_MS);
  }
  const last = messages.split('\n').slice(-6).join('\n');
  throw new EmbeddedPostgresError(`PostgreSQL did not start on ${paths.cluster}: ${last || 'it does not answer'}`);
}

/** Undefined when the server is not up, no longer up, or not that of this cluster. */
async function connectTo({ paths, password }: ServerOptions, port: number): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    application_name: `assay ${process.pid}`,
    connectionTimeoutMillis: 5_000,
  });
  // The end of the connection is what counts; its reason is in the server's log.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    if (rows[0] && (await realpath(rows[0].folder)) === (await realpath(paths.cluster))) return client;
  } catch (error) {
    if (codeOf(error) === '28P01') {
      throw new EmbeddedPostgresError(
        `The password in ${paths.passwordFile} is not that of the PostgreSQL beside it.`,
        {
          cause: error,
        },
      );
    }
  }
  await client.end().catch(() => undefined);
  return undefined;
}
