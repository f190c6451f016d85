import { randomInt, randomUUID } from 'node:crypto';
import { createRandom } from '../chaos/random.ts';
import type { FeedEvent } from '../src/client/index.ts';
import { createServiceToken } from '../src/gate/service-tokens.ts';
import { createOrm } from '../src/orm.ts';
import { begin, type Mover, openMover } from '../test/support/movers.ts';
import { readPages } from '../test/support/page-reader.ts';
import { type Apis, startApis } from './apis.ts';
import { cursorOf, type FeedReader, openReader } from './feed-reader.ts';
import { audit, OpenLog, sum } from './following-log.ts';
import { type BenchJob, newUsers, submitJobs } from './jobs.ts';
import { within } from './patience.ts';

const MOVERS = 6;
const USERS = 2;
const SERVICES = ['one', 'other'];
const APIS = 2;
const PATIENCE_MS = 60_000;
/** Who leaves has been sent more than he reads: with short pages he would never catch up. */
const LONGEST_PAGE = 600;
/** The readers begin when the jobs were submitted, which was the first event of each. */
const FIRST = 2;

/** Who reads short pages comes back more often than a client may. */
const UNHURRIED = { ASSAY_LIMIT_MESSAGES_PER_SECOND: '100000', ASSAY_LIMIT_MESSAGES_BURST: '100000' };

/** One reader at his work. */
interface Reading {
  readonly userId: string | null;
  /** What he was told and has kept. */
  readonly known: FeedEvent[];
  pages: number;
  isOver: boolean;
  failure?: unknown;
}

/** Whether nothing more is to come for a user, or for a service, who knows so many events. */
type IsEnough = (userId: string | null, count: number) => boolean;

/**
 * Whether readers are told every event once, those of a job in order, who come back again and again, to either of two API
 * processes, with a cursor from anywhere in the page before. Meanwhile six movers move `count` jobs of two users, each
 * whatever job it comes upon. As many readers stay and never come back. The exit code is 1 where one missed something.
 */
export async function benchMovers(count: number, seconds: number): Promise<string[]> {
  const seed = randomInt(1_000_000);
  await using apis = await startApis(APIS, UNHURRIED);
  await using closing = new AsyncDisposableStack();
  const users = newUsers(USERS);
  const jobs = await submitJobs(
    apis.database.url,
    Array.from({ length: count }, (_, at) => users[at % USERS] ?? ''),
  );
  const readers = await openReaders(apis, users);
  closing.defer(() => {
    for (const reader of readers) reader.close();
  });
  let ends: ReadonlyMap<string, number> | undefined;
  const isEnough: IsEnough = (userId, known) => ends !== undefined && known >= countEvents(jobs, userId, ends);
  const readings = (await Promise.all(readers.map((reader, at) => startReading(reader, at, seed, isEnough)))).flat();

  const movers = await Promise.all(Array.from({ length: MOVERS }, () => openMover(apis.database.url)));
  for (const mover of movers) closing.use(mover);
  await moveAll(movers, jobs, seed, seconds);
  const [last] = movers;
  // One event more of each job, so that nobody waits for one who has them all.
  ends = new Map([...(await lastEvents(apis))].map(([id, seq]) => [id, seq + 1]));
  for (const { id: jobId } of jobs) await begin(last!.lifecycle, { jobId, leaseToken: randomUUID() });
  await within(PATIENCE_MS, () => readings.every(({ isOver }) => isOver));
  return [`seed ${seed}`, ...judge(readings, jobs, ends)];
}

async function openReaders({ database, servers, tokenOf }: Apis, users: readonly string[]): Promise<FeedReader[]> {
  const urls = servers.map(({ url }) => url);
  const orm = await createOrm({ url: database.url, name: 'assay-bench-tokens' });
  try {
    const ofUsers = users.map(async (userId) => openReader(urls, await tokenOf(userId), userId));
    const ofServices = SERVICES.map(async (name) =>
      openReader(urls, await createServiceToken(orm.em.fork(), { name, scopes: ['jobs:read'] }), null),
    );
    return await Promise.all([...ofUsers, ...ofServices]);
  } finally {
    await orm.close();
  }
}

