import { randomUUID } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { startLoad } from '../../drills/load.ts';
import { misses, startWatcher } from '../../drills/watchers.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { useDatabase } from '../support/database.ts';
import { createInstallation } from '../support/installation.ts';
import { HEALED } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });

it('who knows two API processes meets no failure while one stops, and his socket goes on at the other', {
  timeout: 90_000,
}, async () => {
  const secret = randomUUID();
  const settings = { ASSAY_PROBES: 'on', ASSAY_STARTING_TOKENS: '10000', JWT_SECRET: secret };
  await using installation = await createInstallation(database().url, settings);
  const [stopped, left] = await Promise.all([installation.startApi(), installation.startApi()]);
  await installation.startWorker();
  const urls = [stopped.url, left.url];
  const ids = Array.from({ length: 4 }, () => randomUUID());
  const users = await Promise.all(
    ids.map(async (id) => ({ id, token: await signUserToken({ secret, sub: id, ttlSeconds: 600 }) })),
  );
  const watchers = users.map((user, index) => startWatcher(urls, user, index));
  await expect.poll(() => watchers.every(({ hasBegun }) => hasBegun)).toBe(true);

  const work = () => ({ behaviour: 'ECHO' });
  const load = startLoad({ urls, users, lanes: 4, pauseMs: 20, work });
  await expect.poll(() => load.jobIds.length).toBeGreaterThan(10);
  stopped.process.kill('SIGTERM');
  expect(await stopped.process.waitForEnd(30_000)).toEqual({ code: 0, signal: null });
  const { length } = load.jobIds;
  await expect.poll(() => load.jobIds.length).toBeGreaterThan(length + 10);
  await load.stop();

  expect(load.sent.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(load.refused).toBeGreaterThan(0);
  // Of those that were connected to the process that stopped; whom it refuses later counts as 1006.
  expect(watchers.filter(({ closes }) => closes[0] === 1001)).toHaveLength(2);
  const query = async <Row extends object>(text: string) => (await database().pool.query<Row>(text)).rows;
  const isDone = async () =>
    (await query(`select from audit_v1.jobs where status in ('QUEUED', 'PROCESSING')`)).length === 0;
  await vi.waitFor(async () => expect(await isDone()).toBe(true), { timeout: 15_000 });
  await vi.waitFor(async () => expect(await misses({ query }, watchers)).toEqual([]), { timeout: 15_000 });
  for (const watcher of watchers) watcher.close();
});
