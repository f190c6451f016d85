import { afterEach, describe, expect, it, vi } from 'vitest';
import { createConnectionWatch, lookRegularly } from '../../src/lifecycle/connection-watch.ts';

const LEASE_MS = 500;
const AT = '2026-01-01 00:00:00+00';

/** A watch with a clock of its own, so that a lease passes when a test says so. */
function watch({ everyMs = LEASE_MS / 2, probe = async () => AT } = {}) {
  let clock = 0;
  const { look } = createConnectionWatch({ probe, leaseMs: LEASE_MS, everyMs, now: () => clock });
  const lookAt = async (at: number) => {
    clock = at;
    return await look();
  };
  const pass = (ms: number) => {
    clock += ms;
  };
  return { look, lookAt, pass };
}

it('lets a process judge only after one lease of connection of its own', async () => {
  const { lookAt } = watch();
  expect(await lookAt(0)).toBeNull();
  expect(await lookAt(LEASE_MS - 1)).toBeNull();
  expect(await lookAt(LEASE_MS)).toBe(AT);
});

it('starts to wait anew when the connection failed, and says why it failed', async () => {
  let broken = false;
  const { lookAt } = watch({
    probe: async () => {
      if (broken) throw new Error('no connection');
      return AT;
    },
  });
  await lookAt(0);
  broken = true;
  await expect(lookAt(LEASE_MS - 1)).rejects.toThrow('no connection');
  broken = false;
  expect(await lookAt(LEASE_MS)).toBeNull();
  expect(await lookAt(2 * LEASE_MS - 1)).toBeNull();
  expect(await lookAt(2 * LEASE_MS)).toBe(AT);
});

it('starts to wait anew after a silence, as of a machine that slept', async () => {
  const { lookAt } = watch();
  await lookAt(0);
  expect(await lookAt(3_600_000)).toBeNull();
});

it('waits a lease, and no longer, when the clock of its machine was set back', async () => {
  const { lookAt } = watch();
  await lookAt(3_600_000);
  expect(await lookAt(0)).toBeNull();
  await lookAt(LEASE_MS / 2);
  expect(await lookAt(LEASE_MS)).toBe(AT);
});

it('starts to wait anew when the database has not answered for most of a lease', async () => {
  let answersAfterMs = 0;
  const watched = watch({
    everyMs: 100,
    probe: async () => {
      watched.pass(answersAfterMs);
      return AT;
    },
  });
  for (let at = 0; at < LEASE_MS; at += 100) await watched.lookAt(at);
  answersAfterMs = 0.8 * LEASE_MS;
  expect(await watched.lookAt(LEASE_MS)).toBeNull();
});

it('lets judge also where its looks are further apart than a lease', async () => {
  const { lookAt } = watch({ everyMs: 3 * LEASE_MS });
  await lookAt(0);
  expect(await lookAt(3 * LEASE_MS)).toBe(AT);
});

describe('looking regularly', () => {
  afterEach(() => void vi.useRealTimers());

  it('begins at once, goes on after a failure, and ends', async () => {
    vi.useFakeTimers();
    const look = vi.fn(async () => Promise.reject(new Error('no connection')));
    const stop = lookRegularly({ look }, 100);
    expect(look).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(250);
    expect(look).toHaveBeenCalledTimes(3);
    await stop();
    vi.advanceTimersByTime(1_000);
    expect(look).toHaveBeenCalledTimes(3);
  });

  it('ends after every look that is under way', async () => {
    vi.useFakeTimers();
    const looks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let begun = 0;
    const stop = lookRegularly({ look: () => looks[begun++]!.promise }, 100);
    vi.advanceTimersByTime(100);
    let isOver = false;
    const stopped = stop().then(() => {
      isOver = true;
    });
    for (const { resolve } of looks.reverse()) {
      await vi.advanceTimersByTimeAsync(10);
      expect(isOver).toBe(false);
      resolve();
    }
    await stopped;
  });
});
