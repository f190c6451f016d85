import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { createServiceToken } from '../src/gate/service-tokens.ts';
import { createLog } from '../src/log.ts';
import { createOrm } from '../src/orm.ts';
import { type RunningApi, startApi } from '../src/server.ts';
import { SECRET, userToken } from './client/servers.ts';
import { complete, useMover } from './feed/feeds.ts';
import { addEvents, attempts, prune, wake } from './feed/histories.ts';
import { type Message, openSession, type RawSocket, subscribe } from './gate/raw-socket.ts';
import { openStream } from './gate/stream-reader.ts';
import { cancelOf, retryOf, work } from './lifecycle/lifecycles.ts';
import { useDatabase } from './support/database.ts';
import { makeJob } from './support/factory.ts';

const database = useDatabase({ bent: 'logs are lengthened and shortened by hand' });
const mover = useMover(database);
const FIELDS = 'seq type status jobId cursor progress { percent } job { id }';
const JOB = `subscription ($id: ID!, $after: Int) { jobEvents(jobId: $id, after: $after) { ${FIELDS} } }`;
const MESSAGE = `{ __typename ... on JobEvent { ${FIELDS} } ... on FeedPosition { position reason } }`;
const MINE = `subscription ($after: Cursor) { myEvents(after: $after) ${MESSAGE} }`;
const ALL = `subscription ($after: Cursor) { allEvents(after: $after) ${MESSAGE} }`;

let api: RunningApi;
beforeAll(async () => {
  const config = loadConfig({ DATABASE_URL: database().url, JWT_SECRET: SECRET, PORT: '0' });
  api = await startApi({ config, log: createLog({ level: 'silent' }) });
});
afterAll(() => api.stop());

const sockets: RawSocket[] = [];
afterEach(() => {
  for (const { socket } of sockets.splice(0)) socket.terminate();
});

interface Frame {
  seq: number;
  type: string;
  status: string;
  jobId: string;
  cursor: string | null;
  progress: { percent: number };
  job: { id: string } | null;
  position?: string;
  reason?: string;
}

/** A subscription on a socket of its own. */
async function follow(token: string, query: string, variables: object) {
  const socket = await openSession(api.url, token);
  sockets.push(socket);
  socket.send(subscribe('1', query, variables));
  const next = async (): Promise<Frame | Message> => {
    const message = await socket.next();
    if (message.type !== 'next') return message;
    const { data } = message.payload as { data: Record<string, Frame> };
    return Object.values(data)[0]!;
  };
  return {
    socket,
    next,
    async take(count: number): Promise<Frame[]> {
      const taken: Frame[] = [];
      while (taken.length < count) taken.push((await next()) as Frame);
      return taken;
    },
    /** The error that refuses it. */
    async refusal(): Promise<unknown> {
      const { type, payload } = await socket.next();
      return type === 'error' ? (payload as { extensions: { code: string } }[])[0]?.extensions.code : type;
    },
  };
}

/** Lets nobody be cut off for the message that he leaves unread for five seconds. */
function patience(): Disposable {
  const set = globalThis.setTimeout;
  const patient = (act: () => void, ms?: number, ...more: []) => set(act, ms === 5_000 ? 600_000 : ms, ...more);
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(patient as typeof set);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}

const COMPLETE = { id: '1', type: 'complete' };
const told = (frames: readonly Frame[]) =>
  frames.map(({ type, seq, reason }) => (reason === undefined ? `${type} ${seq}` : reason));

async function followJob(job: { jobId: string; userId: string }, after?: number) {
  return await follow(await userToken(job.userId), JOB, { id: job.jobId, after });
}

async function submit(userId: string): Promise<{ jobId: string; userId: string }> {
  const { outcomes } = await mover().submit(userId, [work({ price: 0 })]);
  if (outcomes[0]?.outcome !== 'SUBMITTED') throw new Error('It was not submitted.');
  return { jobId: outcomes[0].job.id, userId };
}

