import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type BenchDatabase, startDatabase } from '../bench/database.ts';
import { at, describeMs } from '../bench/figures.ts';
import { forEach, within } from '../bench/patience.ts';
import { examine } from '../src/lifecycle/doctor.ts';
import { INVARIANTS } from '../src/lifecycle/invariants.ts';
import { createLifecycle } from '../src/lifecycle/lifecycle.ts';
import { createOrm } from '../src/orm.ts';
import type { ProbeInput } from '../test/support/probe-kinds.ts';
import { type RunningProcess, startProcess } from '../test/support/process.ts';
import { Verdict } from './verdict.ts';

const POISONS: readonly { does: ProbeInput['does']; attempts: number; code: string }[] = [
  { does: 'EXIT', attempts: 3, code: 'HANDLER_ERROR' },
  { does: 'UNCAUGHT', attempts: 3, code: 'HANDLER_ERROR' },
  { does: 'MEMORY', attempts: 3, code: 'HANDLER_ERROR' },
  // Over its limit it fails at once, attempts left or not.
  { does: 'SPIN', attempts: 1, code: 'STUCK' },
];
const POISONOUS = 20;
const WORKERS = 2;
const WORK_MS = 300;
const RUN_LIMIT_MS = 12_000;
const LEASE_MS = 10_000;
const LANES = 8;
const PRICE = 2;
const PATIENCE_MS = 180_000;
const STOP_LIMIT_MS = 20_000;

interface Handed {
  id: string;
  poison?: (typeof POISONS)[number];
}

/** 20 jobs that end or fill their thread, or never let it go, among `count` that do their work; before, these alone. */
export async function drillPoison(count: number): Promise<Verdict> {
  const verdict = new Verdict();
  await using database = await startDatabase();
  const workers = Array.from({ length: WORKERS }, () => startWorker(database.url));
  for (const worker of workers) await worker.waitForOutput(/worker started/, STOP_LIMIT_MS);
  // The first jobs of a process wait for its threads.
  await run(database, 4 * LANES, 0);
  const alone = await run(database, count, 0);
  const among = await run(database, count, POISONOUS);
  await judge(database.pool, verdict, alone, among);
  const found = await withClient(database.pool, (client) => examine(client, { leaseMs: LEASE_MS, graceMs: LEASE_MS }));
  verdict.expect(`broken invariants, of ${INVARIANTS.length}`, found.length === 0, String(found.length));
  for (const worker of workers) {
    worker.kill('SIGTERM');
    const { code } = await worker.waitForEnd(STOP_LIMIT_MS);
    verdict.expect('a worker lives, and ends when it is told to', code === 0, `exit code ${code}`);
  }
  return verdict;
}

/** One that knows how to misbehave, and gives each thread 64 MB. */
function startWorker(url: string): RunningProcess {
  const script = new URL('../test/support/worker-process.ts', import.meta.url).pathname;
  const env = {
    ...{ PATH: process.env.PATH, DATABASE_URL: url, ASSAY_WORKER_CONCURRENCY: '4' },
    ASSAY_RUN_LIMIT_PROBE_MS: String(RUN_LIMIT_MS),
  };
  return startProcess(process.execPath, [script], { env });
}

/** Hands them in, the poison evenly among the rest, and waits until all have ended. */
async function run({ url, pool }: BenchDatabase, count: number, poisonous: number): Promise<Handed[]> {
  const orm = await createOrm({ url, name: 'assay-drill-submit' });
  const lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: PRICE });
  const total = count + poisonous;
  const handed = await forEach(Array.from({ length: total }), LANES, async (_, index): Promise<Handed> => {
    const turn = Math.floor((index * poisonous) / total);
    const isPoison = poisonous > 0 && turn !== Math.floor(((index - 1) * poisonous) / total);
    const poison = isPoison ? POISONS[turn % POISONS.length] : undefined;
    const testData: ProbeInput = poison ? { does: poison.does } : { does: 'SLEEP', milliseconds: WORK_MS };
    const terms = { kind: 'PROBE', name: 'A job of the drill', price: PRICE, maxAttempts: 3, tierPriority: 0 } as const;
    const { outcomes } = await lifecycle.submit(randomUUID(), [{ ...terms, testData }]);
    const [outcome] = outcomes;
    if (outcome?.outcome !== 'SUBMITTED') throw new Error(`A job was not taken: ${outcome?.outcome}`);
    return poison ? { id: outcome.job.id, poison } : { id: outcome.job.id };
  });
  await within(PATIENCE_MS, async () => {
    const { rowCount } = await pool.query(
      `select from audit_v1.jobs where status in ('QUEUED', 'PROCESSING') or worker_free_at is null limit 1`,
    );
    return rowCount === 0;
  });
  await orm.close();
  return handed;
}

interface Row {
  id: string;
  status: string;
  attempt: number;
  code: string | null;
  waitMs: number;
  balance: number;
}

async function judge(pool: pg.Pool, verdict: Verdict, alone: Handed[], among: Handed[]): Promise<void> {
  const { rows } = await pool.query<Row>(
    `select j.id, j.status, j.attempt, j.failure_code as code, a.balance,
       extract(epoch from started_at - j.created_at)::float8 * 1000 as "waitMs"
     from analysis_jobs j join accounts a on a.user_id = j.user_id`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const rowsOf = (handed: Handed[]) => handed.flatMap(({ id }) => byId.get(id) ?? []);
  const good = rowsOf(among.filter(({ poison }) => !poison));
  const completed = good.filter(({ status, balance }) => status === 'COMPLETED' && balance === 0).length;
  verdict.expect('good jobs completed', completed === good.length, `${completed} of ${good.length}`);
  const wrong = among.filter(({ id, poison }) => poison && !isRightEnd(byId.get(id), poison));
  const poisonous = among.filter(({ poison }) => poison).length;
  const shown = `${poisonous - wrong.length} of ${poisonous}`;
  verdict.expect('poison failed after its attempts, paid back', wrong.length === 0 && poisonous === POISONOUS, shown);
  for (const { id, poison } of wrong.slice(0, 5)) verdict.note(poison?.does ?? '', JSON.stringify(byId.get(id)));
  const [before, after] = [rowsOf(alone), good].map((waited) => waited.map(({ waitMs }) => waitMs));
  verdict.note('work', `${good.length} × ${WORK_MS} ms; a spinning thread is ended after ${RUN_LIMIT_MS / 1_000} s`);
  verdict.note('', describeMs('wait of the good, alone', before ?? []));
  verdict.note('', describeMs('wait of the good, among poison', after ?? []));
  const ratio = at(after ?? [], 0.95) / at(before ?? [], 0.95);
  verdict.expect('p95 of the wait, at most three times', ratio <= 3, `${ratio.toFixed(1)} times`);
}

const isRightEnd = (row: Row | undefined, { attempts, code }: (typeof POISONS)[number]): boolean =>
  row?.status === 'FAILED' && row.attempt === attempts && row.code === code && row.balance === PRICE;

async function withClient<R>(pool: pg.Pool, act: (client: pg.PoolClient) => Promise<R>): Promise<R> {
  const client = await pool.connect();
  try {
    return await act(client);
  } finally {
    client.release();
  }
}
