import { randomUUID } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { Lease } from '../../src/lifecycle/attempt.ts';
import { type Heartbeat, startHeartbeat } from '../../src/runner/heartbeat.ts';
import { cutConnections, useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { readableLog } from '../support/workers.ts';

const database = useDatabase();
const workerId = randomUUID();
/** Longer than a busy machine keeps this process from what it does next: by it, words that come early are remembered. */
const LEASE_MS = 20_000;
let heartbeat: Heartbeat;
let thread: Worker;
let lost: Lease[];
let log: ReturnType<typeof readableLog>;

beforeEach(() => {
  lost = [];
  log = readableLog();
  process.once('worker', (worker: Worker) => {
    thread = worker;
  });
  heartbeat = startHeartbeat({
    url: database().url,
    workerId,
    host: 'test',
    pid: process.pid,
    concurrency: 1,
    leaseMs: LEASE_MS,
    heartbeatMs: 100,
    log: log.log,
    onLost: (leases) => lost.push(...leases),
  });
});
afterEach(() => heartbeat.stop());

/** Milliseconds since the last beat, or nothing when the worker is not in the books. */
async function silence(): Promise<{ poolId: string; ms: number } | undefined> {
  const { rows } = await database().pool.query(
    `select pool_id as "poolId", extract(epoch from clock_timestamp() - heartbeat_at)::float8 * 1000 as ms
     from workers where id = $1`,
    [workerId],
  );
  return rows[0];
}

const beatAfter = async (moment: string) => {
  await vi.waitFor(async () => {
    const { rows } = await database().pool.query('select from workers where id = $1 and heartbeat_at > $2', [
      workerId,
      moment,
    ]);
    expect(rows).toHaveLength(1);
  }, 15_000);
};

const databaseNow = async () => (await database().pool.query('select clock_timestamp()::text as now')).rows[0].now;

it('puts the worker into the books before a pool is joined, and takes it out at the end', async () => {
  expect(await silence()).toBeUndefined();
  await heartbeat.join('pool-one');
  expect(await silence()).toMatchObject({ poolId: 'pool-one' });
  await heartbeat.stop();
  expect(await silence()).toBeUndefined();
});

it('names the pool that was joined last', async () => {
  await heartbeat.join('pool-one');
  await heartbeat.join('pool-two');
  expect(await silence()).toMatchObject({ poolId: 'pool-two' });
});

it('keeps the leases of its attempts, and tells which are lost', async () => {
  const mine = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: 1 });
  const foreign = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: 1 });
  const stale = { jobId: foreign.jobId, leaseToken: randomUUID() };
  heartbeat.add(mine);
  heartbeat.add(stale);
  await heartbeat.join('pool-one');
  await vi.waitFor(() => expect(lost).toEqual([expect.objectContaining(stale)]), { timeout: 10_000 });
  // A beat may come late; without any, no lease lasts so long.
  const kept = async () =>
    (
      await database().pool.query(
        'select id from analysis_jobs where lease_expires_at > now() + make_interval(secs => 5)',
      )
    ).rows;
  await expect.poll(kept).toEqual([{ id: mine.jobId }]);
});

it('goes on beating while the main thread is blocked for some seconds', async () => {
  await heartbeat.join('pool-one');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
  // Else the last one came before they began.
  expect((await silence())?.ms).toBeLessThan(5_000);
});

it('says when its beats do not come through, until they do again', async () => {
  await heartbeat.join('pool-one');
  expect(heartbeat.isFailing()).toBe(false);
  await silence(); // by a connection that is there while no other can be made
  const name = new URL(database().url).pathname.slice(1);
  const server = new pg.Client({ connectionString: inject('serverUrl') });
  await server.connect();
  try {
    await server.query(`alter database ${name} allow_connections false`);
    await cutConnections(database().pool, 'assay-heartbeat');
    await vi.waitFor(() => expect(heartbeat.isFailing()).toBe(true), 20_000);
  } finally {
    await server.query(`alter database ${name} allow_connections true`);
    await server.end();
  }
  await vi.waitFor(() => expect(heartbeat.isFailing()).toBe(false), 20_000);
  expect([log.messages()[0], log.messages().at(-1)]).toEqual(['a heartbeat failed', 'heartbeats come through again']);
});

it('connects again when its connection is cut', async () => {
  await heartbeat.join('pool-one');
  await cutConnections(database().pool, 'assay-heartbeat');
  await beatAfter(await databaseNow());
});

it('is replaced when its thread dies, with all that it knew', async () => {
  const { jobId, leaseToken } = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: 60 });
  heartbeat.add({ jobId, leaseToken });
  await heartbeat.join('pool-one');
  await thread.terminate();
  await database().pool.query("update analysis_jobs set heartbeat_at = now() - interval '1 hour' where id = $1", [
    jobId,
  ]);
  await beatAfter(await databaseNow());
  const { rows } = await database().pool.query(
    "select from analysis_jobs where id = $1 and heartbeat_at > now() - interval '1 minute'",
    [jobId],
  );
  expect(rows).toHaveLength(1);
});

describe('a lease that was ended from outside', () => {
  const running = async (): Promise<Lease> => {
    const { jobId, leaseToken } = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: 60 });
    return { jobId, leaseToken };
  };
  /** Only the word tells of it: the rows are as before, so that no beat finds anything. */
  const tell = ({ leaseToken }: Lease) => database().pool.query("select pg_notify('assay_stop', $1)", [leaseToken]);

  it('is lost as soon as the word comes, and the others are not', async () => {
    const [ended, other] = [await running(), await running()];
    heartbeat.add(ended);
    heartbeat.add(other);
    await heartbeat.join('pool-one');
    await tell(ended);
    await vi.waitFor(() => expect(lost).toEqual([ended]), { timeout: 10_000 });
  });

  it('is lost also where the word came before the attempt was known', async () => {
    const [early, marker] = [await running(), await running()];
    heartbeat.add(marker);
    await heartbeat.join('pool-one');
    await tell(early);
    await tell(marker);
    await vi.waitFor(() => expect(lost).toEqual([marker]), { timeout: 10_000 });
    heartbeat.add(early);
    await vi.waitFor(() => expect(lost).toEqual([marker, early]), { timeout: 10_000 });
  });

  it('is heard of again after the connection was cut', async () => {
    const ended = await running();
    heartbeat.add(ended);
    await heartbeat.join('pool-one');
    await cutConnections(database().pool, 'assay-heartbeat');
    await beatAfter(await databaseNow());
    await tell(ended);
    await vi.waitFor(() => expect(lost).toEqual([ended]), { timeout: 10_000 });
  });
});
