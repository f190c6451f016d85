import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { type BenchDatabase, startDatabase } from '../database.ts';
import { userIdOf } from '../numbered-users.ts';
import { keepRunning } from '../pipeline.ts';
import { assayPipeline } from '../pipeline-sides.ts';
import { keepAsking } from '../plain-client.ts';
import { startReader } from '../reader.ts';
import { assaySide } from '../submit-sides.ts';
import { PROBES } from '../submits.ts';
import type { Probes } from './probes.ts';
import { type Recording, record } from './recording.ts';

const IN_FLIGHT = 10;
const WARM_UP_SECONDS = 3;
const USERS = 100;
const STORED = 20_000;
const TOKEN_SECONDS = 7_200;

/** Submits by many users, of whom nobody runs the jobs. */
export async function recordSubmit(probes: Probes, seconds: number): Promise<Recording[]> {
  await using closing = new AsyncDisposableStack();
  const parts = await startUsers(closing);
  const env = { ...PROBES, ASSAY_STARTING_TOKENS: '1000000', JWT_SECRET: parts.secret, ...probes.env };
  const submit = await assaySide({ ...parts, env }, closing);
  const load = { inFlight: IN_FLIGHT, users: { first: 0, last: USERS - 1 } };
  await submit({ ...load, seconds: WARM_UP_SECONDS });
  const work = `${IN_FLIGHT} submits in flight, of ${USERS} users`;
  return [await record(probes, { name: 'submit', work }, () => submit({ ...load, seconds }))];
}

/** From the submit to the COMPLETED event at a client. */
export async function recordPipeline(probes: Probes, seconds: number): Promise<Recording[]> {
  await using closing = new AsyncDisposableStack();
  const parts = { ...(await startUsers(closing)), count: USERS, concurrency: IN_FLIGHT, env: probes.env };
  const side = await assayPipeline(parts, closing);
  await side.startWorker();
  const load = { inFlight: IN_FLIGHT };
  await keepRunning(side, { ...load, seconds: WARM_UP_SECONDS });
  const work = `${IN_FLIGHT} jobs in flight, of ${USERS} users with a socket each`;
  return [await record(probes, { name: 'pipeline', work }, () => keepRunning(side, { ...load, seconds }))];
}

/** One read after the other: a job and a page, with their results and without. */
export async function recordReads(probes: Probes, seconds: number): Promise<Recording[]> {
  await using closing = new AsyncDisposableStack();
  const database = closing.use(await startDatabase());
  const { operations, ask } = await startReader(database, { count: STORED, env: probes.env }, closing);
  const reads = Object.values(operations);
  const keepReading = (time: number) =>
    keepAsking({ inFlight: IN_FLIGHT, seconds: time }, (turn) => {
      const read = reads[turn % reads.length];
      return read ? ask(read(turn)) : Promise.resolve();
    });
  await keepReading(WARM_UP_SECONDS);
  const work = `${IN_FLIGHT} reads in flight: ${Object.keys(operations).join(', ')}`;
  return [await record(probes, { name: 'reads', work }, () => keepReading(seconds))];
}

interface Users {
  database: BenchDatabase;
  secret: string;
  /** In the order of their numbers. */
  tokens: string[];
  agent: Agent;
}

async function startUsers(closing: AsyncDisposableStack): Promise<Users> {
  const database = closing.use(await startDatabase());
  const agent = closing.adopt(new Agent({ keepAlive: true }), (made) => made.destroy());
  const secret = randomBytes(32).toString('hex');
  const tokens = await Promise.all(
    Array.from({ length: USERS }, (_, user) =>
      signUserToken({ secret, sub: userIdOf(user), ttlSeconds: TOKEN_SECONDS }),
    ),
  );
  return { database, secret, tokens, agent };
}
