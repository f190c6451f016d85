import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Job } from '../../src/entities/job.ts';
import type { JobEvent } from '../../src/entities/job-event.ts';
import { Audience } from '../../src/feed/audience.ts';
import type { Reader } from '../../src/feed/cursor.ts';
import { FeedFollower } from '../../src/feed/feed-follower.ts';
import { type LogState, type Position, upTo } from '../../src/feed/position.ts';
import { takeFrames, told } from './feed-readers.ts';
import { isPending } from './readers.ts';

const LOG_ID = randomUUID();
const seen = { next: 10n, open: [] };
const log: LogState = { id: LOG_ID, pruned: { id: 0n, xact: 0n, seen: { next: 1n, open: [] } }, now: seen };
const head: Position = upTo(LOG_ID, seen);

/** Comes to the head, as after a stretch, and has taken the position that he is told there. */
async function join(audience: Audience, reader: Reader) {
  const onEnd = (one: FeedFollower) => audience.remove(one);
  const follower = new FeedFollower({ reader, after: null, bound: 10, onWant: () => undefined, onEnd });
  audience.add(follower);
  audience.expect();
  audience.arrive(head, log);
  expect(told(await takeFrames(follower.queue, 1))).toEqual(['START']);
  return follower;
}

const job = (userId: string, percent: number, id = 'job') =>
  ({ id, userId, status: 'PROCESSING', seq: 2, progress: { percent } }) as unknown as Job;

/** Hands the event on as the only one of a stretch. */
function hand(audience: Audience, fields: { userId: string; type: string; status: string; percent?: number }) {
  const { percent = 0, ...rest } = fields;
  const event = { id: '7', jobId: 'job', seq: 3, progress: { percent }, ...rest } as unknown as JobEvent;
  const stretch = { until: seen, end: 7n };
  audience.hand(head, {
    log,
    events: [{ event, position: head }],
    stretch,
    position: head,
    readAt: new Date(),
    running: [],
  });
}

it('looks after the jobs of those who follow, and after all jobs while a service does', async () => {
  const audience = new Audience();
  const user = await join(audience, 'one');
  await join(audience, 'other');
  expect(audience.owners).toEqual(['one', 'other']);
  const service = await join(audience, null);
  expect(audience.owners).toBeNull();
  service.queue.end();
  user.queue.end();
  expect(audience.owners).toEqual(['other']);
});

it('hands an event to its owner and to services, each with a cursor of his own, and to nobody else', async () => {
  const audience = new Audience();
  const [owner, twice, service, other] = await Promise.all(
    ['one', 'one', null, 'other'].map((reader) => join(audience, reader)),
  );
  hand(audience, { userId: 'one', type: 'STARTED', status: 'PROCESSING' });
  const [frame, same, ofService] = await Promise.all(
    [owner, twice, service].map(async (one) => (await takeFrames(one!.queue, 1))[0]),
  );
  expect(same).toBe(frame);
  expect(ofService).toMatchObject({ type: 'STARTED', seq: 3, userId: 'one' });
  expect((ofService as { cursor: string }).cursor).not.toBe((frame as { cursor: string }).cursor);
  expect(await isPending(other!.queue.next())).toBe(true);
});

it('shows a progress once, and that of an event not again', async () => {
  const audience = new Audience();
  const { queue } = await join(audience, 'one');
  audience.show([job('one', 0), job('one', 5)]);
  audience.show([job('one', 5)]);
  expect(await takeFrames(queue, 1)).toMatchObject([{ type: 'PROGRESSED', progress: { percent: 5 } }]);
  hand(audience, { userId: 'one', type: 'STARTED', status: 'PROCESSING', percent: 7 });
  audience.show([job('one', 7)]);
  expect(told(await takeFrames(queue, 1))).toEqual(['STARTED 3']);
  expect(await isPending(queue.next())).toBe(true);
});

it('forgets the progress of a job that runs no more, and all when nobody follows any more', async () => {
  const audience = new Audience();
  const first = await join(audience, 'one');
  audience.show([job('one', 5)]);
  expect(told(await takeFrames(first.queue, 1))).toEqual(['PROGRESSED 2']);
  hand(audience, { userId: 'one', type: 'RELEASED', status: 'QUEUED', percent: 5 });
  audience.show([job('one', 5)]);
  expect(told(await takeFrames(first.queue, 2))).toEqual(['RELEASED 3', 'PROGRESSED 2']);
  first.queue.end();
  expect(audience.isEmpty).toBe(true);
  const second = await join(audience, 'one');
  audience.show([job('one', 5)]);
  expect(told(await takeFrames(second.queue, 1))).toEqual(['PROGRESSED 2']);
});

it('has those begin anew who are at the head, and lets those who only arrive keep their own position', async () => {
  const audience = new Audience();
  const here = await join(audience, 'one');
  const onEnd = () => undefined;
  const coming = new FeedFollower({ reader: 'one', after: head, bound: 10, onWant: onEnd, onEnd });
  audience.add(coming);
  audience.beginAnew('RESTORED');
  audience.expect();
  audience.arrive(head, log);
  expect(told(await takeFrames(here.queue, 1))).toEqual(['RESTORED']);
  expect(coming.position).toEqual(head);
});