/** Two who begin at the same place: one stays, the other comes back again and again. */
async function startReading(reader: FeedReader, at: number, seed: number, isEnough: IsEnough): Promise<Reading[]> {
  const { userId } = reader;
  const random = createRandom(seed, `reader ${at}`);
  const messages = reader.open(at);
  const { value: start } = await messages.next();
  if (!start) throw new Error('The subscription ended at once.');
  const open = async (after: string) => reader.open(random.between(1, APIS), after);
  const enough = (count: number) => isEnough(userId, count);
  return [
    read(userId, false, readOn(messages, enough)),
    read(userId, true, readPages(cursorOf(start), { open, cursorOf, isEnough: enough, random, most: LONGEST_PAGE })),
  ];
}

/** Goes on beside us; what becomes of it is noted. */
function read(userId: string | null, comesBack: boolean, pages: AsyncIterable<FeedEvent[]>): Reading {
  const reading: Reading = { userId, known: [], pages: 0, isOver: false };
  const take = async () => {
    for await (const page of pages) {
      reading.known.push(...page);
      if (comesBack) reading.pages += 1;
    }
  };
  take()
    .catch((error: unknown) => {
      reading.failure = error;
    })
    .finally(() => {
      reading.isOver = true;
    });
  return reading;
}

async function* readOn(messages: AsyncIterator<FeedEvent, void>, isEnough: (count: number) => boolean) {
  for (let count = 0; !isEnough(count); count += 1) {
    const { done, value } = await messages.next();
    if (done) throw new Error(`The subscription ended after ${count} messages.`);
    yield [value];
  }
}

async function moveAll(movers: readonly Mover[], jobs: readonly BenchJob[], seed: number, seconds: number) {
  const jobIds = jobs.map(({ id }) => id);
  const deadline = performance.now() + seconds * 1_000;
  const isLate = () => performance.now() > deadline;
  await Promise.all(movers.map((mover, at) => mover.moveAtRandom(jobIds, createRandom(seed, `mover ${at}`), isLate)));
}

async function lastEvents({ database }: Apis): Promise<[string, number][]> {
  const { rows } = await database.pool.query<{ id: string; seq: number }>('select id, seq from analysis_jobs');
  return rows.map(({ id, seq }) => [id, seq]);
}

const jobsFor = (jobs: readonly BenchJob[], reader: string | null): string[] =>
  jobs.filter(({ userId }) => reader === null || userId === reader).map(({ id }) => id);

const countEvents = (jobs: readonly BenchJob[], reader: string | null, ends: ReadonlyMap<string, number>): number =>
  jobsFor(jobs, reader).reduce((total, id) => total + (ends.get(id) ?? 0) - FIRST + 1, 0);

function judge(readings: readonly Reading[], jobs: readonly BenchJob[], ends: ReadonlyMap<string, number>): string[] {
  const logs = readings.map(({ userId, known }) => {
    const log = new OpenLog(userId, jobsFor(jobs, userId));
    for (const message of known) log.take(message);
    return log;
  });
  const { missing, repeated, disordered, foreign } = sum(logs.map((log) => audit(log, ends, FIRST)));
  const anew = logs.reduce((total, { restarts }) => total + restarts, 0);
  const failures = readings.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  if (missing + repeated + disordered + foreign + anew + failures.length > 0) process.exitCode = 1;
  const pages = readings.map((reading) => reading.pages).filter((count) => count > 0);
  return [
    `${MOVERS} movers, ${jobs.length} jobs, ${countEvents(jobs, null, ends)} events`,
    `${pages.length} readers who come back, ${pages.reduce((total, count) => total + count, 0)} pages; ` +
      `${readings.length - pages.length} who stay`,
    `missed ${missing}, repeated ${repeated}, out of order ${disordered}, foreign ${foreign}, ` +
      `begun anew ${anew}, broken off ${failures.length}`,
    ...failures.slice(0, 3).map((failure) => `broken off by ${describe(failure)}`),
  ];
}

/** How a socket was closed is an event and no error. */
function describe(failure: unknown): string {
  const { code, reason } = failure as { code?: number; reason?: string };
  return failure instanceof Error ? String(failure) : `${code} ${reason}`;
}