async function begin(jobId: string) {
  const lease = { jobId, leaseToken: randomUUID() };
  await mover().start({ ...lease, round: 1, attempt: 1, workerId: randomUUID(), leaseMs: 60_000 });
  return lease;
}

describe('one job', () => {
  it('ORDER-1, REPLAY-1: its events come in order, each once, from behind any number', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    await addEvents(database().pool, made.jobId, attempts(300));
    const all = Array.from({ length: 601 }, (_, index) => index + 1);
    for (const after of [0, 1, 300]) {
      // Not the job of each event, which would be read for each.
      const query = JOB.replace(' job { id }', '');
      const { take } = await follow(await userToken(made.userId), query, { id: made.jobId, after });
      expect((await take(601 - after)).map(({ seq }) => seq)).toEqual(all.slice(after));
    }
  });

  it('ORDER-2, END-1: what happens elsewhere arrives, and its end completes the stream', async () => {
    const job = await submit(randomUUID());
    const { take, next } = await followJob(job, 0);
    expect(told(await take(1))).toEqual(['QUEUED 1']);
    await complete(mover(), job.jobId);
    expect(told(await take(2))).toEqual(['STARTED 2', 'COMPLETED 3']);
    expect(await next()).toEqual(COMPLETE);
  });

  it('START-1: without a number the job as it is comes first', async () => {
    const made = await makeJob(database().pool, { status: 'PROCESSING' });
    const [frame] = await (await followJob(made)).take(1);
    expect(frame).toMatchObject({ type: 'SNAPSHOT', seq: 2, status: 'PROCESSING', progress: { percent: 40 } });
  });

  it('REPLAY-2: behind the latest event of an active job there is nothing but what comes', async () => {
    const job = await submit(randomUUID());
    const { take } = await followJob(job, 1);
    await complete(mover(), job.jobId);
    expect(told(await take(1))).toEqual(['STARTED 2']);
  });

  it('PROGRESS-1: progress has the number of the latest event, and only the latest is there for a newcomer', async () => {
    const job = await submit(randomUUID());
    const { take } = await followJob(job, 0);
    const lease = await begin(job.jobId);
    await mover().report(lease, { percent: 30 }, 60_000);
    expect(await take(3)).toMatchObject([
      { seq: 1 },
      { seq: 2 },
      { type: 'PROGRESSED', seq: 2, progress: { percent: 30 } },
    ]);
    await mover().report(lease, { percent: 60 }, 60_000);
    await take(1);
    const newcomer = await followJob(job, 0);
    const frames = await newcomer.take(3);
    expect(told(frames)).toEqual(['QUEUED 1', 'STARTED 2', 'PROGRESSED 2']);
    expect(frames[2]?.progress).toEqual({ percent: 60 });
    await mover().complete(lease, {});
    expect(told(await newcomer.take(1))).toEqual(['COMPLETED 3']);
  });

  it('RESYNC-1: a number beyond the latest event is answered with the present, once', async () => {
    const job = await submit(randomUUID());
    const { take } = await followJob(job, 1_000);
    expect(await take(1)).toMatchObject([{ type: 'RESYNC', seq: 1, status: 'QUEUED' }]);
    await complete(mover(), job.jobId);
    expect(told(await take(2))).toEqual(['STARTED 2', 'COMPLETED 3']);
  });

  it('RESYNC-2: so is a number in history that was pruned', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    await addEvents(database().pool, made.jobId, attempts(5));
    await prune(database().pool, made.jobId, 6);
    const { take } = await followJob(made, 2);
    expect(told(await take(1))).toEqual(['RESYNC 11']);
    await addEvents(database().pool, made.jobId, attempts(1));
    await wake(database().pool, made.jobId);
    expect(told(await take(2))).toEqual(['STARTED 12', 'RELEASED 13']);
  });

  it('RESYNC-3: so is a reader who let too much wait', { timeout: 60_000 }, async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    const wide = Array.from({ length: 10 }, (_, n) => `${'x'.repeat(1_000)}${n}: eventType`).join(' ');
    const query = JOB.replace(FIELDS, `seq type status ${wide}`);
    const token = await userToken(made.userId);
    const { socket, next } = await follow(token, query, { id: made.jobId, after: 0 });
    const witness = await follow(token, JOB.replace(FIELDS, 'seq'), { id: made.jobId, after: 1 });
    // On a busy machine all this may take longer than a message may be left unread.
    using _ = patience();
    socket.socket.pause();
    // 10 kB an event: what the kernel takes on the way is less than all of them.
    for (let step = 0; step < 20; step += 1) {
      await addEvents(database().pool, made.jobId, attempts(100));
      await wake(database().pool, made.jobId);
      // It is not what comes at once that is too much, but what comes on top of what waits.
      await witness.take(200);
    }
    socket.socket.resume();
    let seq = 0;
    let frame = (await next()) as Frame;
    for (; frame.type !== 'RESYNC'; frame = (await next()) as Frame) expect(frame.seq).toBe(++seq);
    expect(frame.seq).toBeGreaterThan(seq + 256);
    seq = frame.seq;
    while (seq < 4_001) expect(((await next()) as Frame).seq).toBe(++seq);
  });

  it('END-2: a finishing event that a retry has followed does not end it', async () => {
    const made = await makeJob(database().pool, { status: 'FAILED' });
    await mover().retry(retryOf(made));
    const { take, next } = await followJob(made, 0);
    expect(told(await take(4))).toEqual(['QUEUED 1', 'STARTED 2', 'FAILED 3', 'RETRIED 4']);
    await mover().cancel(cancelOf(made));
    expect(told(await take(1))).toEqual(['CANCELLED 5']);
    expect(await next()).toEqual(COMPLETE);
  });

  it('END-3: of a finished one there is a picture, or nothing', async () => {
    const made = await makeJob(database().pool, { status: 'COMPLETED' });
    const present = await followJob(made);
    expect(told(await present.take(1))).toEqual(['SNAPSHOT 3']);
    expect([await present.next(), await (await followJob(made, 3)).next()]).toEqual([COMPLETE, COMPLETE]);
  });

  it('END-4: of a removed one there is a last event, and no job', async () => {
    const job = await submit(randomUUID());
    const { take, next } = await followJob(job, 1);
    await mover().forceDelete(job.jobId, { owner: job.userId });
    expect(await take(1)).toMatchObject([{ type: 'DELETED', status: 'CANCELLED', job: null }]);
    expect(await next()).toEqual(COMPLETE);
  });

  it('REFUSE-1: what is absent, malformed or another’s looks the same', async () => {
    const foreign = await makeJob(database().pool, { status: 'QUEUED' });
    const token = await userToken();
    const answers: unknown[] = [];
    for (const id of [randomUUID(), 'x', foreign.jobId]) {
      const { socket } = await follow(token, JOB, { id, after: 0 });
      const { type, payload } = await socket.next();
      const [{ message, extensions }] = payload as [{ message: string; extensions: Record<string, unknown> }];
      answers.push({ type, message, extensions: { ...extensions, errorId: null } });
    }
    expect(answers[0]).toMatchObject({ type: 'error', extensions: { code: 'NOT_FOUND', retryable: false } });
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
  });

  it('REFUSE-2: a number below zero is none', async () => {
    expect(await (await followJob(await submit(randomUUID()), -1)).refusal()).toBe('BAD_USER_INPUT');
  });
});

