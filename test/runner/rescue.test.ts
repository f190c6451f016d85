import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { createRescuer } from '../../src/runner/rescue.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { readableLog } from '../support/workers.ts';

const LEASE_MS = 500;
const database = useDatabase();
let lifecycle: Lifecycle;
let close: () => Promise<void>;
let jobId: string;
let clock = 0;

beforeAll(async () => {
  const orm = await createOrm({ url: database().url });
  close = () => orm.close();
  lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: 0 });
});
afterAll(() => close());
beforeEach(async () => {
  ({ jobId } = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: -60 }));
  clock = 0;
});

const statusOf = async (id: string) => {
  const { rows } = await database().pool.query('select status from analysis_jobs where id = $1', [id]);
  return rows[0].status;
};

function rescuer(probe: () => Promise<unknown> = async () => undefined, everyMs = LEASE_MS / 2) {
  const log = readableLog();
  return {
    log,
    ...createRescuer({ lifecycle, probe, leaseMs: LEASE_MS, everyMs, runLimitsMs: {}, log: log.log, now: () => clock }),
  };
}

it('judges only after one lease of connection of its own', async () => {
  const { look, log } = rescuer();
  await look();
  clock = LEASE_MS - 1;
  await look();
  expect(await statusOf(jobId)).toBe('PROCESSING');
  clock = LEASE_MS;
  await look();
  expect(await statusOf(jobId)).toBe('QUEUED');
  expect(log.lines).toMatchObject([{ msg: 'lost jobs rescued', released: [jobId] }]);
  await look();
  expect(log.lines).toHaveLength(1);
});

it('starts to wait anew when its connection failed', async () => {
  let broken = false;
  const { look } = rescuer(async () => {
    if (broken) throw new Error('no connection');
  });
  await look();
  broken = true;
  clock = LEASE_MS - 1;
  await look();
  broken = false;
  clock = LEASE_MS;
  await look();
  clock = 2 * LEASE_MS - 1;
  await look();
  expect(await statusOf(jobId)).toBe('PROCESSING');
  clock = 2 * LEASE_MS;
  await look();
  expect(await statusOf(jobId)).toBe('QUEUED');
});

it('starts to wait anew after a silence, as of a machine that slept', async () => {
  const { look } = rescuer();
  await look();
  clock = 3_600_000;
  await look();
  expect(await statusOf(jobId)).toBe('PROCESSING');
});

it('starts to wait anew when the database has not answered for most of a lease', async () => {
  let answersAfterMs = 0;
  const { look } = rescuer(async () => {
    clock += answersAfterMs;
  }, 100);
  await look();
  for (clock = 100; clock < LEASE_MS; clock += 100) await look();
  answersAfterMs = 0.8 * LEASE_MS;
  await look();
  expect(clock).toBeGreaterThan(LEASE_MS);
  expect(await statusOf(jobId)).toBe('PROCESSING');
});

it('judges also where its looks are further apart than a lease', async () => {
  const { look } = rescuer(undefined, 3 * LEASE_MS);
  await look();
  clock = 3 * LEASE_MS;
  await look();
  expect(await statusOf(jobId)).toBe('QUEUED');
});

it('never looks twice at once', async () => {
  let looks = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const { look } = rescuer(() => {
    looks += 1;
    return promise;
  });
  const both = Promise.all([look(), look()]);
  resolve();
  await both;
  expect(looks).toBe(1);
});
