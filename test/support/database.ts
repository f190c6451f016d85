import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
import { INVARIANTS } from '../../src/lifecycle/invariants.ts';
import type { Bent } from '../lifecycle/invariants.ts';
import { createRowJudge } from './row-judge.ts';

const CLONE_LIMIT_MS = 20_000;
const CLOSE_LIMIT_MS = 1_000;
const STRAY_LIMIT_MS = 5_000;
const BLOCKED_LIMIT_MS = 15_000;
const CUT_LIMIT_MS = 5_000;
const POLL_MS = 10;
const OBJECT_IN_USE = '55006';

/** A database of a test's own. */
export interface TestDatabase {
  url: string;
  /** Its connections are called `assay-test` in pg_stat_activity. */
  pool: pg.Pool;
  /** What the rows may break until the next check, beside what they always may; with the reason. */
  excuse(bent: Bent): void;
  /**
   * Holds the rows that are there against the invariants.
   * @throws when rows break one that is not bent
   */
  check(): Promise<void>;
  /**
   * Ends the pool, holds the rows that are left against the invariants, and removes the database.
   * @throws when connections are left open, the pool's own or another's: what a test starts it must also stop
   * @throws when rows break an invariant that is not `bent`
   */
  drop(): Promise<void>;
}

/** A backend that waits for a lock. */
export interface BlockedBackend {
  pid: number;
  applicationName: string;
  query: string;
}

let created = 0;

export interface DatabaseOptions {
  /** What the rows may break when the test is done, with the reason; one reason alone stands for every invariant. */
  bent?: string | Bent;
  /** Why what settles is judged when the file is done and not after each test: workers of later tests put it right. */
  settlesLater?: string;
}

const settling = (reason: string): Bent =>
  Object.fromEntries(INVARIANTS.filter(({ settles }) => settles).map(({ id }) => [id, reason]));

/** A new database with all migrations applied. */
export async function createTestDatabase({ bent = {} }: DatabaseOptions = {}): Promise<TestDatabase> {
  return createFrom(inject('templateDatabase'), typeof bent === 'string' ? null : bent);
}

/** A new database with nothing in it, for tests of the migrations. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createFrom('template0', null);
}

/**
 * Gives the test file (or `describe` block) a migrated database of its own, whose rows are held against the invariants
 * after each test. The getter works inside tests and hooks.
 */
export function useDatabase(options: DatabaseOptions = {}): () => TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase(options);
  });
  afterEach(async () => {
    if (options.settlesLater) database?.excuse(settling(options.settlesLater));
    await database?.check();
  });
  afterAll(async () => {
    await database?.drop();
  });
  return () => {
    if (!database) throw new Error('The test database exists only inside tests and hooks.');
    return database;
  };
}

/**
 * The view reads what a backend runs and what it waits for at two moments: one that was idle at the first may wait at the
 * second, beside the statement it ran before. And commits that notify wait for one another across the whole server.
 */
const BLOCKED = `select pid, application_name as "applicationName", query from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and state = 'active'
    and wait_event_type = 'Lock' and wait_event <> 'object'`;

/**
 * Resolves when `count` backends (or more) of the pool's database wait for a lock, and says which: the proof that a
 * race is really on before it is decided.
 * @throws when that does not happen within 15 seconds
 */
export async function waitUntilBlocked(pool: pg.Pool, count = 1): Promise<BlockedBackend[]> {
  const deadline = Date.now() + BLOCKED_LIMIT_MS;
  for (;;) {
    const { rows } = await pool.query<BlockedBackend>(BLOCKED);
    if (rows.length >= count) return rows;
    if (Date.now() > deadline)
      throw new Error(`Expected ${count} backends to wait for a lock, but ${rows.length} did.`);
    await delay(POLL_MS);
  }
}

/** Waits until the server has lived for so long: no worker is dead to a rescue before the server is one lease old. */
export async function waitUntilServerIsAged(pool: pg.Pool, ms: number): Promise<void> {
  await pool.query(`select pg_sleep(greatest(0, extract(epoch from pg_postmaster_start_time() - now()) + $1))`, [
    ms / 1_000,
  ]);
}

/**
 * Cuts the connections of these names to the pool's database, and to no other: other files have workers and listeners of the same
 * names in theirs, at the same time. Resolves when they are gone, for until then they may still do what they are asked.
 * @returns how many there were
 */
export async function cutConnections(pool: pg.Pool, ...names: string[]): Promise<number> {
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid, $2) from pg_stat_activity
      where datname = current_database() and application_name = any($1)`,
    [names, CUT_LIMIT_MS],
  );
  return rowCount ?? 0;
}

/** @param bent what the rows may break; with null they are not looked at */
async function createFrom(template: string, bent: Bent | null): Promise<TestDatabase> {
  created += 1;
  const name = `${inject('databasePrefix')}_${process.pid}_${created}`;
  await onServer((server) => clone(server, name, template));
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, application_name: 'assay-test', max: 10 });
  // A test may cut the connections of its own pool, and `drop` cuts those that were never given back to it.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  const judge = bent && createRowJudge(url.href);
  let excused: Bent = {};
  const check = async () => {
    const allowed = { ...bent, ...excused };
    excused = {};
    await judge?.check(allowed);
  };
  return {
    url: url.href,
    pool,
    excuse(more) {
      excused = { ...excused, ...more };
    },
    check,
    drop: async () => {
      // The pool ends when all its connections are given back. One that is not shows up as left open.
      if (!pool.ending) await Promise.race([pool.end(), delay(CLOSE_LIMIT_MS)]);
      await judge?.stop();
      await onServer((server) =>
        dropUnused(server, name, async () => {
          await check();
          await judge?.stop();
        }),
      );
    },
  };
}

async function onServer<T>(act: (server: pg.Client) => Promise<T>): Promise<T> {
  const server = new pg.Client({ connectionString: inject('serverUrl'), application_name: 'assay-test-server' });
  await server.connect();
  try {
    return await act(server);
  } finally {
    await server.end();
  }
}

async function clone(server: pg.Client, name: string, template: string): Promise<void> {
  const statement = `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`;
  const deadline = Date.now() + CLONE_LIMIT_MS;
  for (;;) {
    try {
      await server.query(statement);
      return;
    } catch (error) {
      // "source database is being accessed by other users": an autovacuum worker, or another copy being made.
      if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE || Date.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}

/** What somebody may still write to is not judged: the rows are checked when all connections are closed. */
async function dropUnused(server: pg.Client, name: string, check: () => Promise<void>): Promise<void> {
  const strays = await findStrays(server, name);
  try {
    if (strays.length === 0) await check();
  } finally {
    await server.query(`drop database ${pg.escapeIdentifier(name)} with (force)`);
  }
  if (strays.length > 0) {
    throw new Error(`Connections were left open to the test database:\n${strays.join('\n')}`);
  }
}

/** The connections that are not gone after a short wait: a closed one disappears a moment after its client is told. */
async function findStrays(server: pg.Client, name: string): Promise<string[]> {
  const deadline = Date.now() + STRAY_LIMIT_MS;
  for (;;) {
    const { rows } = await server.query<{ name: string; state: string; query: string }>(
      `select application_name as name, state, query from pg_stat_activity
        where datname = $1 and backend_type = 'client backend'`,
      [name],
    );
    if (rows.length === 0 || Date.now() > deadline)
      return rows.map((row) => `${row.name} (${row.state}): ${row.query}`);
    await delay(POLL_MS);
  }
}
