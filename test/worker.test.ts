import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, inject, it, vi } from 'vitest';
import { examine } from '../src/lifecycle/doctor.ts';
import { cutConnections, useDatabase } from './support/database.ts';
import { makeJob } from './support/factory.ts';
import { startProcess } from './support/process.ts';
import { FAST, HEALED, LEASE_MS, letGo, scratchFile, testConfig, untilHandled, useWorkers } from './support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

const onlyRow = async (sql: string, values: unknown[] = []) => (await database().pool.query(sql, values)).rows[0];

/** The tasks of jobs; the clock puts others into the queue, once a minute. */
const readTasks = async () =>
  (
    await database().pool.query(
      "select attempts, locked_at from graphile_worker.jobs where task_identifier = 'run_job'",
    )
  ).rows;

function spawnWorker(env: Record<string, string> = {}) {
  const script = new URL('./support/worker-process.ts', import.meta.url).pathname;
  return startProcess(process.execPath, [script], { env: { ...env, DATABASE_URL: database().url } });
}

describe('stopping a worker', () => {
  it('gives a running job back without costing it an attempt, and the next worker completes it', async () => {
    const first = await workers.start();
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HANG_ONCE', file }, 1);
    await untilHandled(file);
    const startedAt = performance.now();
    await first.stop();
    // It waits neither for the handler, which never ends, nor for the 15 seconds after which a queue gives up.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await workers.state(jobId)).toMatchObject({ status: 'QUEUED', attempt: 0 });
    expect(await readTasks()).toEqual([{ attempts: 0, locked_at: null }]);
    await workers.start();
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 1, testResult: { runs: 2 } });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
  });

  it('lets a job that is nearly done finish', async () => {
    const worker = await workers.start({}, { graceMs: 45_000 });
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    const startedAt = performance.now();
    const stopped = worker.stop();
    // Longer than a handler has that is told to stop.
    await delay(1_000);
    letGo(file);
    await stopped;
    // It does not take all the time that it has for that.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(await workers.state(jobId)).toMatchObject({ status: 'COMPLETED' });
  });

  it('takes it out of the books and can be asked for twice', async () => {
    const worker = await workers.start();
    await vi.waitFor(
      async () => expect(await onlyRow('select host from workers where id = $1', [worker.workerId])).toBeDefined(),
      { timeout: 10_000 },
    );
    await Promise.all([worker.stop(), worker.stop()]);
    expect(await onlyRow('select host from workers where id = $1', [worker.workerId])).toBeUndefined();
    expect(worker.log.messages().filter((message) => message === 'worker stopped')).toHaveLength(1);
  });
});

it('leaves nothing for a doctor to find, in the middle of work that comes, goes and is cancelled', async () => {
  await workers.start();
  await workers.start();
  let isOver = false;
  const working = (async () => {
    while (!isOver) {
      const kept = await workers.submit({ does: 'SLEEP', milliseconds: 30 });
      const cancelled = await workers.submit({ does: 'SLEEP', milliseconds: 60_000 });
      await workers.reach(cancelled, 'PROCESSING');
      await workers.cancel(cancelled);
      await workers.reach(kept, 'COMPLETED');
    }
  })();
  const { leaseMs } = testConfig(database().url).worker;
  const client = await database().pool.connect();
  try {
    // What has to settle may take two leases: the machine that runs this may be busy.
    for (let looks = 0; looks < 3; looks += 1) {
      expect(await examine(client, { leaseMs, graceMs: 2 * leaseMs })).toEqual([]);
    }
  } finally {
    client.release();
    isOver = true;
    await working;
  }
  const { rows } = await database().pool.query('select status from audit_v1.jobs group by 1 order by 1');
  expect(rows).toEqual([{ status: 'CANCELLED' }, { status: 'COMPLETED' }]);
});

