import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { startDeadline, within } from '../../src/gate/deadline.ts';
import { signUserToken } from '../../src/gate/user-tokens.ts';
import { createLog } from '../../src/log.ts';
import { startApi } from '../../src/server.ts';
import { holdLock } from '../lifecycle/rows.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { post } from '../support/installation.ts';
import { PATIENT_LIMITS } from '../support/time-limits.ts';
import { openSession, subscribe } from './raw-socket.ts';
import { openStream } from './stream-reader.ts';
import { codeOf, SECRET, useTinyApi } from './tiny-api.ts';
import { abandoned, beginning, NEVER_SHOWN, TOO_LATE, ticks } from './tiny-schema.ts';

const SHORT = { ASSAY_LIMIT_EXECUTION_MS: '300' };

const database = useDatabase();
const api = useTinyApi(database, SHORT);

const timedOut = { type: 'error', payload: [{ extensions: { code: 'TIMEOUT', retryable: true } }] };

describe('an operation that takes too long', () => {
  it.each(['application/graphql-response+json', 'application/json'])(
    'over HTTP is answered TIMEOUT, as %s',
    async (accept) => {
      const answer = await api().ask(
        { query: '{ me never }' },
        { token: await api().userToken(), headers: { accept } },
      );
      expect([answer.status, codeOf(answer)]).toEqual([504, 'TIMEOUT']);
      expect(answer.body).toEqual({ errors: [expect.objectContaining({ message: 'The request took too long.' })] });
      expect(answer.headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
    },
  );

  it('leaves the next one on its connection alone', async () => {
    const token = await api().userToken();
    expect(codeOf(await api().ask({ query: '{ never }' }, { token }))).toBe('TIMEOUT');
    expect((await api().ask({ query: '{ forUsers }' }, { token })).body).toEqual({ data: { forUsers: 'users' } });
  });

  it('begins no further mutation', async () => {
    const { pool } = database();
    const limits = { ...PATIENT_LIMITS, ...SHORT };
    const config = loadConfig({ DATABASE_URL: database().url, JWT_SECRET: SECRET, PORT: '0', ...limits });
    const real = await startApi({ config, log: createLog({ level: 'silent' }) });
    const { jobId: first, userId } = await makeJob(pool, { status: 'QUEUED', price: 0 });
    const { jobId: second } = await makeJob(pool, { status: 'QUEUED', price: 0, userId });
    const token = await signUserToken({ secret: SECRET, sub: userId, ttlSeconds: 60 });
    const statusOf = async (id: string) =>
      (await pool.query<{ status: string }>('select status from analysis_jobs where id = $1', [id])).rows[0]!.status;
    const cancel = (id: string) => `cancelJob(input: { id: "${id}" }) { userErrors { code } }`;
    try {
      await using _held = await holdLock(pool, 'select from analysis_jobs where id = $1', [first]);
      // The time of the operation is over when its first mutation waits, and not before it has begun.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const asked = post(real.url, token, `mutation { a: ${cancel(first)} b: ${cancel(second)} }`);
      await waitUntilBlocked(pool);
      vi.advanceTimersByTime(300);
      expect(await asked).toMatchObject({ errors: [{ extensions: { code: 'TIMEOUT' } }] });
      expect(await waitUntilBlocked(pool)).toHaveLength(1);
    } finally {
      vi.useRealTimers();
      await vi.waitUntil(async () => (await statusOf(first)) === 'CANCELLED', { timeout: 15_000 });
      await real.stop();
    }
    expect(await statusOf(second)).toBe('QUEUED');
  });
});

describe('a subscription', () => {
  it('that does not begin ends with TIMEOUT (LIMIT-4), and is given up when it begins too late', async () => {
    const socket = await openSession(api().url, await api().userToken());
    socket.send(subscribe('1', 'subscription { neverBegins { count } }'));
    expect(await socket.next()).toMatchObject({ id: '1', ...timedOut });
    beginning.resolve(ticks(TOO_LATE, null));
    await vi.waitUntil(() => abandoned.includes(TOO_LATE), { timeout: 10_000 });
    socket.socket.close();
  });

  it('of which an event cannot be shown ends with TIMEOUT (LIMIT-4)', async () => {
    const socket = await openSession(api().url, await api().userToken());
    socket.send(subscribe('1', 'subscription { neverShown { count } }'));
    expect(await socket.next()).toMatchObject({ id: '1', ...timedOut });
    expect(abandoned).toContain(NEVER_SHOWN);
    socket.socket.close();
  });

  it('of which an event cannot be shown ends with TIMEOUT as an event stream as well (STREAM-2)', async () => {
    const query = 'subscription { neverShown { count } }';
    const stream = await openStream(api().url, await api().userToken(), { query });
    expect(await stream.next()).toMatchObject({
      ...{ event: 'next', data: { errors: [{ extensions: { code: 'TIMEOUT' } }] } },
    });
    expect(await stream.next()).toMatchObject({ event: 'complete' });
    expect(await stream.next()).toBeNull();
  });

  it('lasts longer than an operation may (LIMIT-4)', async () => {
    const socket = await openSession(api().url, await api().userToken());
    socket.send(subscribe('lasting', 'subscription { ticks(to: -1) { count } }'));
    // By the end of two that took too long, one after the other, the time of one is over.
    for (const id of ['1', '2']) {
      socket.send(subscribe(id, 'subscription { neverShown { count } }'));
      expect(await socket.next()).toMatchObject({ id, ...timedOut });
    }
    expect([socket.waiting, abandoned.includes(-1)]).toEqual([[], false]);
    socket.socket.close();
  });
});

describe('a deadline', () => {
  it('is over when its operation has ended', async () => {
    vi.useFakeTimers();
    const { signal, passed, [Symbol.dispose]: dispose } = startDeadline(1_000);
    dispose();
    vi.runAllTimers();
    expect(signal.aborted).toBe(false);
    const late = startDeadline(1_000);
    vi.runAllTimers();
    await expect(late.passed).rejects.toBe(late.signal.reason);
    expect(late.signal.reason).toMatchObject({ code: 'TIMEOUT' });
    vi.useRealTimers();
    expect(await Promise.race([passed, 'still open'])).toBe('still open');
  });

  it('hands on what comes in time, and what fails in time', async () => {
    const id = randomUUID();
    expect(await within(60_000, Promise.resolve(id))).toBe(id);
    await expect(within(60_000, Promise.reject(new Error(id)))).rejects.toThrow(id);
  });
});
