import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { apiError } from '../../src/gate/errors.ts';
import { watchToken } from '../../src/gate/token-watch.ts';
import { createLog } from '../../src/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const authenticate = vi.fn<() => Promise<null>>();
const parts = { authenticate, log: createLog({ level: 'silent' }) };

describe('the expiry of a token', () => {
  const watch = (inMs: number) => {
    const onEnd = vi.fn();
    const stop = watchToken(parts, { authorization: 'x', expiresAt: new Date(Date.now() + inMs) }, onEnd);
    return { onEnd, stop };
  };

  it('is told in its moment', () => {
    const { onEnd } = watch(60_000);
    vi.advanceTimersByTime(59_999);
    expect(onEnd).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onEnd.mock.calls).toEqual([['Token expired']]);
  });

  it('may be further away than a timer reaches', () => {
    const days = 40 * 86_400_000;
    const { onEnd } = watch(days);
    vi.advanceTimersByTime(days - 1);
    expect(onEnd).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('leaves no timer behind when it is not waited for any more', () => {
    watch(60_000).stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a token that does not expire', () => {
  it('is looked up again until it is refused; that it cannot be looked up says nothing', async () => {
    const onEnd = vi.fn();
    authenticate.mockResolvedValueOnce(null).mockRejectedValueOnce(apiError('SERVICE_UNAVAILABLE'));
    authenticate.mockRejectedValue(apiError('UNAUTHENTICATED'));
    const stop = watchToken(parts, { authorization: 'x', expiresAt: null }, onEnd);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(onEnd).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(onEnd.mock.calls[0]).toEqual(['Token revoked']);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
