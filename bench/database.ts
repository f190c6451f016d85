import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { migrate } from '../src/migrate.ts';
import { removeFolder } from '../test/support/throw-away-server.ts';

/** A PostgreSQL with our tables in a temporary folder, both gone at the end. */
export interface BenchDatabase extends AsyncDisposable {
  url: string;
  dataDir: string;
  pool: pg.Pool;
}

/** @param settings of postgresql.conf, besides the defaults */
export async function startDatabase(settings: Record<string, string> = {}): Promise<BenchDatabase> {
  await using started = new AsyncDisposableStack();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'assay-bench-'));
  // Made for its owner alone, it would be closed to the user PostgreSQL runs as when we are root.
  await chmod(dataDir, 0o711);
  const removeAtExit = () => removeFolder(dataDir);
  const exit = () => process.exit(130);
  process.once('exit', removeAtExit).once('SIGINT', exit).once('SIGTERM', exit);
  started.defer(() => {
    process.off('exit', removeAtExit).off('SIGINT', exit).off('SIGTERM', exit);
    removeFolder(dataDir);
  });
  const server = await startEmbeddedPostgres({ dataDir, settings });
  started.defer(() => server.stop());
  await migrate(server.url);
  const pool = new pg.Pool({ connectionString: server.url, application_name: 'assay-bench' });
  // It says that it has ended before its last sessions have, and then the server ends them.
  pool.on('error', () => undefined);
  started.defer(() => pool.end());
  const running = started.move();
  return { url: server.url, dataDir, pool, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The id of the process whose children serve the sessions. */
export async function postmasterOf({ dataDir }: Pick<BenchDatabase, 'dataDir'>): Promise<number> {
  return Number.parseInt(await readFile(path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8'), 10);
}