describe('many jobs', () => {
  const followMine = async (userId: string, after?: string) => follow(await userToken(userId), MINE, { after });
  const serviceToken = async () => {
    const orm = await createOrm({ url: database().url, name: 'assay-test-tokens' });
    try {
      return await createServiceToken(orm.em.fork(), { name: `s-${randomUUID()}`, scopes: ['jobs:read'] });
    } finally {
      await orm.close();
    }
  };

  it('FEED-1, FEED-2: begin with a position, and each event comes once, with a cursor', async () => {
    const userId = randomUUID();
    const { take } = await followMine(userId);
    expect(await take(1)).toMatchObject([{ reason: 'START', position: expect.any(String) }]);
    const jobs = [await submit(userId), await submit(userId)];
    for (const { jobId } of jobs) await complete(mover(), jobId);
    const frames = await take(6);
    for (const { jobId } of jobs) {
      expect(frames.filter((frame) => frame.jobId === jobId).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    }
    expect(new Set(frames.map(({ cursor }) => cursor)).size).toBe(6);
  });

  it('FEED-3: every position leads to what came behind it', async () => {
    const userId = randomUUID();
    const { take } = await followMine(userId);
    const [start] = await take(1);
    for (let count = 0; count < 3; count += 1) await complete(mover(), (await submit(userId)).jobId);
    const frames = await take(9);
    const keyOf = ({ jobId, seq }: Frame) => `${jobId} ${seq}`;
    const positions = [start!.position!, ...frames.slice(0, -1).map(({ cursor }) => cursor!)];
    for (const [index, position] of positions.entries()) {
      const resumed = await followMine(userId, position);
      expect((await resumed.take(9 - index)).map(keyOf)).toEqual(frames.slice(index).map(keyOf));
    }
  });

  it('FEED-4, FEED-5: are one’s own, and so is the cursor', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const followed = await followMine(one);
    const [start] = await followed.take(1);
    await submit(other);
    const own = await submit(one);
    expect((await followed.take(1)).map(({ jobId }) => jobId)).toEqual([own.jobId]);
    for (const cursor of [start!.position!, 'x', '', `${start!.position}A`]) {
      const refused = await followMine(cursor === start!.position ? other : one, cursor);
      expect(await refused.refusal(), cursor).toBe('BAD_USER_INPUT');
    }
  });

  it('FEED-6: everyone’s are for services, one’s own for users', async () => {
    const token = await serviceToken();
    expect(await (await follow(token, MINE, {})).refusal()).toBe('FORBIDDEN');
    expect(await (await follow(await userToken(), ALL, {})).refusal()).toBe('FORBIDDEN');
    const { take } = await follow(token, ALL, {});
    expect(told(await take(1))).toEqual(['START']);
    const jobs = [await submit(randomUUID()), await submit(randomUUID())];
    expect((await take(2)).map(({ jobId }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId));
  });

  it('FEED-7: progress comes without a cursor', async () => {
    const userId = randomUUID();
    const { take } = await followMine(userId);
    await take(1);
    const { jobId } = await submit(userId);
    const lease = await begin(jobId);
    await mover().report(lease, { percent: 30 }, 60_000);
    const frames = await take(3);
    expect(frames.at(-1)).toMatchObject({ type: 'PROGRESSED', seq: 2, cursor: null, progress: { percent: 30 } });
    await mover().complete(lease, {});
  });
});

describe('server-sent events', () => {
  it('STREAM-1: bring what the socket brings', async () => {
    const job = await submit(randomUUID());
    await complete(mover(), job.jobId);
    const { socket } = await followJob(job, 0);
    const overSocket: unknown[] = [];
    for (let message = await socket.next(); message.type === 'next'; message = await socket.next()) {
      overSocket.push(message.payload);
    }
    const body = { query: JOB, variables: { id: job.jobId, after: 0 } };
    const stream = await openStream(api.url, await userToken(job.userId), body);
    const overStream: unknown[] = [];
    for (let event = await stream.next(); event?.event === 'next'; event = await stream.next()) {
      overStream.push(event.data);
    }
    expect(overStream).toHaveLength(3);
    expect(overStream).toEqual(overSocket);
  });
});
