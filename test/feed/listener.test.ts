import { describe, expect, it, vi } from 'vitest';
import { startListener } from '../../src/feed/listener.ts';
import { cutConnections, useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { readableLog } from '../support/workers.ts';
import { openFeed, untilListening } from './feeds.ts';
import { addEvents, attempts, wake } from './histories.ts';
import { openLink } from './link.ts';
import { range, take } from './readers.ts';

/** Within this time a broken link must be found: the five seconds that it may take, and those that a busy machine does. */
const FOUND_MS = 15_000;

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});

async function makeFollowed(feed: Awaited<ReturnType<typeof openFeed>>['feed']) {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  const frames = (await feed.followJob(jobId, { owner: null, after: 1 }))!;
  return { jobId, seqs: async (count: number) => (await take(frames, count)).map(({ seq }) => seq) };
}

describe.concurrent('the listening connection', () => {
  it('is missed as soon as it is cut, and comes back by itself', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: database().url, listenUrl: link.url });
    const { jobId, seqs } = await makeFollowed(own.feed);
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      link.silence();
      link.cut();
      await untilListening(own.feed, false);
      await addEvents(database().pool, jobId, attempts(1));
      link.restore();
      expect(await seqs(2)).toEqual([2 * cuts, 2 * cuts + 1]);
      await untilListening(own.feed);
    }
  });

  it('is found dead when its link goes silent, and what happened meanwhile is made good', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: database().url, listenUrl: link.url });
    const { jobId, seqs } = await makeFollowed(own.feed);
    link.silence();
    await addEvents(database().pool, jobId, attempts(2));
    await wake(database().pool, jobId);
    await untilListening(own.feed, false, FOUND_MS);
    link.restore();
    expect(await seqs(4)).toEqual(range(2, 5));
    await untilListening(own.feed);
  });

  it('is found deaf when it stands but hears nothing', async () => {
    await using link = await openLink(database().url);
    await using own = await openFeed({ url: database().url, listenUrl: link.url });
    const { jobId, seqs } = await makeFollowed(own.feed);
    link.deafen();
    await addEvents(database().pool, jobId, attempts(2));
    await wake(database().pool, jobId);
    await untilListening(own.feed, false, FOUND_MS);
    link.deafen(false);
    expect(await seqs(4)).toEqual(range(2, 5));
    await untilListening(own.feed);
  });

  it('is told of when it breaks, and when it stands again', async ({ onTestFinished }) => {
    await using link = await openLink(database().url);
    const { log, messages } = readableLog();
    const listener = startListener({ url: link.url, log, onWakeUp: () => undefined, onConnect: () => undefined });
    onTestFinished(() => listener.stop());
    const untilItIs = (is: boolean) => vi.waitUntil(() => listener.isListening() === is, { timeout: FOUND_MS });
    await untilItIs(true);
    link.silence();
    link.cut();
    await untilItIs(false);
    link.restore();
    await untilItIs(true);
    expect([messages()[0], messages().at(-1)]).toEqual([
      'the listening connection broke',
      'the listening connection stands again',
    ]);
  });

  it('does not keep the feed from starting, following and stopping when it cannot be made', async () => {
    await using link = await openLink(database().url);
    link.silence();
    await using own = await openFeed({ url: database().url, listenUrl: link.url, isHeard: false, pollMs: 20 });
    const { jobId, seqs } = await makeFollowed(own.feed);
    await addEvents(database().pool, jobId, attempts(1));
    expect(await seqs(2)).toEqual([2, 3]);
    expect(own.feed.isListening()).toBe(false);
  });
});

it('lets the feed stop at once, also over a silent link', async (context) => {
  await using link = await openLink(database().url);
  const own = await openFeed({ url: database().url, listenUrl: link.url });
  link.silence();
  context.onTestFinished(() => void vi.useRealTimers());
  // An answer over this link would be waited for until its time is up, which it never is.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await own.feed.stop();
  vi.useRealTimers();
  await own.orm.close();
});

it('events that commit while the connection is killed again and again arrive once and in order', async () => {
  await using own = await openFeed({ url: database().url });
  const { jobId, seqs } = await makeFollowed(own.feed);
  const received = seqs(60);
  const cut = async () => (await cutConnections(database().pool, 'assay-listen')) > 0;
  let cutting: Promise<unknown> | undefined;
  for (let pair = 0; pair < 30; pair += 1) {
    if (pair % 6 === 0) cutting = vi.waitUntil(cut, { interval: 2, timeout: 30_000 });
    await addEvents(database().pool, jobId, attempts(1));
    await wake(database().pool, jobId);
    if (pair % 6 < 5) continue;
    // It is gone then, so that the next one that is cut is another.
    await cutting;
    await untilListening(own.feed);
  }
  expect(await received).toEqual(range(2, 61));
});
