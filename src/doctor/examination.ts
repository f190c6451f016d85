import pg from 'pg';
import { examine, type Finding, type Mended, mend } from '../lifecycle/doctor.ts';
import type { Rescue } from '../lifecycle/rescue.ts';
import { createOrm } from '../orm.ts';

/** One invariant over a large installation reads all of its log; an API request may not. */
const STATEMENT_MS = 15 * 60_000;
const CONNECT_MS = 5_000;
const CANCEL_MS = 5_000;
const NAME = 'assay-doctor';

export interface DoctorOptions extends Pick<Rescue, 'leaseMs' | 'runLimitsMs'> {
  /** Of the database itself: through a pooler nobody can say how long his statements may take. */
  url: string;
  /** How often a worker looks for lost jobs, in milliseconds. */
  rescueMs: number;
}

/** What an examination found. */
export interface Examined {
  /** When it began, by the clock of the database. */
  at: Date;
  /** How long it took. */
  seconds: number;
  /** The invariants that are broken. */
  findings: Finding[];
}

/**
 * Examines a database over a connection of its own. Where something is found that may settle, it takes a lease and two
 * rescues longer.
 * @throws when the database cannot be reached or takes too long, or the signal is aborted: then nothing goes on behind it
 */
export async function examineDatabase(options: DoctorOptions, signal?: AbortSignal): Promise<Examined> {
  const { url, leaseMs, rescueMs } = options;
  const startedAt = performance.now();
  const client = connectionTo(url, STATEMENT_MS);
  await client.connect();
  try {
    const { rows } = await client.query('select now() as at, pg_backend_pid() as pid');
    const { at, pid } = rows[0] as { at: Date; pid: number };
    await using _watch = breakOffOn(signal, async () => {
      await cancelStatement(url, pid).finally(() => client.end());
    });
    const findings = await examine(client, { leaseMs, graceMs: leaseMs + 2 * rescueMs, signal });
    return { at, seconds: (performance.now() - startedAt) / 1_000, findings };
  } finally {
    await client.end();
  }
}

/**
 * Mends what was found, over connections of its own.
 * @throws when the database cannot be reached, or the signal is aborted: what was begun by then is done
 */
export async function mendDatabase(
  { url, leaseMs, runLimitsMs }: DoctorOptions,
  findings: readonly Finding[],
  signal?: AbortSignal,
): Promise<Mended> {
  const orm = await createOrm({ url, name: NAME, poolSize: 2, statementMs: STATEMENT_MS });
  try {
    return await mend(orm.em.fork(), findings, { leaseMs, runLimitsMs, signal });
  } finally {
    await orm.close();
  }
}

/** A connection that only reads, and on which no statement takes longer. */
function connectionTo(url: string, statementMs: number): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: NAME,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: statementMs + 1_000,
    keepAlive: true,
    options: `-c default_transaction_read_only=on -c statement_timeout=${statementMs}`,
  });
  client.on('error', () => undefined); // the query that runs is refused with it
  return client;
}

function breakOffOn(signal: AbortSignal | undefined, breakOff: () => Promise<void>): AsyncDisposable {
  let breaking: Promise<void> | undefined;
  const onAbort = () => {
    breaking = breakOff();
  };
  signal?.addEventListener('abort', onAbort);
  return {
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', onAbort);
      await breaking;
    },
  };
}

/** To hang up would not end it: a server looks at the line when the statement is done. */
async function cancelStatement(url: string, pid: number): Promise<void> {
  const client = connectionTo(url, CANCEL_MS);
  try {
    await client.connect();
    await client.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and application_name = '${NAME}'`,
      [pid],
    );
  } catch {
    // It ends by its own limit.
  } finally {
    await client.end();
  }
}
