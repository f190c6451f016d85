import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Queue, type QueueOptions, startQueue } from '../../src/tasks/queue.ts';
import { cutConnections, useDatabase } from '../support/database.ts';
import { readableLog } from '../support/workers.ts';

const database = useDatabase();
let queue: Queue | undefined;
let pools: string[];
let done: string[];
let log: ReturnType<typeof readableLog>;
/** Lets the tasks end that wait. */
let letGo: () => void;
let isLetGo: Promise<void>;

beforeEach(() => {
  pools = [];
  done = [];
  log = readableLog();
  ({ promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>());
});
afterEach(async () => {
  letGo();
  await queue?.stop();
  queue = undefined;
  await database().pool.query('delete from graphile_worker._private_jobs');
});

async function start(options: Partial<QueueOptions> = {}): Promise<void> {
  queue = await startQueue({
    url: database().url,
    concurrency: 2,
    tasks: {
      note: (payload) => void done.push((payload as { name: string }).name),
      wait: async (payload) => {
        await isLetGo;
        done.push((payload as { name: string }).name);
      },
    },
    crontab: [],
    beforeFetch: async (poolId) => void (pools.includes(poolId) || pools.push(poolId)),
    pollMs: 200,
    log: log.log,
    ...options,
  });
}

const add = async (task: string, name: string) => {
  await database().pool.query('select graphile_worker.add_job($1, $2, max_attempts := 1)', [task, { name }]);
};

const rows = async () => (await database().pool.query('select from graphile_worker.jobs')).rowCount;

const cutQueue = async () => {
  expect(await cutConnections(database().pool, 'assay-queue')).toBeGreaterThan(0);
};

it('runs a task and leaves no row of it', async () => {
  await start();
  await add('note', 'first');
  await vi.waitFor(() => expect(done).toEqual(['first']), { timeout: 20_000 });
  await vi.waitFor(async () => expect(await rows()).toBe(0), { timeout: 20_000 });
});

it('takes no task before its pool is let through', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await start({ beforeFetch: () => promise });
  await add('note', 'first');
  await delay(500);
  expect(done).toEqual([]);
  resolve();
  await vi.waitFor(() => expect(done).toEqual(['first']), { timeout: 20_000 });
});

it('stops although its pool was never let through', async () => {
  await start({ beforeFetch: () => new Promise(() => undefined) });
  const startedAt = performance.now();
  await queue?.stop();
  // Else it gives up only after 15 seconds.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

it('lets running tasks end, with their rows, when it stops', async () => {
  await start();
  await add('wait', 'long');
  await vi.waitFor(
    async () => {
      const { rowCount } = await database().pool.query('select from graphile_worker.jobs where locked_at is not null');
      expect(rowCount).toBe(1);
    },
    { timeout: 20_000 },
  );
  await add('note', 'left');
  await vi.waitFor(() => expect(done).toEqual(['left']), { timeout: 20_000 });
  const stopped = queue?.stop();
  letGo();
  await stopped;
  expect(done).toEqual(['left', 'long']);
  expect(await rows()).toBe(0);
});

it('goes on under a new pool when its connections were cut, while running tasks end', async () => {
  await start();
  await vi.waitFor(() => expect(pools).toHaveLength(1), { timeout: 20_000 });
  await add('wait', 'long');
  await vi.waitFor(
    async () => {
      const { rowCount } = await database().pool.query('select from graphile_worker.jobs where locked_at is not null');
      expect(rowCount).toBe(1);
    },
    { timeout: 20_000 },
  );
  await cutQueue();
  await vi.waitFor(() => expect(pools.length).toBeGreaterThan(1), 20_000);
  await add('note', 'after');
  await vi.waitFor(() => expect(done).toEqual(['after']), 20_000);
  letGo();
  await vi.waitFor(() => expect(done).toEqual(['after', 'long']), 20_000);
});

it('survives that its listening connection breaks while it is being stopped', async () => {
  const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  const sent: string[] = [];
  // Whatever listens is held up on its way, as on a link that has fallen silent.
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const text = String(args[0]);
    sent.push(text);
    if (text.startsWith('LISTEN'))
      void Promise.resolve(Reflect.apply(query, this, ['select pg_sleep(60)'])).catch(() => 0);
    return Reflect.apply(query, this, args);
  } as never);
  const uncaught = vi.fn();
  process.on('unhandledRejection', uncaught);
  try {
    await start();
    await vi.waitFor(() => expect(sent).toContainEqual(expect.stringMatching(/^LISTEN/)), { timeout: 20_000 });
    const stopped = queue!.stop();
    await vi.waitFor(() => expect(sent).toContainEqual(expect.stringMatching(/^UNLISTEN/)), { timeout: 20_000 });
    await vi.waitFor(cutQueue, { timeout: 20_000 });
    await stopped;
    await delay(50); // an uncaught error is told of after the microtasks
    expect(uncaught).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', uncaught);
    spy.mockRestore();
  }
});
