import { expect, it, vi } from 'vitest';
import { type FeedOptions, startFeed } from '../../src/feed/feed.ts';
import { type ReadEvent, secondsBetween } from '../../src/feed/log.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { silent } from './feeds.ts';
import { addEvents, attempts } from './histories.ts';

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});

/** Hears nothing, or what the test tells it. */
function carrier() {
  let tell: (ids: string[]) => void = () => undefined;
  const subscribe: FeedOptions['wakeUps']['subscribe'] = ({ onWakeUp }) => {
    tell = onWakeUp;
    return { isListening: () => true, stop: async () => undefined };
  };
  return { wakeUps: { subscribe }, wake: (id: string) => tell([id]) };
}

async function open(options: Partial<FeedOptions> = {}) {
  const orm = await createOrm({ url: database().url });
  const { wakeUps, wake } = carrier();
  const [onEvent, onMissed] = [vi.fn<(read: ReadEvent) => void>(), vi.fn<(jobs: number) => void>()];
  const feed = startFeed({ orm, wakeUps, log: silent, pollMs: 600_000, onEvent, onMissed, ...options });
  const close = async () => {
    await feed.stop();
    await orm.close();
  };
  return { feed, wake, onEvent, onMissed, [Symbol.asyncDispose]: close };
}

it('is told for each event that is read for who follows one job or all, by the clock of the database', async () => {
  await using one = await open();
  const { jobId, userId } = await makeJob(database().pool, { status: 'QUEUED' });
  const ofJob = await one.feed.followJob(jobId, { owner: null, after: 1 });
  const ofUser = await one.feed.followJobs(userId, {});
  await ofUser?.next();
  expect(one.onEvent).not.toHaveBeenCalled();
  await addEvents(database().pool, jobId, attempts(1));
  one.wake(jobId);
  const { value: first } = (await ofJob?.next()) ?? {};
  await vi.waitFor(() => expect(one.onEvent).toHaveBeenCalledTimes(4), { timeout: 20_000 });
  const { rows } = await database().pool.query(
    'select extract(epoch from clock_timestamp() - min(at))::float8 as most from job_events where job_id = $1 and seq > 1',
    [jobId],
  );
  expect(first).toMatchObject({ seq: 2 });
  for (const [{ event, readAt }] of one.onEvent.mock.calls) {
    const lagSeconds = secondsBetween(event.at, readAt);
    expect(lagSeconds).toBeGreaterThanOrEqual(0);
    expect(lagSeconds).toBeLessThanOrEqual(rows[0].most + 0.001);
  }
});

it('is not told of a history that somebody reads up on', async () => {
  await using one = await open();
  const { jobId } = await makeJob(database().pool, { status: 'COMPLETED', createdAt: 3_600 });
  const events = await one.feed.followJob(jobId, { owner: null, after: 0 });
  for await (const _ of events ?? []) {
    // to its end
  }
  expect(one.onEvent).not.toHaveBeenCalled();
});

it('news that only the poll finds are told of', async () => {
  await using one = await open({ pollMs: 50 });
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  const events = await one.feed.followJob(jobId, { owner: null, after: 1 });
  await addEvents(database().pool, jobId, attempts(1));
  await events?.next();
  expect(one.onMissed).toHaveBeenCalledWith(1);
});
