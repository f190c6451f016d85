import { readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { createInstallation } from '../test/support/installation.ts';
import type { BenchDatabase } from './database.ts';

/** A statement as a process sent it to PostgreSQL. */
export interface Statement {
  sql: string;
  values: unknown[];
  /** It stays prepared in its session. */
  isPrepared: boolean;
  /** Its connection owed no answer when it was sent. Where it did, both came to the database in one round trip. */
  beginsTrip: boolean;
}

/** What an API process sends when nobody asks, and its wake-ups, of which one is sent for many submits. */
const OTHERS = /pg_notify|^select now\(\)/;

/**
 * The statements that an API process sends while it answers a request, in their order.
 * @param ask sends the request, twice: what the process does only at the first is left out
 */
export async function captureStatements(
  { url, dataDir }: BenchDatabase,
  env: NodeJS.ProcessEnv,
  ask: (url: string) => Promise<unknown>,
): Promise<Statement[]> {
  const SQL_LOG = path.join(dataDir, 'sql.log');
  const NODE_OPTIONS = `--import=${new URL('./sql-log.ts', import.meta.url).href}`;
  await using installation = await createInstallation(url, { ...env, NODE_OPTIONS, SQL_LOG });
  const api = await installation.startApi();
  await ask(api.url);
  await truncate(SQL_LOG);
  await ask(api.url);
  const lines = (await readFile(SQL_LOG, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Statement).filter(({ sql }) => !OTHERS.test(sql));
}

/** In one line: how many, in how many round trips, and how each begins. */
export function describeStatements(statements: readonly Statement[]): string {
  const trips = statements.filter(({ beginsTrip }) => beginsTrip).length;
  const heads = statements.map(({ sql }) => sql.trim().split(/\s+/).slice(0, 3).join(' '));
  return `${statements.length} SQL statements in ${trips} round trips: ${heads.join(' · ')}`;
}
