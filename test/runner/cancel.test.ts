import { beforeAll, describe, expect, it } from 'vitest';
import type { ProbeBehaviour } from '../../src/kinds/probe/index.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { burntIn } from '../support/processor-time.ts';
import { FREE_WITHIN_MS, HEALED, letGo, OWN_KINDS, scratchFile, untilHandled, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

/** So long that nothing is found by a beat in the time of a test. */
const SELDOM = { ASSAY_HEARTBEAT_MS: '20000', ASSAY_LEASE_MS: '60000' };
const SOON = { timeout: 30_000 };
const probes = { kindsModule: OWN_KINDS };

const submitProbe = (behaviour: ProbeBehaviour) =>
  workers.submit({ behaviour, milliseconds: behaviour === 'PROGRESS' ? 50 : 60_000, times: 1_000, bytes: 0 });

const expectEmptyQueue = () =>
  expect
    .poll(async () => (await database().pool.query('select from graphile_worker._private_jobs')).rowCount, SOON)
    .toBe(0);

/** A thread that spins takes all it can get; one that starts in place of it takes some, but not for long. */
const expectBusy = () => expect.poll(() => burntIn(400), SOON).toBeGreaterThan(100);
const expectQuiet = () => expect.poll(() => burntIn(400), SOON).toBeLessThan(100);

const completesNext = async (input: object) => {
  await workers.reach(await workers.submit({ ...input }), 'COMPLETED');
};
const echo = { behaviour: 'ECHO', milliseconds: 0, times: 1, bytes: 0 };

describe('a running job that is cancelled', () => {
  it.each(['SPIN', 'HANG', 'SLEEP', 'PROGRESS'] as const)(
    'is CANCELLED at once and its thread gone within a second, without a beat: %s',
    async (behaviour) => {
      await workers.start({ ...SELDOM, ASSAY_WORKER_CONCURRENCY: '1' }, probes);
      const jobId = await submitProbe(behaviour);
      await workers.reach(jobId, 'PROCESSING');
      if (behaviour === 'SPIN') await expectBusy();

      const outcome = await workers.cancel(jobId);
      expect(outcome).toMatchObject({ outcome: 'CANCELLED', job: { status: 'CANCELLED', workerFreeAt: null } });
      expect(await workers.state(jobId)).toMatchObject({
        ...{ status: 'CANCELLED', failureCode: 'CANCELLED', failureMessage: 'Cancelled by user' },
        ...{ attempt: 1, progress: { percent: 0 }, testResult: null, balance: 10 },
      });

      expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
      await expectQuiet();
      expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'CANCELLED']);
      await expectEmptyQueue();
      await completesNext(echo);
    },
  );

  it('is stopped although its worker has only just begun it', async () => {
    await workers.start({ ...SELDOM, ASSAY_WORKER_CONCURRENCY: '1' }, probes);
    for (let time = 0; time < 10; time += 1) {
      const jobId = await submitProbe('SPIN');
      await workers.reach(jobId, 'PROCESSING');
      await workers.cancel(jobId);
      expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    }
  });

  it('can be tried again at once, and its old thread writes nothing into the new round', async () => {
    const { log } = await workers.start();
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    await workers.cancel(jobId);
    await workers.lifecycle().retry({ jobId, scope: 'any owner', priceOf: () => 3, tierPriority: 0 });
    await untilHandled(file, 2);
    letGo(file, 1);
    await expect.poll(log.messages, SOON).toContain('attempt lost');
    letGo(file);
    expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 1, testResult: { run: 2 }, balance: 7 });
    expect(await workers.events(jobId)).toEqual([
      ...['QUEUED', 'STARTED', 'CANCELLED', 'RETRIED', 'STARTED', 'COMPLETED'],
    ]);
    await expectEmptyQueue();
  });

  it('leaves nothing when it is deleted by force, and its worker lives on', async () => {
    await workers.start({ ASSAY_WORKER_CONCURRENCY: '1' }, probes);
    const jobId = await submitProbe('SPIN');
    await workers.reach(jobId, 'PROCESSING');
    await expectBusy();
    const outcome = await workers.lifecycle().forceDelete(jobId, 'any owner');
    expect(outcome).toMatchObject({ outcome: 'DELETED', changed: true });
    expect(await workers.events(jobId)).toEqual(['DELETED']);
    const { rows } = await database().pool.query(
      `select (select count(*)::int from analysis_jobs where id = $1) as jobs,
         (select count(*)::int from analysis_results where job_id = $1) as results,
         (select sum(amount)::int from ledger_entries where job_id = $1) as paid`,
      [jobId],
    );
    expect(rows[0]).toEqual({ jobs: 0, results: 0, paid: 0 });
    await completesNext(echo);
    await expectQuiet();
    await expectEmptyQueue();
  });
});

