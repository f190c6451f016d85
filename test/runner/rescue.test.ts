import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { createRescuer } from '../../src/runner/rescue.ts';
import { clearRows } from '../lifecycle/rows.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { readableLog } from '../support/workers.ts';

// The server has been up for longer. Half of it may pass between the look and the rescue: else that one judges nobody.
const LEASE_MS = 2_000;
const database = useDatabase();
let lifecycle: Lifecycle;
let close: () => Promise<void>;
let jobId: string;

beforeAll(async () => {
  const orm = await createOrm({ url: database().url });
  close = () => orm.close();
  lifecycle = createLifecycle({ orm, wake: () => undefined, startingTokens: 0 });
});
afterAll(() => close());
beforeEach(async () => {
  await clearRows(database().pool);
  ({ jobId } = await makeJob(database().pool, { status: 'PROCESSING', leaseExpiresIn: -60 }));
});

const readStatus = async () => {
  const { rows } = await database().pool.query('select status from analysis_jobs where id = $1', [jobId]);
  return rows[0].status;
};

function rescuer(look: () => Promise<string | null>) {
  const log = readableLog();
  return { log, ...createRescuer({ lifecycle, watch: { look }, leaseMs: LEASE_MS, runLimitsMs: {}, log: log.log }) };
}

it('leaves the jobs of others alone while its process may not judge', async () => {
  const { look, log } = rescuer(async () => null);
  await look();
  expect(await readStatus()).toBe('PROCESSING');
  expect(log.lines).toEqual([]);
});

it('takes them up once it may, and tells of it once', async () => {
  const { look, log } = rescuer(() => lifecycle.readTime());
  // A machine that is too slow at first tells of a job that is lost, and not of a rescue.
  await expect
    .poll(async () => {
      await look();
      return await readStatus();
    })
    .toBe('QUEUED');
  const { length } = log.lines;
  expect(log.lines.filter(({ released }) => released)).toMatchObject([{ msg: 'lost jobs rescued', released: [jobId] }]);
  await look();
  expect(log.lines).toHaveLength(length);
});

it('tells of a failure once, until it has worked again', async () => {
  let broken = false;
  const { look, log } = rescuer(async () => {
    if (broken) throw new Error('no connection');
    return null;
  });
  await look();
  for (broken of [true, true, false, true]) await look();
  expect(log.lines.map(({ msg }) => msg)).toEqual(['looking for lost jobs failed', 'looking for lost jobs failed']);
});

it('never looks twice at once', async () => {
  let looks = 0;
  const { promise, resolve } = Promise.withResolvers<null>();
  const { look } = rescuer(() => {
    looks += 1;
    return promise;
  });
  const both = Promise.all([look(), look()]);
  resolve(null);
  await both;
  expect(looks).toBe(1);
});
