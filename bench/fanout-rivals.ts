import { once } from 'node:events';
import type pg from 'pg';
import WebSocket from 'ws';
import { WatchJobDocument } from '../src/client/operations.generated.ts';
import type { BenchDatabase } from './database.ts';
import { CONNECTING, groupsOf, lastCommits } from './fanout-assay.ts';
import { type Side, settle } from './fanout-side.ts';
import { clockMs } from './figures.ts';
import type { BenchJob } from './jobs.ts';
import { forEach } from './patience.ts';
import { startRivalProcess } from './rival-process.ts';
import { watch } from './watcher.ts';

export interface RivalParts {
  database: BenchDatabase;
  jobs: readonly BenchJob[];
  /** Sockets, over the jobs in turn. */
  count: number;
  /** What Assay sent of each job, in two turns. */
  messages: readonly (readonly string[])[];
}

/** Rivals that hear by LISTEN: their programs, and whether each job has a channel of its own. */
export const LISTENERS = [
  { name: 'GraphQL Yoga', program: 'yoga-events', channel: "'bench_events'" },
  { name: 'PostGraphile', program: 'postgraphile-events', channel: "'bench_events:' || job_id" },
] as const;

/** Sends what Assay sent, from texts that lie ready. Nothing is committed: the time counts from the order to send. */
export async function bareSide({ count, messages }: RivalParts, closing: AsyncDisposableStack): Promise<Side> {
  const [child, port] = await startRivalProcess('bare-ws', {}, closing);
  child.send(messages);
  let turn = 0;
  let sentAt = 0;
  const side: Side = {
    ...{ name: 'bare ws', pid: child.pid ?? 0, sockets: count, onDelivery: () => undefined },
    async emit() {
      sentAt = clockMs();
      child.send(turn % messages.length);
      turn += 1;
    },
    commits: async () => [sentAt],
  };
  const sockets = await forEach(Array.from({ length: count }), CONNECTING, async (_, place) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${place}`);
    await once(socket, 'open');
    return socket.on('message', (text) => side.onDelivery(place, text as Buffer));
  });
  closing.defer(() => {
    for (const socket of sockets) socket.terminate();
  });
  return side;
}

/** The same subscription to the same events, which are stored, and sent in the same transaction as notifications. */
export async function listenerSide(
  { database, jobs, count, messages }: RivalParts,
  { name, program, channel }: (typeof LISTENERS)[number],
  closing: AsyncDisposableStack,
): Promise<Side> {
  const [child, port] = await startRivalProcess(program, { DATABASE_URL: database.url }, closing);
  const jobIds = jobs.map(({ id }) => id);
  const turns = messages.map((texts) => texts.map((text, place) => ({ jobId: jobIds[place], event: eventOf(text) })));
  let turn = 0;
  const side: Side = {
    ...{ name, pid: child.pid ?? 0, sockets: count, onDelivery: () => undefined },
    async emit() {
      for (const group of groupsOf(turns[turn % turns.length] ?? [])) {
        await database.pool.query(
          `with stored as (
             insert into bench_rivals.events (job_id, event) select * from unnest($1::uuid[], $2::text[]) returning *
           ) select pg_notify(${channel}, event) from stored`,
          [group.map(({ jobId }) => jobId), group.map(({ event }) => event)],
        );
      }
      turn += 1;
    },
    commits: () => lastCommits(database.pool, 'bench_rivals.events', jobIds),
  };
  const watchers = await forEach(Array.from({ length: count }), CONNECTING, (_, place) =>
    watch({
      ...{ url: `http://127.0.0.1:${port}`, token: 'none', isSilent: true },
      query: WatchJobDocument.toString(),
      variables: { jobId: jobIds[place % jobs.length] },
      onNext: (text) => side.onDelivery(place, text),
    }),
  );
  closing.defer(() => {
    for (const { socket } of watchers) socket.terminate();
  });
  await settle(side);
  return side;
}

/** Where rivals store the events that they send. */
export async function createRivalTables(pool: pg.Pool): Promise<void> {
  // PostGraphile serves a schema, of which the events are no part: `bench_api`, with nothing in it.
  await pool.query('create schema bench_api');
  await pool.query(`create schema bench_rivals
    create table events (
      job_id uuid, seq bigint generated always as identity, event text, xact xid8 default pg_current_xact_id(),
      primary key (job_id, seq)
    )`);
}

/** The event of a `next` message, as JSON. */
const eventOf = (text: string): string => {
  const { payload } = JSON.parse(text) as { payload: { data: { jobEvents: object } } };
  return JSON.stringify(payload.data.jobEvents);
};
