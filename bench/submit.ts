import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { signUserToken } from '../src/gate/user-tokens.ts';
import { startDatabase } from './database.ts';
import { userIdOf } from './numbered-users.ts';
import { createPgbench, findPgbench } from './pgbench.ts';
import { REDIS_NOTE, startRedis } from './redis.ts';
import { captureStatements, describeStatements } from './statements.ts';
import { apolloSide, assaySide, databaseSide, rivalSide, type Side, submit } from './submit-sides.ts';
import { describeSubmits, RIVALS, type Round } from './submit-table.ts';

const LOADS = [
  { name: '1', inFlight: 1, isOfOne: false },
  { name: '10', inFlight: 10, isOfOne: false },
  { name: '100', inFlight: 100, isOfOne: false },
  { name: '10, one user', inFlight: 10, isOfOne: true },
];
const ROUNDS = 5;
const WARM_UP_SECONDS = 1;
const TOKEN_SECONDS = 7_200;
/** Users who submit alone in a round, one for each side. */
const ALONE = 1 + RIVALS.length;
const ENV = {
  ASSAY_STARTING_TOKENS: '1000000',
  ASSAY_LIMIT_SUBMITS_PER_MINUTE: '1000000',
  ASSAY_LIMIT_QUEUED_PER_USER: '1000000',
};

/** Those that this machine has. */
type Sides = { Assay: Side } & { [Name in (typeof RIVALS)[number]]?: Side | undefined };

const NOTES = [
  'pgbench: the SQL that Assay sends for one submit, by as many sessions as submits are in flight: no HTTP, no GraphQL',
  'bare Apollo: Apollo Server and express answering { hello }: no JWT, no database',
  'pg-boss, BullMQ: Apollo Server, express, jose; rows as Assay keeps them, written by one prepared statement, with fewer',
  '  indexes and no idempotency keys, rate limits, priorities or queue limits. Nobody takes tasks while submits are counted',
  'pg-boss: its task in the transaction of the rows, without a NOTIFY (its workers look twice a second)',
  'BullMQ: its task after the commit: whatever dies in between leaves a job that never runs',
];

/**
 * Submits that one API process takes, of `count` users and of one; beside it, in turn, how often the database takes the same
 * SQL from pgbench, how often an Apollo Server answers that has nothing to do, and how often Apollo Servers that write the
 * same rows and give the job to pg-boss or BullMQ.
 */
export async function benchSubmit(count: number, seconds: number): Promise<string[]> {
  await using closing = new AsyncDisposableStack();
  const database = closing.use(await startDatabase());
  const agent = closing.adopt(new Agent({ keepAlive: true }), (made) => made.destroy());
  const secret = randomBytes(32).toString('hex');
  const env = { ...ENV, JWT_SECRET: secret };
  // Besides the crowd: user 0, and in each round some who submit alone.
  const last = count + (1 + ROUNDS) * ALONE;
  const tokens = await Promise.all(
    Array.from({ length: 1 + last }, (_, user) =>
      signUserToken({ secret, sub: userIdOf(user), ttlSeconds: TOKEN_SECONDS }),
    ),
  );
  const statements = await captureStatements(database, env, (url) => submit({ url, token: tokens[0] ?? '', agent }));
  const command = await findPgbench();
  const pgbench = command && (await createPgbench(command, database, { statements, userId: userIdOf(0) }));
  const socket = await startRedis(closing);
  const rival = { database, secret, count: last, tokens, agent };
  const sides: Sides = {
    Assay: await assaySide({ database, env, tokens, agent }, closing),
    pgbench: pgbench ? databaseSide(database, pgbench) : undefined,
    'bare Apollo': await apolloSide(agent, closing),
    'pg-boss': await rivalSide('pg-boss', rival, closing),
    BullMQ: socket ? await rivalSide('bullmq', { ...rival, env: { REDIS_SOCKET: socket } }, closing) : undefined,
  };

  await playRound(sides, { agent, seconds: WARM_UP_SECONDS, count, round: 0 });
  const rounds: Round[][] = [];
  while (rounds.length < ROUNDS)
    rounds.push(await playRound(sides, { agent, seconds, count, round: rounds.length + 1 }));
  const byLoad = LOADS.map(({ name }, place) => ({ name, rounds: rounds.flatMap((round) => round[place] ?? []) }));
  return [
    `${count} users; after a warm-up ${ROUNDS} rounds of ${seconds} s for each, by turns: medians (least-most)`,
    `a submit to Assay is ${describeStatements(statements)}`,
    ...describeSubmits(byLoad),
    '',
    ...NOTES,
    ...(socket ? [REDIS_NOTE] : ['BullMQ was left out: redis-server is not on the PATH']),
    ...(pgbench ? [] : ['pgbench was left out: it is neither on the PATH nor below /usr/lib/postgresql']),
  ];
}

/** Each load, by each side in its turn. Who submits alone is somebody else each time: his queue is empty. */
async function playRound(
  sides: Sides,
  { agent, seconds, count, round }: { agent: Agent; seconds: number; count: number; round: number },
): Promise<Round[]> {
  const crowd = { first: 1, last: count };
  const alone = (turn: number) => ({ first: count + ALONE * round + turn, last: count + ALONE * round + turn });
  const played: Round[] = [];
  for (const { inFlight, isOfOne } of LOADS) {
    const load = (turn: number) => ({ inFlight, seconds, users: isOfOne ? alone(turn) : crowd });
    const legs: Round = { Assay: await sides.Assay(load(1)) };
    for (const [index, rival] of RIVALS.entries()) {
      // What idled through the others' turns may be closed by the server just when it is used.
      agent.destroy();
      legs[rival] = await sides[rival]?.(load(2 + index));
    }
    agent.destroy();
    played.push(legs);
  }
  return played;
}
