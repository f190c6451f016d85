import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { CHANNEL, createWakeUpPublisher, type WakeUpPublisher } from '../../src/feed/publisher.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { silent } from './feeds.ts';
import { openLink } from './link.ts';

const database = useDatabase();
let orm: MikroORM;
let publisher: WakeUpPublisher;
let ear: pg.Client;
let heard: string[] = [];

beforeAll(async () => {
  orm = await createOrm({ url: database().url });
  ear = new pg.Client({ connectionString: database().url });
  await ear.connect();
  await ear.query(`listen ${CHANNEL}`);
  ear.on('notification', ({ payload }) => heard.push(payload!));
});
afterAll(async () => {
  await ear.end();
  await orm.close();
});
beforeEach(() => {
  heard = [];
  publisher = createWakeUpPublisher({ orm, log: silent });
});
afterEach(() => publisher.stop());

const ids = (count: number) => Array.from({ length: count }, () => randomUUID());
const publish = (jobIds: string[]) => publisher.publish(jobIds.map((jobId) => ({ jobId })));
const heardIds = () => heard.flatMap((payload) => payload.split(','));
const untilHeard = (count: number) => vi.waitUntil(() => heardIds().length >= count, { interval: 2, timeout: 10_000 });

it('sends what is published, soon and unasked', async () => {
  const [jobId] = ids(1) as [string];
  publish([jobId]);
  await untilHeard(1);
  expect(heard).toEqual([jobId]);
});

it('sends a thousand wake-ups of one job as one', async () => {
  const [jobId, other] = ids(2) as [string, string];
  for (let times = 0; times < 1_000; times += 1) publish([jobId]);
  await publisher.stop();
  publish([other]);
  await untilHeard(2);
  expect(heard).toEqual([jobId, other]);
});

it('sends at once what comes alone, and together what comes soon after it', async (context) => {
  context.onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [alone, ...after] = ids(3) as [string, string, string];
  publish([alone]);
  while (heard.length === 0) await ear.query('select 1');
  for (const jobId of after) {
    publish([jobId]);
    await ear.query('select 1');
  }
  vi.advanceTimersByTime(10);
  while (heard.length < 2) await ear.query('select 1');
  expect(heard).toEqual([alone, after.join()]);
});

it('sends a thousand jobs in few notifications, each of them once and small enough', async () => {
  const all = ids(1_000);
  for (const jobId of all) publish([jobId]);
  await untilHeard(1_000);
  expect(heard).toHaveLength(5);
  expect(heardIds().toSorted()).toEqual(all.toSorted());
  for (const payload of heard) expect(payload.length).toBeLessThan(8_000);
});

it('sends what is waiting before it stops', async () => {
  const all = ids(3);
  publish(all);
  await publisher.stop();
  await ear.query('select 1');
  expect(heardIds()).toEqual(all);
});

it('never throws: what is published while the database is away is lost, what comes later is sent', async () => {
  await using link = await openLink(database().url);
  const farOrm = await createOrm({ url: link.url });
  const warn = vi.fn();
  const far = createWakeUpPublisher({ orm: farOrm, log: Object.assign(Object.create(silent), { warn }) });
  link.silence();
  link.cut();
  const [lost, sent] = ids(2) as [string, string];
  expect(() => far.publish([{ jobId: lost }])).not.toThrow();
  await far.stop();
  expect(warn).toHaveBeenCalledOnce();
  link.restore();
  far.publish([{ jobId: sent }]);
  await far.stop();
  await untilHeard(1);
  expect(heard).toEqual([sent]);
  await farOrm.close();
});
