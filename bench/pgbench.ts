import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import type { BenchDatabase } from './database.ts';
import { type Users, userIdInSql } from './numbered-users.ts';
import type { Statement } from './statements.ts';

const run = promisify(execFile);

/** Its time begins before its sessions do, one after the other; for its rate it begins when all are there. */
const CONNECTING_SECONDS = 0.05;

/** Debian keeps it from the PATH. */
const COMMANDS = [...globSync('/usr/lib/postgresql/*/bin/pgbench').reverse(), 'pgbench'];
/** What pgbench would take for the name of a variable; `::` is a cast. */
const COLON = /(?<!:):\w/;

/** Sends statements as fast as the database takes them. */
export interface Pgbench {
  /** @returns how often all statements were sent, and how often a second */
  run(load: { clients: number; seconds: number; users: Users }): Promise<{ transactions: number; perSecond: number }>;
}

/** The command, or undefined where this machine has none. */
export async function findPgbench(): Promise<string | undefined> {
  for (const command of COMMANDS) {
    const isThere = await run(command, ['--version']).then(
      () => true,
      () => false,
    );
    if (isThere) return command;
  }
  return undefined;
}

/**
 * Has pgbench send what was captured, over the protocol by which it was sent and in the same round trips: the same text, and
 * parameters whose types PostgreSQL infers. They are those that were captured, except that each time it is another user's turn.
 * @param userId whose statements were captured
 */
export async function createPgbench(
  command: string,
  { url, dataDir, pool }: BenchDatabase,
  { statements, userId }: { statements: readonly Statement[]; userId: string },
): Promise<Pgbench> {
  const file = path.join(dataDir, 'statements.sql');
  const variables: string[] = [];
  /** As it is, colons and all. */
  const define = (text: string): string => {
    const name = `p${variables.length}`;
    variables.push('-D', `${name}=${text}`);
    return `:${name}`;
  };
  const fill = async ({ sql: captured, values }: Statement): Promise<string> => {
    // Assay submits again whom it skipped. Here he is waited for, or nothing would be written for him.
    const sql = captured.replace(' skip locked', '');
    if (COLON.test(sql)) throw new Error(`pgbench would not send this as it is: ${sql}`);
    if (values.length === 0) return `${sql};`;
    const types = await parameterTypes(pool, sql);
    const parameters = values.map((value, place) => {
      if (value === null) return `null::${types[place]}`;
      const text = Array.isArray(value) ? `{${value.join()}}` : String(value);
      if (!text.includes(userId)) return define(text);
      const parts = text.split(userId).map((part) => `${define(part)}::text`);
      return `(${parts.join(` || ${userIdInSql(':user')} || `)})::${types[place]}`;
    });
    return `${sql.replace(/\$(\d+)/g, (_, place) => parameters[Number(place) - 1] ?? '')};`;
  };
  const lines = ['\\set user random(:first, :last)'];
  for (const trip of tripsOf(statements)) {
    const sent = await Promise.all(trip.map(fill));
    lines.push(...(sent.length === 1 ? sent : ['\\startpipeline', ...sent, '\\endpipeline']));
  }
  const protocol = statements.some(({ isPrepared }) => isPrepared) ? 'prepared' : 'extended';
  await writeFile(file, `${lines.join('\n')}\n`);
  return {
    async run({ clients, seconds, users }) {
      const inAll = seconds + Math.ceil(clients * CONNECTING_SECONDS);
      const load = ['-n', '-M', protocol, '-c', clients, '-j', 1, '-T', inAll].map(String);
      const range = ['-D', `first=${users.first}`, '-D', `last=${users.last}`];
      const { stdout } = await run(command, [...load, ...range, ...variables, '-f', file, url]);
      const transactions = Number(/actually processed: (\d+)/.exec(stdout)?.[1]);
      if (!(transactions > 0)) throw new Error(`pgbench sent nothing in ${inAll} s:\n${stdout}`);
      return { transactions, perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]) };
    },
  };
}

/** The statements that go to the database together. A message of several is sent as several. */
function tripsOf(statements: readonly Statement[]): Statement[][] {
  const trips: Statement[][] = [];
  for (const statement of statements) {
    if (statement.beginsTrip || trips.length === 0) trips.push([]);
    const parts = statement.values.length > 0 ? [statement.sql] : statement.sql.split(';');
    trips.at(-1)?.push(...parts.map((sql) => ({ ...statement, sql: sql.trim() })));
  }
  return trips;
}

/** The types that PostgreSQL infers. */
async function parameterTypes(pool: pg.Pool, sql: string): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query(`prepare captured as ${sql}`);
    const { rows } = await client.query<{ types: string[] }>(
      `select parameter_types::text[] as types from pg_prepared_statements where name = 'captured'`,
    );
    await client.query('deallocate captured');
    return rows[0]?.types ?? [];
  } finally {
    client.release();
  }
}