it('runs no more jobs at once than it may', async () => {
  await workers.start();
  const file = scratchFile();
  const jobIds = await Promise.all([1, 2, 3, 4].map(() => workers.submit({ does: 'HELD', file })));
  await untilHandled(file, 2);
  // Time in which a third one could begin.
  await delay(500);
  letGo(file);
  for (const jobId of jobIds) await workers.reach(jobId, 'COMPLETED');
  const { most } = await onlyRow(
    `select max(running)::int as most from (
       select sum(case type when 'STARTED' then 1 when 'COMPLETED' then -1 else 0 end) over (order by id) as running
       from job_events where job_id = any($1)
     ) counted`,
    [jobIds],
  );
  expect(most).toBe(2);
});

it('writes progress at most once per interval, and the last value', async () => {
  await workers.start();
  await database().pool.query(`
    create table progress_writes (job_id uuid, percent numeric, at timestamptz default clock_timestamp());
    create function note_progress() returns trigger language plpgsql as $$ begin
      insert into progress_writes values (new.id, (new.progress ->> 'percent')::numeric); return null;
    end $$;
    create trigger note_progress after update on analysis_jobs for each row
      when (new.status = 'PROCESSING' and new.progress is distinct from old.progress) execute function note_progress()`);
  const file = scratchFile();
  const jobId = await workers.submit({ does: 'REPORT', times: 50, milliseconds: 10, file });
  await expect.poll(async () => (await workers.state(jobId)).progress.percent, { timeout: 20_000 }).toBe(90);
  letGo(file);
  await workers.reach(jobId, 'COMPLETED');
  const { rows } = await database().pool.query('select percent::int from progress_writes where job_id = $1', [jobId]);
  await database().pool.query('drop trigger note_progress on analysis_jobs');
  const percents = rows.map(({ percent }) => percent);
  expect(percents.at(-1)).toBe(90);
  expect(percents.length).toBeGreaterThan(1);
  // 50 reports in about 0.6 seconds, or as long as a busy machine takes for them, at 0.1 seconds a write; one that it holds up
  // has the next one just behind it.
  const { seconds } = await onlyRow(
    'select extract(epoch from max(at) - min(at))::float8 as seconds from progress_writes where job_id = $1',
    [jobId],
  );
  expect(percents.length).toBeLessThanOrEqual(seconds / 0.1 + 10);
});

describe('when the database fails', () => {
  it('goes on after its connections were cut, and runs each job once', async () => {
    const { log } = await workers.start();
    const file = scratchFile();
    const running = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    // Earlier, the answer to the start could go with its connection, and a start in doubt is taken back; later, that to the end.
    await cutConnections(database().pool, 'assay-queue', 'assay-worker', 'assay-heartbeat');
    const next = await workers.submit({ does: 'ECHO' });
    await workers.reach(next, 'COMPLETED');
    letGo(file);
    expect(await workers.reach(running, 'COMPLETED')).toMatchObject({ attempt: 1 });
    expect(await workers.events(running)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
    expect(log.messages()).not.toContain('attempt lost');
  });

  it('finds the task that a fetch locked whose answer was lost with the connection', async () => {
    const { workerId } = await workers.start({ ASSAY_WORKER_CONCURRENCY: '1' });
    const file = scratchFile();
    const busy = await workers.submit({ does: 'HELD', file });
    await workers.reach(busy, 'PROCESSING');
    const jobId = await workers.submit({ does: 'ECHO' });
    // What is left of such a fetch: a lock of a living pool, on a task that its runner never heard of.
    await database().pool.query(
      `update graphile_worker._private_jobs set attempts = 1, locked_at = now(),
         locked_by = (select pool_id from workers where id = $2)
       where key = 'job:' || $1::text`,
      [jobId, workerId],
    );
    await cutConnections(database().pool, 'assay-queue');
    letGo(file);
    await workers.reach(jobId, 'COMPLETED', 30_000);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  });

  it('costs no job an attempt when it is away for longer than a lease', async () => {
    await workers.start();
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'SLEEP', milliseconds: 1_000, file }, 1);
    await untilHandled(file);
    const name = new URL(database().url).pathname.slice(1);
    const server = new pg.Client({ connectionString: inject('serverUrl') });
    await server.connect();
    try {
      await server.query(`alter database ${name} allow_connections false`);
      await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      await delay(LEASE_MS + 1_500);
    } finally {
      await server.query(`alter database ${name} allow_connections true`);
      await server.end();
    }
    await workers.reach(jobId, 'COMPLETED');
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
    const next = await workers.submit({ does: 'ECHO' });
    await workers.reach(next, 'COMPLETED');
  });
});

