import type pg from 'pg';
import { startDatabase } from './database.ts';
import { at } from './figures.ts';
import { keepAsking, type Operation } from './plain-client.ts';
import { processorSeconds } from './process-state.ts';
import { type Reader, startReader } from './reader.ts';
import { alignRows, spread } from './table.ts';

const ROUNDS = 5;
const IN_FLIGHT = [1, 16];
const COUNTED = 100;
/** It counts the statements of all sessions. */
const SETTINGS = { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_utility': 'on' };

/** A read, and what came of it. */
interface Case {
  name: string;
  operation(turn: number): Operation;
  inFlight: number;
  legs: { perSecond: number; ms: number[]; apiMs: number }[];
  /** Of one answer. */
  bytes: number;
  /** For one answer. */
  statements: number;
}

/** Reads of one API process with `count` jobs stored: one by its id and pages of them, with their results and without. */
export async function benchReads(count: number, seconds: number): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const database = closing.use(await startDatabase(SETTINGS));
  const { pool } = database;
  const { ask, ...reader } = await startReader(database, { count }, closing);
  await pool.query('create extension pg_stat_statements');
  await pool.query('checkpoint');

  const cases = casesOf(reader.operations);
  for (const read of cases) {
    await keepAsking({ inFlight: read.inFlight, seconds: 1 }, (turn) => ask(read.operation(turn)));
    read.bytes = (await ask(read.operation(0))).length;
    read.statements = await countStatements(pool, (turn) => ask(read.operation(turn)));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { inFlight, operation, legs } of cases) {
      const before = await processorSeconds(reader.pid);
      const answers = await keepAsking({ inFlight, seconds }, (turn) => ask(operation(turn)));
      legs.push({ ...answers, apiMs: (((await processorSeconds(reader.pid)) - before) * 1_000) / answers.ms.length });
    }
  }
  return [
    `${count} jobs stored, ${reader.jobs} of them the reader's; ${ROUNDS} rounds of ${seconds} s for each, by turns: medians (least-most)`,
    ...describeCases(cases),
    'each statement is a read-only transaction of the user, and one round trip',
  ];
}

const casesOf = (operations: Reader['operations']): Case[] =>
  Object.entries(operations).flatMap(([name, operation]) =>
    IN_FLIGHT.map((inFlight) => ({ name, operation, inFlight, legs: [], bytes: 0, statements: 0 })),
  );

/** The API's own, beside what it sends when nobody asks, and what makes a transaction of a user's each of them. */
async function countStatements(pool: pg.Pool, ask: (turn: number) => Promise<unknown>): Promise<number> {
  await pool.query('select pg_stat_statements_reset()');
  for (let turn = 0; turn < COUNTED; turn += 1) await ask(turn);
  const { rows } = await pool.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
     where query !~ 'pg_notify|pg_stat_statements|^select now\\(\\)|^listen' and query !~ '^begin|^set local role|set_config|^commit'`,
  );
  return (rows[0]?.calls ?? 0) / COUNTED;
}

function describeCases(cases: readonly Case[]): string[] {
  const heads = ['', 'in flight', 'answers/s', 'p50 ms', 'p99 ms', 'API ms', 'KB', 'SQL statements'];
  const rows = cases.map(({ name, inFlight, legs, bytes, statements }) => [
    name,
    `${inFlight}`,
    spread(legs.map(({ perSecond }) => perSecond)),
    ...[0.5, 0.99].map((share) =>
      spread(
        legs.map(({ ms }) => at(ms, share)),
        1,
      ),
    ),
    spread(
      legs.map(({ apiMs }) => apiMs),
      2,
    ),
    (bytes / 1_000).toFixed(1),
    statements.toFixed(1),
  ]);
  return alignRows([heads, ...rows], heads.length);
}
