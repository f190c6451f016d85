import { setTimeout as delay } from 'node:timers/promises';
import { type Apis, startApis } from './apis.ts';
import { Arrivals } from './arrivals.ts';
import { at, DELIVERY_SHARES, describeMs, megabytes } from './figures.ts';
import { type BenchJob, commitTimes, newUsers, submitJobs } from './jobs.ts';
import { type Mover, startMover } from './mover.ts';
import { forEach, within } from './patience.ts';
import { residentBytes } from './process-state.ts';
import { type Stalled, stall } from './stalled.ts';
import { type Watcher, watch } from './watcher.ts';

const EVENTS_PER_SECOND = 200;
/** Few, so that each of the sockets gets much: what a stalled one does not read has first to fill the network. */
const USERS = 4;
const JOBS_OF_A_USER = 10;
const STALLED_SHARE = 0.2;
const CONNECTING = 10;
const LOOK_MS = 250;
const PATIENCE_MS = 20_000;

const WARM_UP_SECONDS = 10;

/** The longest name there is, in characters of three bytes: selected three times it makes an event of 2 kB. */
const NAME = '字'.repeat(255);
const queryWith = (names: string) => `subscription { myEvents {
  ... on JobEvent { seq jobId type cursor ${names} } ... on FeedPosition { position reason }
} }`;
const namesOf = (aliases: string) => [...aliases].map((alias) => `${alias}: metadata { assessmentName }`).join(' ');
const QUERY = queryWith(namesOf('abc'));
/** Who does not read is sent six times as much: some MB fit into the network, and before they are there nobody stalls. */
const HEAVY_QUERY = queryWith(namesOf('abcdefghijklmno'));

interface Measured {
  latencies: number[];
  delivered: number;
  expected: number;
  bytes: number;
  memory: { before: number; most: number; after: number };
  stalled: Stalled[];
}

/**
 * What readers who read nothing cost the process and those who read: `count` sockets, a fifth of them stalled, on one API
 * process, and the same without the stalled ones on a fresh one.
 */
export async function benchSlow(count: number, seconds: number): Promise<string[]> {
  await using apis = await startApis(1);
  const stalledCount = Math.round(count * STALLED_SHARE);
  const users = newUsers(USERS);
  const owners = Array.from({ length: JOBS_OF_A_USER }, () => users).flat();
  const jobs = await submitJobs(apis.database.url, owners, NAME);
  const healthy = count - stalledCount;
  const jobIds = jobs.map(({ id }) => id);
  const mover = await startMover({ databaseUrl: apis.database.url, jobIds, perSecond: 0 });
  const alone = await measure(apis, { mover, users, jobs, healthy, stalled: 0, seconds });
  await apis.servers[0]?.restart('SIGTERM');
  const together = await measure(apis, { mover, users, jobs, healthy, stalled: stalledCount, seconds });
  await mover.order('end');
  const ratio = at(together.latencies, 0.99) / at(alone.latencies, 0.99);
  return [
    `${EVENTS_PER_SECOND} events/s of ${Math.round(together.bytes)} bytes to ${USERS} users for ${seconds} s`,
    ...describe(`${healthy} who read`, alone),
    ...describe(`the same, and ${stalledCount} who do not`, together),
    `  p99 with them : p99 without them = ${ratio.toFixed(2)}`,
    ...describeStalled(together.stalled),
  ];
}

interface Stage {
  mover: Mover;
  users: readonly string[];
  jobs: readonly BenchJob[];
  healthy: number;
  stalled: number;
  seconds: number;
}

async function measure({ database, servers, tokenOf }: Apis, stage: Stage): Promise<Measured> {
  const { mover, users, healthy, stalled, seconds } = stage;
  const [server] = servers;
  if (!server) throw new Error('There is no API.');
  let arrivals = new Arrivals();
  let bytes = 0;
  const onNext = (text: Buffer) => {
    bytes += text.length;
    arrivals.note(text);
  };
  const connect = (many: number, query: string, listener: (text: Buffer) => void): Promise<Watcher[]> =>
    forEach(Array.from({ length: many }), CONNECTING, async (_, index) => {
      const token = await tokenOf(users[index % USERS] ?? '');
      return await watch({ url: server.url, token, query, onNext: listener });
    });
  /** Moves jobs, and waits until all is delivered. @returns the events with their commits */
  const run = async (forSeconds: number) => {
    const known = await commitTimes(database.pool);
    [arrivals, bytes] = [new Arrivals(), 0];
    await mover.order({ perSecond: EVENTS_PER_SECOND });
    await delay(forSeconds * 1_000);
    await mover.order({ perSecond: 0 });
    const commits = await commitTimes(database.pool);
    for (const key of known.keys()) commits.delete(key);
    const expected = countDeliveries(commits, stage);
    await within(PATIENCE_MS, () => arrivals.count >= expected);
    return { commits, expected };
  };

  const readers = await connect(healthy, QUERY, onNext);
  await run(WARM_UP_SECONDS);
  const others = await connect(stalled, HEAVY_QUERY, () => undefined);
  const over = new AbortController();
  const observing = observe(server.pid, over.signal);
  const stalling = stall(others, server.port, over.signal);
  const { commits, expected } = await run(seconds);
  over.abort();
  const [memory, outcomes] = await Promise.all([observing, stalling]);
  for (const { socket } of readers) socket.terminate();
  const latencies = arrivals.latencies(commits);
  return { latencies, delivered: arrivals.count, expected, bytes: bytes / arrivals.count, memory, stalled: outcomes };
}

/** What all who read are to get: each event goes to every socket of its user. */
function countDeliveries(commits: ReadonlyMap<string, number>, { users, jobs, healthy }: Stage): number {
  const userOf = new Map(jobs.map(({ id, userId }) => [id, users.indexOf(userId)]));
  const socketsOf = (user: number) => Math.floor(healthy / USERS) + (user < healthy % USERS ? 1 : 0);
  return [...commits.keys()].reduce((total, key) => total + socketsOf(userOf.get(key.split(' ')[0] ?? '') ?? 0), 0);
}

async function observe(pid: number, signal: AbortSignal): Promise<Measured['memory']> {
  const before = await residentBytes(pid);
  let most = before;
  while (!signal.aborted) {
    most = Math.max(most, await residentBytes(pid));
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return { before, most, after: await residentBytes(pid) };
}

function describe(name: string, { latencies, delivered, expected, memory }: Measured): string[] {
  const { before, most, after } = memory;
  return [
    describeMs(name, latencies, DELIVERY_SHARES),
    `  delivered ${delivered} of ${expected}; memory ${megabytes(before)} before, at most +${megabytes(most - before)}, ` +
      `at the end ${after < before ? '' : '+'}${megabytes(after - before)}`,
  ];
}

function describeStalled(stalled: readonly Stalled[]): string[] {
  const isNumber = (value: number | undefined): value is number => value !== undefined;
  const told = new Map<string, number>();
  for (const one of stalled) told.set(one.told, (told.get(one.told) ?? 0) + 1);
  return [
    describeMs('  stalled → cut', stalled.map(({ cutAfter }) => cutAfter).filter(isNumber)),
    describeMs('  last byte taken → cut', stalled.map(({ stoodFor }) => stoodFor).filter(isNumber)),
    `  of ${stalled.length} stalled, reading on: ${[...told].map(([what, times]) => `${times} ${what}`).join(', ')}`,
  ];
}
