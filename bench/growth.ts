import { startDatabase } from './database.ts';
import { at, megabytes } from './figures.ts';
import { type Grown, startGrown } from './grown.ts';
import { PIPELINE, RESUMES } from './growth-feeds.ts';
import { OPERATIONS, type Operation } from './growth-operations.ts';
import { within } from './patience.ts';
import { describePlans, PLAN_SETTINGS } from './plans.ts';
import { alignRows } from './table.ts';

const SMALLEST = 1_000;
const ROUNDS = 25;
const WARM_UPS = 3;
/** How many times as long something may take in the largest. */
const AIM = 1.2;
const VACUUM_MS = 600_000;
/** Jobs came in one after the other: so many transactions stand for them. */
const XACTS = 100_000;

/**
 * The same operations on installations of a thousand jobs, of a tenth of `count` and of `count`, turn by turn, so that a noisy
 * minute hits them all: how long each takes, how many times as long in the largest, and by what plans.
 */
export async function benchGrowth(count: number): Promise<string[]> {
  await using server = await startDatabase(PLAN_SETTINGS);
  await using closing = new AsyncDisposableStack();
  const sizes = [...new Set([SMALLEST, Math.floor(count / 10), count])].filter((size) => size >= SMALLEST);
  const xacts = await passTransactions(server);
  const installations: Grown[] = [];
  for (const size of sizes) installations.push(closing.use(await startGrown(server, size, xacts)));
  await comeToRest(server);
  const rows = await judge(server, installations, [...OPERATIONS, ...RESUMES]);
  await Promise.all(installations.map((grown) => grown.startWorker()));
  rows.push(...(await judge(server, installations, [PIPELINE])));
  const late = rows.filter(({ ratio }) => !(ratio <= AIM)).map(({ cells: [name] }) => name);
  const head = [
    '',
    ...sizes.map((size) => size.toLocaleString('en')),
    'times as long',
    'plans in the largest, and the most rows of a scan',
  ];
  return [
    ...installations.map(describeSize),
    `median (p25 to p75) in ms of ${ROUNDS} rounds, each in all of them; some do what leaves nothing behind three times; after vacuum, analyze and a checkpoint`,
    ...alignRows([head, ...rows.map(({ cells }) => cells)], head.length),
    `more than ${AIM} times as long in the largest as in the smallest: ${late.join('; ') || 'nothing'}`,
  ];
}

type Server = Awaited<ReturnType<typeof startDatabase>>;

/** Lets transactions go by that write nothing. */
export async function passTransactions({ pool }: Server): Promise<{ first: number; last: number }> {
  const client = await pool.connect();
  const now = async () => Number((await client.query('select pg_current_xact_id()::text as id')).rows[0].id);
  try {
    const first = await now();
    await client.query('set synchronous_commit = off');
    await client.query(`do $$ begin for n in 1..${XACTS} loop perform pg_current_xact_id(); commit; end loop; end $$`);
    return { first, last: await now() };
  } finally {
    client.release(true);
  }
}

/** As after a quiet hour: no vacuum that the filling called for is under way, and nothing of it is left to be written. */
async function comeToRest({ pool }: Server): Promise<void> {
  const atRest = await within(VACUUM_MS, async () => {
    const { rowCount } = await pool.query("select from pg_stat_activity where backend_type = 'autovacuum worker'");
    return rowCount === 0;
  });
  if (!atRest) throw new Error('The server goes on vacuuming');
  await pool.query('checkpoint');
}

const describeSize = ({ count, bytes, seconds }: Grown): string =>
  `${count.toLocaleString('en')} jobs: ${megabytes(bytes)}, stored within ${seconds.toFixed(0)} s`;

interface Row {
  cells: string[];
  /** Of the median in the largest to that in the smallest. */
  ratio: number;
}

/** Measures operations, and looks how each goes about it in the largest. */
async function judge(
  server: Server,
  installations: readonly Grown[],
  operations: readonly Operation[],
): Promise<Row[]> {
  const largest = installations.at(-1) as Grown;
  const rows: Row[] = [];
  for (const [operation, measured] of await measure(operations, installations)) {
    const plans = await describePlans(server, largest.name, () => operation.run(largest));
    const medians = measured.map((times) => at(times, 0.5));
    const ratio = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN);
    rows.push({ cells: [operation.name, ...measured.map(describeSpread), ratio.toFixed(2), plans], ratio });
  }
  return rows;
}

/** Milliseconds of each time, a list for each installation. */
async function measure(operations: readonly Operation[], installations: readonly Grown[]) {
  const figures = new Map(operations.map((operation) => [operation, installations.map((): number[] => [])]));
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    for (const [operation, measured] of figures) {
      for (const [place, grown] of installations.entries()) {
        for (let time = 0; time < operation.times; time += 1) {
          const ms = await operation.run(grown);
          if (round >= 0) measured[place]?.push(ms);
        }
      }
    }
  }
  return figures;
}

const describeSpread = (times: readonly number[]): string =>
  `${at(times, 0.5).toFixed(1)} (${at(times, 0.25).toFixed(1)} to ${at(times, 0.75).toFixed(1)})`;
