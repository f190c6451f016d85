import { describe, expect, it, vi } from 'vitest';
import type { JobFrame } from '../../src/feed/frame.ts';
import { FrameQueue } from '../../src/feed/frame-queue.ts';
import { isPending, readToEnd, said } from './readers.ts';

const frame = (type: JobFrame['type'], seq: number, percent = 0) =>
  ({ type, seq, progress: { percent } }) as unknown as JobFrame;

function makeQueue() {
  const onEmpty = vi.fn();
  const onEnd = vi.fn();
  return { queue: new FrameQueue({ onEmpty, onEnd }), onEmpty, onEnd };
}

describe('a frame queue', () => {
  it('gives frames in the order in which they came, then says that it is over, again and again', async () => {
    const { queue } = makeQueue();
    queue.push(frame('QUEUED', 1));
    queue.push(frame('STARTED', 2));
    queue.end();
    expect(said(await readToEnd(queue))).toEqual(['QUEUED 1', 'STARTED 2']);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  it('hands a frame to the reader who waits for it', async () => {
    const { queue } = makeQueue();
    const next = queue.next();
    expect(await isPending(next)).toBe(true);
    queue.push(frame('QUEUED', 1));
    expect((await next).value).toMatchObject({ seq: 1 });
    expect(queue.size).toBe(0);
  });

  it('gives each of several waiting calls a frame of its own, in their order', async () => {
    const { queue } = makeQueue();
    const calls = [queue.next(), queue.next(), queue.next()];
    for (const seq of [1, 2]) queue.push(frame('STARTED', seq));
    queue.end();
    expect((await Promise.all(calls)).map(({ value }) => value?.seq)).toEqual([1, 2, undefined]);
  });

  it('keeps of progress the latest value only, and does not count it', async () => {
    const { queue } = makeQueue();
    queue.push(frame('STARTED', 2));
    for (const percent of [10, 20, 30]) queue.push(frame('PROGRESSED', 2, percent));
    expect(queue.size).toBe(1);
    queue.end();
    expect((await readToEnd(queue)).map(({ progress }) => progress.percent)).toEqual([0, 30]);
  });

  it('drops progress that an event has overtaken', async () => {
    const { queue } = makeQueue();
    queue.push(frame('PROGRESSED', 2, 90));
    queue.push(frame('COMPLETED', 3));
    queue.end();
    expect(said(await readToEnd(queue))).toEqual(['COMPLETED 3']);
  });

  it('forgets all that waits when it is cleared', async () => {
    const { queue } = makeQueue();
    queue.push(frame('STARTED', 2));
    queue.push(frame('PROGRESSED', 2, 10));
    queue.clear();
    queue.push(frame('RESYNC', 9));
    queue.end();
    expect(said(await readToEnd(queue))).toEqual(['RESYNC 9']);
  });

  it('takes nothing more once it has ended', async () => {
    const { queue } = makeQueue();
    queue.end();
    queue.push(frame('STARTED', 2));
    expect(queue.size).toBe(0);
    expect(await readToEnd(queue)).toEqual([]);
  });

  it('settles a waiting reader when he is returned, and drops what is left', async () => {
    const { queue, onEnd } = makeQueue();
    const next = queue.next();
    expect(await queue.return()).toEqual({ value: undefined, done: true });
    expect(await next).toEqual({ value: undefined, done: true });
    expect(onEnd).toHaveBeenCalledOnce();

    const { queue: unread } = makeQueue();
    unread.push(frame('QUEUED', 1));
    await unread.return();
    expect(await readToEnd(unread)).toEqual([]);
  });

  it('tells its end once, however often it ends', async () => {
    const { queue, onEnd } = makeQueue();
    queue.end();
    queue.end();
    await queue.return();
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('asks for more only when the reader finds it empty, and not once it has ended', async () => {
    const { queue, onEmpty } = makeQueue();
    queue.push(frame('QUEUED', 1));
    await queue.next();
    expect(onEmpty).not.toHaveBeenCalled();
    const next = queue.next();
    expect(onEmpty).toHaveBeenCalledOnce();
    queue.end();
    await next;
    await queue.next();
    expect(onEmpty).toHaveBeenCalledOnce();
  });

  it('can be read by for await, and leaving the loop ends it', async () => {
    const { queue, onEnd } = makeQueue();
    queue.push(frame('QUEUED', 1));
    queue.push(frame('STARTED', 2));
    for await (const { seq } of queue) if (seq === 1) break;
    expect(onEnd).toHaveBeenCalledOnce();
    expect(await readToEnd(queue)).toEqual([]);
  });

  it('hands what waits and what comes to a taker, in order, until it is over', async () => {
    const { queue } = makeQueue();
    const taken: JobFrame[] = [];
    queue.push(frame('QUEUED', 1));
    const over = queue.handTo((one) => taken.push(one) > 0);
    expect(said(taken)).toEqual(['QUEUED 1']);
    queue.push(frame('STARTED', 2));
    queue.push(frame('COMPLETED', 3));
    queue.end();
    await over;
    expect(said(taken)).toEqual(['QUEUED 1', 'STARTED 2', 'COMPLETED 3']);
  });

  it('hands nothing on while the last frame is being taken', async () => {
    const { queue } = makeQueue();
    const taken: JobFrame[] = [];
    const slow = Promise.withResolvers<boolean>();
    const over = queue.handTo((one) => taken.push(one) > 1 || slow.promise);
    for (const seq of [1, 2]) queue.push(frame('STARTED', seq));
    for (const percent of [10, 20]) queue.push(frame('PROGRESSED', 2, percent));
    queue.end();
    await vi.waitFor(() => expect(taken).toHaveLength(1), { timeout: 10_000 });
    expect(queue.size).toBe(1);
    slow.resolve(true);
    await over;
    expect(taken.map(({ seq, progress }) => [seq, progress.percent])).toEqual([
      [1, 0],
      [2, 0],
      [2, 20],
    ]);
  });

  it.each([false, Promise.resolve(false)])('hands nothing more to a taker who says %s', async (isWanted) => {
    const { queue } = makeQueue();
    const take = vi.fn(() => isWanted);
    const over = queue.handTo(take);
    for (const seq of [1, 2]) queue.push(frame('STARTED', seq));
    await over;
    queue.push(frame('STARTED', 3));
    await over;
    expect(take).toHaveBeenCalledOnce();
  });

  it('lets a taker go who waits, when it is returned', async () => {
    const { queue, onEnd } = makeQueue();
    const over = queue.handTo(() => true);
    await queue.return();
    await over;
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('fails a taker alone, whether he throws or rejects', async () => {
    const thrown = new Error('no');
    const takers = [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
      () => true,
    ];
    const queues = takers.map(() => makeQueue().queue);
    const over = queues.map((queue, place) => queue.handTo(takers[place]!));
    for (const queue of queues) {
      queue.push(frame('STARTED', 1));
      queue.end();
    }
    const outcomes = await Promise.allSettled(over);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('asks for more when a taker has taken all, each time', async () => {
    const { queue, onEmpty } = makeQueue();
    const over = queue.handTo(() => true);
    expect(onEmpty).toHaveBeenCalledTimes(1);
    queue.push(frame('STARTED', 2));
    await vi.waitFor(() => expect(onEmpty).toHaveBeenCalledTimes(2), { timeout: 10_000 });
    queue.end();
    await over;
    expect(onEmpty).toHaveBeenCalledTimes(2);
  });
});
