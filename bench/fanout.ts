import { startApis } from './apis.ts';
import { assaySide, TOGETHER } from './fanout-assay.ts';
import { bareSide, createRivalTables, LISTENERS, listenerSide } from './fanout-rivals.ts';
import { measure, type Side, type Turn } from './fanout-side.ts';
import { at } from './figures.ts';
import { newUsers, submitJobs } from './jobs.ts';
import { alignRows, spread } from './table.ts';

const ROUNDS = 5;
const WARM_UP = 6;

interface Situation {
  jobs: number;
  /** Events of one turn. The sides take turns, so that what else the machine does meets all of them. */
  events: number;
  title: string;
}

/** Deliveries to `count` sockets, of one job and of a job each: by Assay, by what else speaks GraphQL, and by bare `ws`. */
export async function benchFanout(count: number): Promise<string[]> {
  const one = await benchSituation(count, { jobs: 1, events: 20, title: `one job, watched over ${count} sockets` });
  const title = `${count} users, each with one job and one socket; ${TOGETHER} jobs move in one transaction`;
  const each = await benchSituation(count, { jobs: count, events: 10, title });
  return [...one, '', ...each, '', ...NOTES];
}

async function benchSituation(count: number, { jobs, events, title }: Situation): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const apis = closing.use(await startApis(1));
  const { database } = apis;
  await createRivalTables(database.pool);
  const watched = await submitJobs(database.url, newUsers(jobs));
  const assay = await assaySide(apis, { jobs: watched, count }, closing);
  const messages = [await receive(assay, jobs), await receive(assay, jobs)];
  const parts = { database, jobs: watched, count, messages };
  const sides = [assay, await bareSide(parts, closing)];
  for (const rival of LISTENERS) sides.push(await listenerSide(parts, rival, closing));
  for (const side of sides) await measure(side, WARM_UP);
  const rounds: Turn[][] = [];
  while (rounds.length < ROUNDS) rounds.push(await playRound(sides, events));
  return [
    `${title}: ${ROUNDS} rounds of ${events} events for each side, by turns; ${messages[0]?.[0]?.length} bytes a message`,
    ...describeRounds(sides, rounds),
  ];
}

/** What is sent of the next event: the message of each job. */
async function receive(side: Side, jobs: number): Promise<string[]> {
  const messages: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = side.sockets;
  side.onDelivery = (place, text) => {
    if (place < jobs) messages[place] = text.toString();
    left -= 1;
    if (left === 0) resolve();
  };
  await Promise.all([side.emit(), promise]);
  return messages;
}

async function playRound(sides: readonly Side[], events: number): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (const side of sides) turns.push(await measure(side, events));
  return turns;
}

const perCore = (turn: Turn | undefined) => (turn ? turn.deliveries / turn.processorSeconds : Number.NaN);

function describeRounds(sides: readonly Side[], rounds: readonly Turn[][]): string[] {
  const bare = sides.findIndex(({ name }) => name === 'bare ws');
  const heads = ['', 'deliveries/s of one core', ': bare ws', 'µs each', 'p50 ms', 'p99 ms'];
  const rows = sides.map(({ name }, place) => {
    const rates = rounds.map((round) => perCore(round[place]));
    const latencies = rounds.flatMap((round) => round[place]?.latencies ?? []);
    return [
      name,
      spread(rates),
      spread(
        rounds.map((round) => perCore(round[place]) / perCore(round[bare])),
        3,
      ),
      spread(
        rates.map((rate) => 1e6 / rate),
        1,
      ),
      ...[0.5, 0.99].map((share) => at(latencies, share).toFixed(1)),
    ];
  });
  return alignRows([heads, ...rows], 1);
}

const NOTES = [
  'Medians of the rounds (least-most). Processor time is that of the process with the sockets, without the database.',
  'Milliseconds are from the commit until the client has it; of bare ws from the order to send, since it stores nothing.',
  'The same subscription and the same events for all. Assay reads what happened from its log and checks who may see it;',
  'the others take it from a NOTIFY, for anybody, and lose what is sent while they do not listen. bare ws has its texts ready.',
];
