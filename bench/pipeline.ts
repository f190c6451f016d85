import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { startDatabase } from './database.ts';
import { userIdOf } from './numbered-users.ts';
import { forEach, within } from './patience.ts';
import { graphilePipeline } from './pipeline-graphile.ts';
import { assayPipeline, type PipelineSide, rivalPipeline } from './pipeline-sides.ts';
import { describePipelines, PIPELINES, type PipelineLeg, type PipelineRound } from './pipeline-table.ts';
import { keepAsking } from './plain-client.ts';
import { REDIS_NOTE, startRedis } from './redis.ts';

const IN_FLIGHT = [1, 10, 100];
const ROUNDS = 5;
const DRAIN_ROUNDS = 3;
const WARM_UP_SECONDS = 1;
const USERS = 100;
/** Jobs that a worker runs at once, whoever it belongs to. */
const CONCURRENCY = 10;
/** Tasks that graphile-worker takes ahead where it may. */
const LOCAL_QUEUE = 100;
const BACKLOG_LANES = 20;
const DRAIN_LIMIT_MS = 300_000;
const TOKEN_SECONDS = 7_200;

type Sides = { [Name in (typeof PIPELINES)[number]]?: PipelineSide | undefined };

const NOTES = [
  'Assay: PROBE jobs that ECHO, each in a thread, under a lease, with a heartbeat; followed by myEvents',
  'graphile-worker: addJob from this process, and tasks that do nothing: no API, no rows, no events. Its worker tells by a',
  '  pipe what it has run; a turn lasts until they are gone from its table. completeJobBatchDelay 0, as Assay has it',
  `graphile, local queue: the same, but its worker takes ${LOCAL_QUEUE} tasks at one time`,
  'pg-boss, BullMQ: Apollo Server, express, jose, graphql-ws; the same rows and events, one prepared statement a move. The',
  '  work is nothing, in the process of the worker: no thread, lease, heartbeat or replay',
  `pg-boss: woken by NOTIFY, batchSize ${CONCURRENCY}, burstWhenBatchFull; events by NOTIFY after the commit`,
  `BullMQ: concurrency ${CONCURRENCY}, removeOnComplete 1000; task after the commit, events by PUBLISH after the commit`,
];

/**
 * From the submit to the COMPLETED event at the client, over one API process and one worker process, by so many jobs in
 * flight; and how fast a worker takes `count` jobs that wait for it.
 */
export async function benchPipeline(count: number, seconds: number): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const database = closing.use(await startDatabase());
  const agent = closing.adopt(new Agent({ keepAlive: true }), (made) => made.destroy());
  const secret = randomBytes(32).toString('hex');
  const tokens = await Promise.all(
    Array.from({ length: USERS }, (_, index) =>
      signUserToken({ secret, sub: userIdOf(1 + index), ttlSeconds: TOKEN_SECONDS }),
    ),
  );
  const socket = await startRedis(closing);
  const parts = { database, secret, count: USERS, tokens, agent, concurrency: CONCURRENCY };
  const sides: Sides = {
    Assay: await assayPipeline(parts, closing),
    'graphile-worker': await graphilePipeline({ ...parts, localQueue: 0 }, closing),
    'graphile, local queue': await graphilePipeline({ ...parts, localQueue: LOCAL_QUEUE }, closing),
    'pg-boss': await rivalPipeline('pg-boss', { ...parts, env: { WAKE: 'on' } }, closing),
    BullMQ: socket ? await rivalPipeline('bullmq', { ...parts, env: { REDIS_SOCKET: socket } }, closing) : undefined,
  };
  const loads = await playPipelines(sides, seconds);
  const drains = await playDrains(sides, count);
  for (const name of PIPELINES) await sides[name]?.expectDone(sides[name].completions.count);
  return [
    `one API process, one worker process that runs ${CONCURRENCY} jobs at once, ${USERS} users with a socket each`,
    '',
    `submit to COMPLETED at the client; after a warm-up ${ROUNDS} rounds of ${seconds} s for each, by turns: medians (least-most)`,
    ...describePipelines('in flight', loads),
    '',
    `${count} jobs wait, then a worker starts: from the first COMPLETED at the client to the last; ${DRAIN_ROUNDS} rounds`,
    ...describePipelines('waiting', [{ name: String(count), rounds: drains }]),
    '',
    ...PIPELINES.filter((name) => sides[name]?.refused).map(
      (name) => `${name} refused ${sides[name]?.refused} submits for the moment; they were sent again`,
    ),
    ...NOTES,
    ...(socket ? [REDIS_NOTE] : ['BullMQ was left out: redis-server is not on the PATH']),
  ];
}

/** Each load, by each side in its turn, while all workers are up. */
async function playPipelines(sides: Sides, seconds: number) {
  const stops = await Promise.all(PIPELINES.map((name) => sides[name]?.startWorker()));
  const play = (inFlight: number, time: number) =>
    playRound(sides, (side) => keepRunning(side, { inFlight, seconds: time }));
  for (const inFlight of IN_FLIGHT) await play(inFlight, WARM_UP_SECONDS);
  const loads = IN_FLIGHT.map((inFlight) => ({ inFlight, name: String(inFlight), rounds: [] as PipelineRound[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { inFlight, rounds } of loads) rounds.push(await play(inFlight, seconds));
  }
  await Promise.all(stops.map((stop) => stop?.()));
  return loads;
}

async function playDrains(sides: Sides, count: number): Promise<PipelineRound[]> {
  const rounds: PipelineRound[] = [];
  while (rounds.length < DRAIN_ROUNDS) rounds.push(await playRound(sides, (side) => drain(side, count)));
  return rounds;
}

async function playRound(sides: Sides, play: (side: PipelineSide) => Promise<PipelineLeg>): Promise<PipelineRound> {
  const round: PipelineRound = {};
  for (const name of PIPELINES) round[name] = sides[name] && (await play(sides[name]));
  return round;
}

/** The next job is submitted when one is complete. */
export async function keepRunning(
  { submit, completions, settle, agent }: PipelineSide,
  load: { inFlight: number; seconds: number },
): Promise<PipelineLeg> {
  // What idled through the others' turns may be closed by the server just when it is used.
  agent?.destroy();
  const from = performance.now();
  const { ms } = await keepAsking(load, async (turn) => await completions.of(await submit(turn)));
  await settle?.();
  return { ms, perSecond: ms.length / ((performance.now() - from) / 1_000) };
}

/** The jobs are there before the worker is. */
async function drain(
  { submit, startWorker, completions, settle, agent }: PipelineSide,
  count: number,
): Promise<PipelineLeg> {
  agent?.destroy();
  const before = completions.count;
  await forEach(Array.from({ length: count }), BACKLOG_LANES, (_, turn) => submit(turn));
  completions.firstAt = undefined;
  const stop = await startWorker();
  const isDone = await within(DRAIN_LIMIT_MS, () => completions.count - before >= count);
  if (!isDone) throw new Error(`${completions.count - before} of ${count} jobs were completed in time`);
  await settle?.();
  const until = settle ? performance.now() : completions.lastAt;
  await stop();
  return { perSecond: (count - 1) / ((until - (completions.firstAt ?? 0)) / 1_000) };
}
