import { setTimeout as delay } from 'node:timers/promises';
import { migrate, migrationStatus } from '../src/migrate.ts';
import { runAssay } from '../test/commands/assay.ts';
import { createInstallation, type Installation } from '../test/support/installation.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { describeMs } from './figures.ts';
import { watchLockWaits } from './lock-waits.ts';
import { type MixedLoad, startMixedLoad } from './mixed-load.ts';
import { buildVersionBefore } from './older-version.ts';
import { storeJobs } from './stored-jobs.ts';

/** How many migrations are missing when the new version comes: the last two, and then those that changed stored rows, too. */
const BEHIND = [2, 4];
const USERS = 24;
const env = {
  ASSAY_PROBES: 'on',
  ASSAY_PRICE_PROBE: '1',
  ASSAY_STARTING_TOKENS: '1000000',
  ASSAY_WORKER_CONCURRENCY: '4',
  JWT_SECRET: 'a secret of more than thirty-two bytes',
};

/**
 * What `assay migrate up` costs those who are there: an API and a worker of the version before serve submits, reads, lists
 * and cancels over `count` stored jobs while the migrations of today are applied, and go on; then today's join them.
 */
export async function benchMigration(count: number, seconds: number): Promise<string[]> {
  const lines: string[] = [];
  for (const behind of BEHIND) lines.push(...(await upgrade(count, seconds, behind)));
  return lines;
}

async function upgrade(count: number, seconds: number, behind: number): Promise<string[]> {
  await using database = await startDatabase();
  const missing = await goBack(database.url, behind);
  await storeJobs(database.pool, count);
  await using older = await buildVersionBefore(missing[0] ?? '');
  await using before = await createInstallation(database.url, env, older.cli);
  const { url } = await before.startApi();
  await before.startWorker();
  const load = startMixedLoad([url], await tokensOf(before));
  await delay(seconds * 1_000);
  const migration = await migrateWatched(database.url);
  await delay(seconds * 1_000);
  await using after = await createInstallation(database.url, env);
  load.urls.push((await after.startApi()).url);
  await after.startWorker();
  await delay(seconds * 1_000);
  await load.stop();
  await after[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();
  return [
    `${missing.join(', ')} over ${count} jobs, under the version before them (${older.commit})`,
    `  applied within ${Math.round(migration.endedAt - migration.beganAt)} ms, the start of the command included`,
    `  longest wait for a table: ${describeWaits(migration.waits)}`,
    ...describeLoad(load, migration),
    `  ${await examine(database)}`,
  ];
}

/** Takes the newest migrations back. @returns their names, the oldest first */
async function goBack(url: string, count: number): Promise<string[]> {
  for (let step = 0; step < count; step += 1) await migrate(url, 'down');
  return (await migrationStatus(url)).filter(({ appliedAt }) => appliedAt === null).map(({ name }) => name);
}

const tokensOf = (installation: Installation): Promise<string[]> =>
  Promise.all(Array.from({ length: USERS }, () => installation.userToken()));

interface Migration {
  beganAt: number;
  endedAt: number;
  waits: ReadonlyMap<string, number>;
}

async function migrateWatched(url: string): Promise<Migration> {
  const locks = await watchLockWaits(url);
  const beganAt = performance.now();
  const { code, stderr } = await runAssay(['migrate', 'up'], { cwd: process.cwd(), env: { DATABASE_URL: url } });
  const endedAt = performance.now();
  await locks.stop();
  if (code !== 0) throw new Error(stderr);
  return { beganAt, endedAt, waits: locks.longestMs };
}

const describeWaits = (waits: ReadonlyMap<string, number>): string =>
  [...waits].map(([name, ms]) => `${name} ${Math.round(ms)} ms`).join(', ') || 'none was seen';

function describeLoad({ answered, failed }: MixedLoad, { beganAt, endedAt }: Migration): string[] {
  const between = (from: number, to: number) => answered.filter((one) => one.at + one.ms > from && one.at < to);
  const msOf = (requests: typeof answered) => requests.map(({ ms }) => ms);
  const faults = [...failed].map(([name, times]) => `${name} ${times}`).join(', ');
  const sum = [...failed.values()].reduce((total, times) => total + times, 0);
  return [
    `  ${describeMs('requests before', msOf(between(0, beganAt)), [0.5, 0.99, 1])}`,
    `  ${describeMs('requests while it was applied', msOf(between(beganAt, endedAt)), [0.5, 0.99, 1])}`,
    `  ${describeMs('requests after', msOf(between(endedAt, Number.POSITIVE_INFINITY)), [0.5, 0.99, 1])}`,
    `  failed requests: ${sum}${faults && ` (${faults})`} of ${answered.length + sum}`,
  ];
}

/** What `assay doctor` says in the end. */
async function examine({ url }: BenchDatabase): Promise<string> {
  const { stdout, stderr } = await runAssay(['doctor'], { cwd: process.cwd(), env: { DATABASE_URL: url } });
  const broken = stdout.split('\n').filter((line) => line.startsWith('BROKEN'));
  return [...broken, stdout.trim().split('\n').at(-1) || stderr].join('\n  ');
}
