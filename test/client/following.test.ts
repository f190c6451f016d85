import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { JobEvent } from '../../src/client/index.ts';
import { jobEvent, startScriptedServer } from './scripted-server.ts';
import { clientOf } from './servers.ts';

const shown = (events: readonly JobEvent[]) => events.map(({ type, seq }) => `${type} ${seq}`);

async function collect(events: AsyncIterable<JobEvent>): Promise<string[]> {
  return shown(await Array.fromAsync(events));
}

describe('what was cut short is gone on with', () => {
  const cuts: [string, (subscription: Parameters<NonNullable<Script['onSubscribe']>>[0]) => void][] = [
    ['a link that broke', ({ cut }) => cut()],
    ['a server that stops', ({ close }) => close(1001, 'Going away')],
    ['a server that is restarted', ({ close }) => close(1012)],
    ['a reader who was too slow', ({ close }) => close(1013, 'Slow consumer')],
    ['a close without a reason', ({ close }) => close(1000)],
    ['an error that may pass', ({ error }) => error('SERVICE_UNAVAILABLE', true)],
    ['too many subscriptions', ({ error }) => error('TOO_MANY_SUBSCRIPTIONS', true)],
    ['a completion of a job that is not finished', ({ complete }) => complete()],
  ];
  type Script = Parameters<typeof startScriptedServer>[0];
  it.each(cuts)('%s', async (_what, cut) => {
    const server = await startScriptedServer({
      onSubscribe: (subscription) => {
        const { number, next, complete } = subscription;
        next(jobEvent(number));
        if (number < 3) return cut(subscription);
        next(jobEvent(4, 'COMPLETED'));
        complete();
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    expect(await collect(events)).toEqual(['STARTED 1', 'STARTED 2', 'STARTED 3', 'COMPLETED 4']);
    expect(server.asked.map(({ after }) => after)).toEqual([0, 1, 2]);
  });

  it('waits longer each time, by chance between half and all of it, until something arrives', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    const timer = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => void vi.restoreAllMocks());
    const server = await startScriptedServer({
      onSubscribe: ({ number, next, error }) => {
        if (number === 2) random.mockReturnValue(0.5);
        if (number === 4) next(jobEvent(1, 'COMPLETED'));
        else error('SERVICE_UNAVAILABLE', true);
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    const startedAt = performance.now();
    await events.next();
    // As they were asked for: a busy machine adds to each.
    const waits = timer.mock.calls.map(([, ms]) => ms).filter((ms) => [125, 375, 750].includes(Number(ms)));
    expect(waits).toEqual([125, 375, 750]);
    expect(performance.now() - startedAt).toBeGreaterThan(125 + 375 + 750 - 15);
  });
});

describe('repeats', () => {
  it('of events are dropped, of pictures of the job not, and progress only when it is of the past', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ number, next, complete, cut }) => {
        next(jobEvent(1, 'QUEUED'));
        next(jobEvent(2));
        next(jobEvent(2, 'PROGRESSED'));
        next(jobEvent(1, 'PROGRESSED'));
        next(jobEvent(2));
        if (number === 1) return cut();
        next(jobEvent(3, 'RESYNC', 'PROCESSING'));
        next(jobEvent(3));
        next(jobEvent(4, 'COMPLETED'));
        next(jobEvent(4, 'COMPLETED'));
        complete();
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    expect(await collect(events)).toEqual([
      'QUEUED 1',
      'STARTED 2',
      'PROGRESSED 2',
      'PROGRESSED 2',
      'RESYNC 3',
      'COMPLETED 4',
    ]);
  });

  it('are not what a RESYNC leads back to', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ next, complete }) => {
        next(jobEvent(3, 'RESYNC', 'PROCESSING'));
        next(jobEvent(4, 'COMPLETED'));
        complete();
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 100 });
    expect(await collect(events)).toEqual(['RESYNC 3', 'COMPLETED 4']);
  });
});

describe('what trying again cannot mend is thrown, once', () => {
  it.each(['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT', 'UNAUTHENTICATED', 'GRAPHQL_VALIDATION_FAILED'])(
    '%s',
    async (code) => {
      const server = await startScriptedServer({ onSubscribe: ({ error }) => error(code) });
      const events = clientOf(server.url, 'x').watchJob('a');
      await expect(events.next()).rejects.toMatchObject({ name: 'AssayError', code });
      expect(await events.next()).toEqual({ value: undefined, done: true });
      expect(server.asked).toHaveLength(1);
    },
  );

  it.each([4400, 4401, 4409, 4429, 4500, 1009, 1002])('a socket that was closed with %i', async (code) => {
    const server = await startScriptedServer({
      onSubscribe: ({ close }) => close(code),
    });
    const events = clientOf(server.url, 'x').watchJob('a');
    await expect(events.next()).rejects.toMatchObject({ code: 'SOCKET_CLOSED' });
    expect(server.asked).toHaveLength(1);
  });

  it('an event that could not be shown', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ next, nextErrors }) => {
        next(jobEvent(1));
        nextErrors('INTERNAL_SERVER_ERROR');
        next(jobEvent(3));
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    expect((await events.next()).value).toMatchObject({ seq: 1 });
    await expect(events.next()).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    await vi.waitFor(() => expect(server.ended).toBe(1), { timeout: 10_000 });
  });

  it('comes after what arrived before it', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ next, error }) => {
        for (const seq of [1, 2, 3]) next(jobEvent(seq));
        error('NOT_FOUND');
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    await events.next();
    await vi.waitFor(() => expect(server.open()).toBe(0), { timeout: 10_000 });
    expect([(await events.next()).value?.seq, (await events.next()).value?.seq]).toEqual([2, 3]);
    await expect(events.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the reader', () => {
  it('begins the subscription by asking, and ends it at once, while he waits', async () => {
    const server = await startScriptedServer({});
    const client = clientOf(server.url, 'x');
    const events = client.watchJob('a');
    await wait(50);
    expect(server.open()).toBe(0);
    const waiting = [events.next(), events.next()];
    await vi.waitFor(() => expect(server.asked).toHaveLength(1), { timeout: 10_000 });
    await events.return?.();
    expect(await Promise.all(waiting)).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    await vi.waitFor(() => expect(server.ended).toBe(1), { timeout: 10_000 });
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });

  it('ends it by leaving the loop, and a waiting time with it', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ next, cut }) => {
        next(jobEvent(1));
        next(jobEvent(2));
        cut();
      },
    });
    for await (const { seq } of clientOf(server.url, 'x').watchJob('a', { after: 0 })) if (seq === 2) break;
    await wait(400);
    expect(server.asked).toHaveLength(1);
  });

  it('who is slow gets everything, and the subscription rests until he has caught up', async () => {
    const EVENTS = 2_500;
    const server = await startScriptedServer({
      onSubscribe: ({ variables, next, complete }) => {
        for (let seq = Number(variables.after) + 1; seq < EVENTS; seq += 1) next(jobEvent(seq));
        next(jobEvent(EVENTS, 'COMPLETED'));
        complete();
      },
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    await events.next();
    await vi.waitFor(() => expect(server.ended).toBe(1), { timeout: 10_000 });
    const rest = await Array.fromAsync(events);
    expect(rest.map(({ seq }) => seq)).toEqual(Array.from({ length: EVENTS - 1 }, (_, index) => index + 2));
    expect(server.asked.slice(0, 2).map(({ after }) => after)).toEqual([0, 1_001]);
  });
});
