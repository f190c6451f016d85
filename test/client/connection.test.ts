import { describe, expect, it, vi } from 'vitest';
import { createAssayClient } from '../../src/client/index.ts';
import { jobEvent, startScriptedServer } from './scripted-server.ts';
import { clientOf } from './servers.ts';

describe('the token', () => {
  it('is asked for at each connection, and goes in connection_init', async () => {
    const server = await startScriptedServer({
      onSubscribe: ({ number, next, close }) => {
        if (number < 3) return close(4403, 'Token expired');
        next(jobEvent(1));
      },
    });
    let asked = 0;
    const events = clientOf(server.url, async () => `token-${++asked}`).watchJob('a', { after: 0 });
    await events.next();
    expect(server.inits).toEqual([1, 2, 3].map((number) => ({ authorization: `Bearer token-${number}` })));
  });

  it('that is fixed and refused, or has expired, is thrown', async () => {
    const refusing = await startScriptedServer({ refuse: () => 4403 });
    await expect(clientOf(refusing.url, 'x').watchJob('a').next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const expiring = await startScriptedServer({ onSubscribe: ({ close }) => close(4403, 'Token expired') });
    await expect(clientOf(expiring.url, 'x').watchJob('a').next()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'UNAUTHENTICATED: Token expired',
    });
    expect([refusing.inits.length, expiring.inits.length]).toEqual([1, 1]);
  });

  it('of a function is thrown when three of them were refused in a row, and not before', async () => {
    const server = await startScriptedServer({
      // Two are refused, one is let in and ends, and then no more is let in.
      refuse: (init) => (init === 3 ? null : 4403),
      onSubscribe: ({ close }) => close(4403, 'Token expired'),
    });
    const events = clientOf(server.url, () => 'x').watchJob('a');
    await expect(events.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    // The end of the third counts as the first of three.
    expect(server.inits).toHaveLength(5);
  });

  it('that cannot be had is tried three times, and then the reason is thrown', async () => {
    const server = await startScriptedServer({});
    const token = vi.fn(async () => {
      throw new Error('the issuer is away');
    });
    await expect(clientOf(server.url, token).watchJob('a').next()).rejects.toThrow('the issuer is away');
    expect(token).toHaveBeenCalledTimes(3);
  });
});

describe('the socket', () => {
  it('is one for all subscriptions, and closes when it is not needed any more', async () => {
    const server = await startScriptedServer({ onSubscribe: ({ next }) => next(jobEvent(1)) });
    const client = clientOf(server.url, 'x');
    const followed = ['a', 'b', 'c'].map((id) => client.watchJob(id, { after: 0 }));
    await Promise.all(followed.map((events) => events.next()));
    expect([server.inits.length, server.asked.length, server.open()]).toEqual([1, 3, 1]);
    for (const events of followed) await events.return?.();
    await vi.waitFor(() => expect(server.open()).toBe(0), { timeout: 10_000 });
  });

  it('closes with the client, and ends what is followed', async () => {
    const server = await startScriptedServer({ onSubscribe: ({ next }) => next(jobEvent(1)) });
    const client = clientOf(server.url, 'x');
    const events = client.watchJob('a', { after: 0 });
    await events.next();
    const waiting = events.next();
    client.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    await vi.waitFor(() => expect(server.open()).toBe(0), { timeout: 10_000 });
    expect(await client.watchJob('b').next()).toEqual({ value: undefined, done: true });
    expect(server.inits).toHaveLength(1);
  });

  it('that nothing comes back over is given up, and another opened', async () => {
    const server = await startScriptedServer({
      isMute: true,
      onSubscribe: ({ number, next }) => next(jobEvent(number)),
    });
    const events = clientOf(server.url, 'x').watchJob('a', { after: 0 });
    await events.next();
    expect((await events.next()).value).toMatchObject({ seq: 2 });
    expect(server.inits).toHaveLength(2);
  });

  it('has to be told how to be opened where the platform has none', () => {
    vi.stubGlobal('WebSocket', undefined);
    try {
      expect(() => createAssayClient({ url: 'http://127.0.0.1:1', token: 'x' })).toThrow(/WebSocket/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
