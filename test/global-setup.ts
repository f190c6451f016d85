import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../src/migrate.ts';
import { startThrowAwayServer } from './support/throw-away-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a maintenance database of the run's server, as a user who may create databases. */
    serverUrl: string;
    /** Name of the migrated database that each test database is a copy of. */
    templateDatabase: string;
    /** What the name of each database of this run begins with. */
    databasePrefix: string;
  }
}

const DATABASE_PREFIX = 'assay_test_';
const CLOSE_LIMIT_MS = 10_000;

/**
 * One PostgreSQL server for the whole run: the embedded one in a throw-away folder, or the external one that
 * ASSAY_TEST_DATABASE_URL names (its user must be allowed to create databases). In it, a template with all migrations.
 * What runs that were interrupted have left behind is removed first.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env.ASSAY_TEST_DATABASE_URL;
  const prefix = `${DATABASE_PREFIX}${process.pid}_${randomBytes(2).toString('hex')}`;
  const cleanUps: (() => Promise<unknown>)[] = [];
  const teardown = async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const server = external ? { url: external, stop: async () => undefined } : await startThrowAwayServer();
    cleanUps.push(server.stop);
    const session = await openSession(server.url, prefix);
    cleanUps.push(() => session.end());
    await sweepDatabases(session);
    if (external) cleanUps.push(() => dropDatabases(session, prefix));
    const template = `${prefix}_template`;
    await makeTemplate(session, server.url, template);
    project.provide('serverUrl', server.url);
    project.provide('templateDatabase', template);
    project.provide('databasePrefix', prefix);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** A session that lives as long as the run and carries its name: by it other runs know that its databases are in use. */
async function openSession(url: string, name: string): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: url, application_name: name });
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

async function sweepDatabases(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ prefix: string }>(
    `select distinct prefix from pg_database, substring(datname from '^${DATABASE_PREFIX}[0-9]+_[0-9a-f]+') as prefix
      where prefix is not null and not exists (select from pg_stat_activity where application_name = prefix)`,
  );
  for (const { prefix } of rows) await dropDatabases(session, prefix);
}

async function dropDatabases(session: pg.Client, prefix: string): Promise<void> {
  const { rows } = await session.query<{ name: string; template: boolean }>(
    `select datname as name, datistemplate as template from pg_database where starts_with(datname, $1)`,
    [`${prefix}_`],
  );
  for (const { name, template } of rows) {
    const database = pg.escapeIdentifier(name);
    if (template) await session.query(`alter database ${database} is_template false`);
    await session.query(`drop database if exists ${database} with (force)`);
  }
}

async function makeTemplate(session: pg.Client, serverUrl: string, name: string): Promise<void> {
  const database = pg.escapeIdentifier(name);
  await session.query(`create database ${database} template template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href);
  // A database with connections cannot be copied, so none may be left or made from here on.
  await session.query(`alter database ${database} is_template true allow_connections false`);
  await waitUntilUnused(session, name);
}

async function waitUntilUnused(session: pg.Client, database: string): Promise<void> {
  const deadline = Date.now() + CLOSE_LIMIT_MS;
  for (;;) {
    const { rows } = await session.query<{ name: string; query: string }>(
      'select application_name as name, query from pg_stat_activity where datname = $1',
      [database],
    );
    const [first] = rows;
    if (!first) return;
    if (Date.now() > deadline) throw new Error(`The migrations left a connection open: ${first.name}: ${first.query}`);
    await delay(10);
  }
}