describe('a worker looks after jobs of others', () => {
  it('and fails one that runs over its limit, although it still beats', async () => {
    const { jobId } = await makeJob(database().pool, {
      ...{ status: 'PROCESSING', kind: 'PROBE', createdAt: 3_600, leaseExpiresIn: 600 },
    });
    await workers.start();
    expect(await workers.reach(jobId, 'FAILED')).toMatchObject({ failureCode: 'STUCK' });
    expect((await workers.events(jobId)).at(-1)).toBe('STUCK');
  });

  it('but takes none for lost while its own heartbeat does not come through', async () => {
    const url = new URL(database().url);
    const role = url.pathname.slice(1);
    await database().pool.query(`create role ${role} superuser login password 'direct'`);
    [url.username, url.password] = [role, 'direct'];
    const worker = await workers.start({ DATABASE_DIRECT_URL: url.href, ASSAY_LEASE_MS: '1000' });
    const makeLost = () => makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: -60 });
    const { jobId: before } = await makeLost();
    await expect.poll(() => workers.events(before), { timeout: 20_000 }).toContain('RELEASED');
    await database().pool.query(`alter role ${role} nologin`);
    await database().pool.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
    await expect.poll(worker.log.messages, { timeout: 20_000 }).toContain('looking for lost jobs failed');
    const { jobId } = await makeLost();
    await delay(3_000);
    expect(await workers.state(jobId)).toMatchObject({ status: 'PROCESSING' });
    await database().pool.query(`alter role ${role} login`);
    await expect.poll(() => workers.events(jobId), { timeout: 20_000 }).toContain('RELEASED');
    await worker.stop();
    await database().pool.query(`drop role ${role}`);
  });
});

describe('a worker that is killed', () => {
  it.each([
    ['with the short lease of the tests', FAST, 30_000],
    ['with the lease it has by default', {}, 45_000],
  ])('leaves its job to another, which completes it once: %s', { timeout: 90_000 }, async (_lease, env, limitMs) => {
    await using killed = spawnWorker(env);
    await killed.waitForOutput(/worker started/);
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HANG_ONCE', file });
    await untilHandled(file);
    await using other = spawnWorker(env);
    await other.waitForOutput(/worker started/);
    const startedAt = performance.now();
    killed.kill('SIGKILL');
    expect(await workers.reach(jobId, 'COMPLETED', limitMs)).toMatchObject({ attempt: 2, balance: 8 });
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    const { silent } = await onlyRow(
      `select rescued_after as silent from job_events where job_id = $1 and type = 'RELEASED'`,
      [jobId],
    );
    expect(silent).toBeGreaterThan('ASSAY_LEASE_MS' in env ? LEASE_MS / 1_000 : 10);
    expect(silent).toBeLessThan(limitMs / 1_000);
    other.kill('SIGTERM');
    expect(await other.waitForEnd()).toEqual({ code: 0, signal: null });
    expect(await readTasks()).toEqual([]);
  });

  it('does nothing when it was only frozen and wakes up after another has taken its job', {
    timeout: 60_000,
  }, async () => {
    await using frozen = spawnWorker(FAST);
    await frozen.waitForOutput(/worker started/);
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    frozen.kill('SIGSTOP');
    const other = await workers.start();
    await expect.poll(() => workers.events(jobId), { timeout: 30_000 }).toContain('RELEASED');
    await untilHandled(file, 2);
    letGo(file, 1);
    frozen.kill('SIGCONT');
    await frozen.waitForOutput(/attempt lost/);
    letGo(file);
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ testResult: { run: 2 } });
    expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'STARTED', 'COMPLETED']);
    await other.stop();
  });
});