describe('where the notification is lost', () => {
  let muted: Lifecycle;
  beforeAll(async () => {
    const name = new URL(database().url).pathname.slice(1);
    // Sessions that begin from here on find a function that tells nobody in front of PostgreSQL's own.
    await database().pool.query(`
      create schema muted;
      create function muted.pg_notify(text, text) returns void language sql return null;
      alter database ${name} set search_path = muted, pg_catalog, public`);
    const orm = await createOrm({ url: database().url, name: 'assay-test-muted' });
    await database().pool.query(`alter database ${name} reset search_path`);
    muted = createLifecycle({ orm, wake: () => undefined, startingTokens: 10 });
    return () => orm.close();
  });
  const cancelUnheard = (jobId: string) => muted.cancel({ jobId, scope: 'any owner', message: 'Cancelled by user' });

  it.each(['SPIN', 'HANG', 'SLEEP'] as const)(
    'the next beat finds the job cancelled, and the thread is gone within a second of it: %s',
    async (behaviour) => {
      const heartbeatMs = 1_500;
      await workers.start({ ASSAY_HEARTBEAT_MS: `${heartbeatMs}`, ASSAY_LEASE_MS: '60000' }, probes);
      const jobId = await submitProbe(behaviour);
      await workers.reach(jobId, 'PROCESSING');
      expect(await cancelUnheard(jobId)).toMatchObject({ outcome: 'CANCELLED', changed: true });
      expect(await workers.free(jobId)).toBeLessThan(heartbeatMs + FREE_WITHIN_MS);
      await expectQuiet();
      await expectEmptyQueue();
    },
  );

  it('the next report is refused and does the same', async () => {
    await workers.start(SELDOM, probes);
    const jobId = await submitProbe('PROGRESS');
    await expect.poll(async () => (await workers.state(jobId)).progress.percent, SOON).toBeGreaterThan(0);
    await cancelUnheard(jobId);
    expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    await expectEmptyQueue();
  });

  it('what the handler answers is refused and does the same', async () => {
    await workers.start(SELDOM);
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    await cancelUnheard(jobId);
    letGo(file);
    expect(await workers.free(jobId)).toBeLessThan(FREE_WITHIN_MS);
    expect(await workers.state(jobId)).toMatchObject({ status: 'CANCELLED', testResult: null, balance: 10 });
    await expectEmptyQueue();
  });

  it('the old round writes nothing into the new one that already runs', async () => {
    const { log } = await workers.start(SELDOM);
    const file = scratchFile();
    const jobId = await workers.submit({ does: 'HELD', file });
    await untilHandled(file);
    await cancelUnheard(jobId);
    await muted.retry({ jobId, scope: 'any owner', priceOf: () => 2, tierPriority: 0 });
    await untilHandled(file, 2);
    letGo(file, 1);
    await expect.poll(log.messages, SOON).toContain('attempt lost');
    letGo(file);
    await expect.poll(() => workers.events(jobId), SOON).toContain('COMPLETED');
    expect(await workers.state(jobId)).toMatchObject({ status: 'COMPLETED', testResult: { run: 2 }, balance: 8 });
    expect(await workers.events(jobId)).toEqual([
      ...['QUEUED', 'STARTED', 'CANCELLED', 'RETRIED', 'STARTED', 'COMPLETED'],
    ]);
  });
});

it('a job that waits for its next attempt is cancelled for good', async () => {
  await workers.start({}, { backoff: { firstMs: 60_000, capMs: 60_000 } });
  const jobId = await workers.submit({ does: 'UPSTREAM' });
  await expect.poll(() => workers.events(jobId), SOON).toContain('RELEASED');
  expect(await workers.cancel(jobId)).toMatchObject({ outcome: 'CANCELLED' });
  expect(await workers.free(jobId)).toBe(0);
  expect(await workers.state(jobId)).toMatchObject({ status: 'CANCELLED', attempt: 1, balance: 10 });
  expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'RELEASED', 'CANCELLED']);
  await expectEmptyQueue();
});
