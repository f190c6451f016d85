import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createInstallationFigures } from '../../src/gate/installation-figures.ts';
import { readFigures } from '../../src/lifecycle/health.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createOrm } from '../../src/orm.ts';
import { holdLock } from '../lifecycle/rows.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeJob, makeWorker } from '../support/factory.ts';
import { samplesOf } from '../support/samples.ts';

const database = useDatabase();
const log = createLog({ level: 'silent' });
const LEASE_MS = 10_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** The figures of an installation, read as often as `read` was called. */
function figures(read: () => ReturnType<typeof readFigures>) {
  const metrics = createMetrics();
  metrics.onPrint(createInstallationFigures({ read, metrics, log }));
  return async () => samplesOf(await metrics.print());
}

it('are what the database holds', async () => {
  const orm = await createOrm({ url: database().url });
  try {
    await makeWorker(database().pool, { heartbeatAt: 1 });
    await makeWorker(database().pool, { heartbeatAt: 3_600 });
    await makeJob(database().pool, { status: 'QUEUED', createdAt: 60 });
    const { jobId } = await makeJob(database().pool, { status: 'PROCESSING' });
    const lock = await holdLock(database().pool, 'select from analysis_jobs where id = $1', [jobId]);
    const waiting = database().pool.query('select from analysis_jobs where id = $1 for update', [jobId]);
    await waitUntilBlocked(database().pool);
    const print = figures(() => readFigures(orm.em.fork(), LEASE_MS));
    // A print waits for them no longer than three seconds, which a busy machine may take.
    const found = await vi.waitFor(
      async () => {
        const samples = await print();
        expect(samples.get('assay_installation_readable')).toBe(1);
        return samples;
      },
      { timeout: 30_000 },
    );
    await lock[Symbol.asyncDispose]();
    await waiting;
    expect(found.get('assay_queue_depth')).toBe(1);
    expect(found.get('assay_processing')).toBe(1);
    // One of them is the running job's.
    expect(found.get('assay_workers_alive')).toBe(2);
    expect(found.get('assay_stuck_not_fixed')).toBe(0);
    expect(found.get('assay_lock_waits')).toBe(1);
    expect(found.get('assay_oldest_queued_seconds')).toBeGreaterThan(0);
    expect(found.get('assay_notify_queue_usage')).toBeLessThan(1);
  } finally {
    await orm.close();
  }
});

const some = { queueDepth: 7, oldestQueuedSeconds: 0, processing: 0, workersAlive: 1, stuckNotFixed: 0 };
const all = { ...some, notifyQueueUsage: 0, lockWaits: 0 };

it('are read once for all who ask within five seconds', async () => {
  const read = vi.fn(async () => all);
  const print = figures(read);
  await Promise.all(Array.from({ length: 20 }, print));
  expect(read).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(4_900);
  expect((await print()).get('assay_queue_depth')).toBe(7);
  expect(read).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(200);
  await print();
  expect(read).toHaveBeenCalledTimes(2);
});

it('are not there while they cannot be read, which is not asked more often either', async () => {
  const read = vi.fn(async () => all);
  const print = figures(read);
  await print();
  vi.advanceTimersByTime(5_100);
  read.mockRejectedValue(new Error('away'));
  const away = await print();
  expect([...away.keys()]).not.toContain('assay_queue_depth');
  expect([...away.keys()]).not.toContain('assay_workers_alive');
  expect(away.get('assay_installation_readable')).toBe(0);
  await print();
  expect(read).toHaveBeenCalledTimes(2);
});

it('do not hold up what the process counts itself', async () => {
  const hanging = new Promise<never>(() => undefined);
  const read = vi.fn(() => hanging);
  const print = figures(read);
  const found = await Promise.all([print(), print()]);
  expect(found.map((samples) => samples.get('assay_installation_readable'))).toEqual([0, 0]);
  expect(found[0]?.get('assay_refunds_total')).toBe(0);
  expect(read).toHaveBeenCalledTimes(1);
});
