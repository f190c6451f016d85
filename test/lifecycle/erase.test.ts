import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isFinished } from '../../src/entities/job-status.ts';
import type { FeedFrame } from '../../src/feed/frame.ts';
import { type ErasedUser, eraseUser } from '../../src/lifecycle/erase.ts';
import { openAccount } from '../../src/lifecycle/ledger.ts';
import { cursorOf, takeFrames, told } from '../feed/feed-readers.ts';
import { openFeed, useFeed, useMover } from '../feed/feeds.ts';
import { isPending } from '../feed/readers.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { makeFile, readRemovals } from '../support/files.ts';
import { hearStops, nextAttempt, retryOf, STANDINGS, TAKES_NO_TASK, useProcess, work } from './lifecycles.ts';
import { breakWrites, holdAfter, holdLock, readAllRows, readBalance, readRemains } from './rows.ts';

const database = useDatabase();
const api = useProcess(database, 'api');
const eraser = useProcess(database, 'eraser');
const pool = () => database().pool;

const erase = (userId: string) => eraser().lifecycle.eraseUser(userId, 0);
const service = 'service:billing';

/** The rows, by table, in which a text stands in any column: also those of the queue, and those that are not logged. */
async function findRows(text: string): Promise<Record<string, string[]>> {
  const { rows: tables } = await pool().query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`,
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const { rows } = await pool().query<{ row: string }>(
      `select row from (select to_jsonb(t)::text as row from ${name} t) rows where row ilike $1 order by row`,
      [`%${text}%`],
    );
    if (rows.length > 0) found[name] = rows.map(({ row }) => row);
  }
  return found;
}

const grant = (userId: string, options: { amount: number; reason: string; key?: string }) =>
  api().lifecycle.grant({
    ...{ userId, amount: options.amount, reason: options.reason, grantedBy: service },
    ...(options.key === undefined ? {} : { idempotency: { key: options.key, inputHash: 'h' } }),
  });

async function submit(userId: string, options: Parameters<typeof work>[0] = {}) {
  const { outcomes } = await api().lifecycle.submit(userId, [work(options)]);
  const [outcome] = outcomes;
  if (outcome?.outcome !== 'SUBMITTED') throw new Error(`not submitted: ${JSON.stringify(outcome)}`);
  return outcome.job;
}

const announce = (userId: string) =>
  api().lifecycle.announceUpload(
    { userId, name: 'demand.csv', contentType: 'text/csv', size: 9, sha256: null },
    { uploads: 1, bytes: 100 },
  );

/** Whose account an entry of a job stands in. */
async function readHolder(jobId: string): Promise<string | undefined> {
  const { rows } = await pool().query<{ user_id: string }>('select user_id from ledger_entries where job_id = $1', [
    jobId,
  ]);
  return rows[0]?.user_id;
}

describe('an erasure', () => {
  it.each(STANDINGS)('removes a job and keeps its money and its last word for nobody, of %o', async (standing) => {
    const made = await makeJob(pool(), { ...standing, price: 2 });
    const before = await readRemains(pool(), made.jobId);
    await using stops = await hearStops(pool());
    expect(await erase(made.userId)).toEqual({ jobs: 1, uploads: 0, entries: expect.any(Number), events: 1 });
    const nobody = await readHolder(made.jobId);
    expect(nobody).not.toBe(made.userId);

    const { jobs, results, events, ledger, keys, tasks } = await readRemains(pool(), made.jobId);
    expect([jobs, results, keys]).toEqual([[], [], []]);
    expect(tasks.filter(({ runnable }) => runnable)).toEqual([]);
    expect(events).toEqual([expect.objectContaining({ type: 'DELETED', user_id: nobody, assessment_name: 'Deleted' })]);
    const kept = before.ledger.map((entry) => ({ ...entry, user_id: nobody }));
    expect(ledger.slice(0, kept.length)).toEqual(kept);
    const paidBack = isFinished(standing.status) ? [] : [expect.objectContaining({ entry: 'REFUND', amount: 2 })];
    expect(ledger.slice(kept.length)).toEqual(paidBack);
    expect(await readBalance(pool(), nobody ?? '')).toBe(standing.status === 'COMPLETED' ? 0 : 2);
    expect(await readBalance(pool(), made.userId)).toBeUndefined();

    expect(await stops.read()).toEqual(
      standing.status === 'PROCESSING' || standing.threadRuns ? [made.leaseToken] : [],
    );
    expect(eraser().woken).toContain(made.jobId);
    database().excuse({ 'held-task-is-running': 'no worker of this test lets its task go' });
  });

  it('leaves the user’s id in no column of any table, and everybody else’s rows as they were', async () => {
    const userId = randomUUID();
    const count = (id: string) => pool().query(`insert into rate_limits values ('submits:' || $1::text, 4, 0)`, [id]);
    const other = await makeJob(pool(), { status: 'COMPLETED' });
    await grant(other.userId, { amount: 5, reason: 'Of another', key: `present-${other.userId}` });
    await count(other.userId);
    const others = await findRows(other.userId);

    await grant(userId, { amount: 50, reason: `A present to ${userId}`, key: `present-${userId}` });
    await grant(userId, { amount: -1, reason: `Taken from ${userId.toUpperCase()}` });
    await count(userId);
    const name = `Of ${userId}`;
    const named = { name, testData: { userId }, rawResponses: [userId] };
    const idempotency = { key: userId, mutation: 'm', inputHash: 'h' };
    await submit(userId, { ...named, idempotency, uploadId: await makeFile(pool(), { userId }) });
    await makeFile(pool(), { userId });
    await makeFile(pool(), { userId, storedAs: null, name });
    const shared = await makeJob(pool(), { userId, status: 'COMPLETED', ...named, testResult: { userId } });
    expect(await api().lifecycle.share(shared.resultId!, { owner: userId })).toMatchObject({ outcome: 'SHARED' });
    await makeJob(pool(), { userId, status: 'PROCESSING', ...named });
    const gone = await makeJob(pool(), { userId, status: 'FAILED', ...named });
    await api().lifecycle.forceDelete(gone.jobId, { owner: userId });
    const tables = ['accounts', 'analysis_jobs', 'analysis_results', 'files', 'idempotency_keys', 'job_events'];
    expect(Object.keys(await findRows(userId)).sort()).toEqual([...tables, 'ledger_entries', 'rate_limits']);

    expect(await erase(userId)).toMatchObject({ jobs: 3, uploads: 2, events: 4 });
    expect(await findRows(userId)).toEqual({});
    expect(await findRows(other.userId)).toEqual(others);
    expect((await readRemovals(pool())).filter(({ is_due }) => is_due)).toHaveLength(2);
    database().excuse({ 'held-task-is-running': 'no worker of this test lets its task go' });
  });

  it('of a user of whom nothing is kept changes nothing', async () => {
    await makeJob(pool(), { status: 'QUEUED' });
    const before = await readAllRows(pool());
    expect(await erase(randomUUID())).toEqual({ jobs: 0, uploads: 0, entries: 0, events: 0 });
    expect(await readAllRows(pool())).toEqual(before);
  });

  it('takes many jobs up a hundred at a time, and pays all that run or wait back', async () => {
    const userId = await makeAccount(pool(), { balance: 500 });
    await api().lifecycle.submit(userId, Array.from({ length: 230 }, work));
    const steps: string[][] = [];
    const onRemoved = (jobIds: string[]) => void steps.push(jobIds);
    const erased = await eraseUser(eraser().orm.em.fork(), userId, { graceMs: 0, onRemoved });
    expect(erased).toEqual({ jobs: 230, uploads: 0, entries: 1 + 2 * 230, events: 230 });
    expect(steps.map(({ length }) => length)).toEqual([100, 100, 30]);
    expect(await readBalance(pool(), (await readHolder(steps[0]![0]!)) ?? '')).toBe(500);
  });

  it('that is broken off between two batches is finished by another one', async () => {
    const userId = await makeAccount(pool(), { balance: 150 });
    await api().lifecycle.submit(userId, Array.from({ length: 150 }, work));
    const onRemoved = () => {
      throw new Error('broken off');
    };
    const breaking = eraseUser(eraser().orm.em.fork(), userId, { graceMs: 0, onRemoved });
    await expect(breaking).rejects.toThrow('broken off');
    expect(await readBalance(pool(), userId)).toBe(100);
    expect(await erase(userId)).toMatchObject({ jobs: 50, events: 150 });
    expect(await findRows(userId)).toEqual({});
  });

  it.each(['ledger_entries', 'job_events'])(
    'that breaks at %s keeps all of it his, until it is done again',
    async (table) => {
      const made = await makeJob(pool(), { status: 'COMPLETED' });
      await api().lifecycle.forceDelete(made.jobId, { owner: made.userId });
      const before = await readAllRows(pool());
      {
        await using _broken = await breakWrites(pool(), table, 'raise');
        await expect(erase(made.userId)).rejects.toThrow('broken on purpose');
      }
      expect(await readAllRows(pool())).toEqual(before);
      expect(await erase(made.userId)).toEqual({ jobs: 0, uploads: 0, entries: 2, events: 1 });
      expect(await findRows(made.userId)).toEqual({});
    },
  );

  it('forgets the key of a grant, so that the service’s replay is a new grant to a new account', async () => {
    const userId = await makeAccount(pool());
    const present = { amount: 7, reason: 'A present', key: randomUUID() };
    const first = await grant(userId, present);
    await erase(userId);
    const second = await grant(userId, present);
    expect(second).toMatchObject({ outcome: 'GRANTED', replayed: false, tokenBalance: 3 + 7 });
    expect(first).toMatchObject({ outcome: 'GRANTED', tokenBalance: 10 + 7 });
  });

  it('can be of the same user again, each time for another nobody', async () => {
    const userId = await makeAccount(pool());
    const holders: (string | undefined)[] = [];
    for (let time = 0; time < 2; time += 1) {
      const job = await submit(userId);
      await erase(userId);
      holders.push(await readHolder(job.id));
    }
    expect(new Set([...holders, userId]).size).toBe(3);
  });
});

describe('beside an erasure', () => {
  const late: Record<string, (userId: string) => Promise<unknown>> = {
    submit: (userId) => submit(userId, { price: 2 }),
    grant: (userId) => grant(userId, { amount: -2, reason: 'Late' }),
    'first request': (userId) => openAccount(api().orm.em.fork(), userId, 3),
  };

  it.each(Object.entries(late))(
    'a %s that waits for the account finds that there is none, and opens one as for a new user',
    async (name, act) => {
      const made = await makeJob(pool(), { status: 'COMPLETED', price: 7 });
      const held = await holdAfter(pool(), 'eraser', 'delete on accounts');
      const erasing = erase(made.userId);
      await waitUntilBlocked(pool());
      const acting = act(made.userId);
      const waiting = await waitUntilBlocked(pool(), 2);
      expect(waiting.map(({ applicationName }) => applicationName).sort()).toEqual(['api', 'eraser']);
      await held[Symbol.asyncDispose]();
      expect(await erasing).toMatchObject({ jobs: 1, entries: 2 });
      await acting;
      expect(await readBalance(pool(), made.userId)).toBe(name === 'first request' ? 3 : 3 - 2);
      expect(await readHolder(made.jobId)).not.toBe(made.userId);
    },
  );

  const early: Record<string, (userId: string) => Promise<unknown>> = { submit, upload: announce };

  it.each(Object.entries(early))(
    'the %s that came before its last step is erased as well, with no grace',
    async (_, act) => {
      const userId = await makeAccount(pool());
      let [acting, erasing] = [Promise.resolve<unknown>(null), Promise.resolve<unknown>(null)];
      {
        await using _held = await holdLock(pool(), 'select from accounts where user_id = $1', [userId]);
        acting = act(userId);
        await waitUntilBlocked(pool(), 1);
        erasing = eraser().lifecycle.eraseUser(userId, 600_000);
        const waiting = await waitUntilBlocked(pool(), 2);
        expect(waiting.map(({ applicationName }) => applicationName).sort()).toEqual(['api', 'eraser']);
      }
      await acting;
      const { jobs, uploads } = (await erasing) as ErasedUser;
      expect(jobs + uploads).toBe(1);
      expect(await findRows(userId)).toEqual({});
    },
  );

  it('a retry that it has to wait for is undone with its job', async () => {
    const made = await makeJob(pool(), { status: 'FAILED', price: 1 });
    const held = await holdAfter(pool(), 'api', 'update on analysis_jobs');
    const retrying = api().lifecycle.retry(retryOf(made));
    await waitUntilBlocked(pool());
    const erasing = erase(made.userId);
    await waitUntilBlocked(pool(), 2);
    await held[Symbol.asyncDispose]();
    expect(await retrying).toMatchObject({ outcome: 'RETRIED' });
    expect(await erasing).toMatchObject({ jobs: 1, entries: 5 });
    expect(await findRows(made.userId)).toEqual({});
  });

  it('an attempt is told to stop, and finds that all it still writes is refused', async () => {
    const { userId, ...made } = await makeJob(pool(), { status: 'QUEUED' });
    const lease = nextAttempt(made);
    await api().lifecycle.start(lease);
    await using stops = await hearStops(pool());
    await erase(userId);
    expect(await stops.read()).toEqual([lease.leaseToken]);
    await expect(api().lifecycle.complete(lease, { score: 1 })).rejects.toMatchObject({ name: 'MoveRefused' });
    expect(await findRows(userId)).toEqual({});
    database().excuse(TAKES_NO_TASK);
  });

  it('another one of the same user does the rest', async () => {
    const userId = await makeAccount(pool(), { balance: 200 });
    await api().lifecycle.submit(userId, Array.from({ length: 150 }, work));
    const both = await Promise.all([erase(userId), api().lifecycle.eraseUser(userId, 0)]);
    const sum = (count: 'jobs' | 'events') => both[0][count] + both[1][count];
    expect([sum('jobs'), sum('events')]).toEqual([150, 150]);
    expect(await findRows(userId)).toEqual({});
  });
});

describe('who follows', () => {
  const feed = useFeed(database);
  const mover = useMover(database);

  const follow = async (reader: string | null, after?: string) =>
    (await feed().followJobs(reader, after === undefined ? {} : { after }))!;
  const deleted = (frames: FeedFrame[]) => told(frames).map((word) => word.split(' ')[0]);

  it('is told of each deletion once, the user before he is forgotten, and goes on from the same position', async () => {
    const userId = await makeAccount(pool());
    await submit(userId);
    await makeJob(pool(), { userId, status: 'COMPLETED', price: 0 });
    const [his, everyone] = [await follow(userId), await follow(null)];
    const [hisStart, start] = [await takeFrames(his, 1), await takeFrames(everyone, 1)].map(([frame]) => frame);

    let erasing: Promise<unknown>;
    {
      // Held where it is about to forget him.
      await using _held = await holdAfter(pool(), 'assay-test-mover', 'insert on accounts');
      erasing = mover().eraseUser(userId, 0);
      expect(deleted(await takeFrames(his, 2))).toEqual(['DELETED', 'DELETED']);
    }
    await erasing;
    const seen = await takeFrames(everyone, 2);
    expect(deleted(seen)).toEqual(['DELETED', 'DELETED']);

    // From a position of before: what is nobody's now is told to services alone, under nobody's name.
    const again = await takeFrames(await follow(null, cursorOf(start)), 2);
    expect(again.map((frame) => 'jobId' in frame && frame.jobId)).toEqual(
      seen.map((frame) => 'jobId' in frame && frame.jobId),
    );
    const hisAgain = await follow(userId, cursorOf(hisStart));
    const next = hisAgain.next();
    expect(await isPending(next)).toBe(true);

    // He comes back: both streams go on with his new job, with nothing doubled and nothing told to be missing.
    const { outcomes } = await mover().submit(userId, [work()]);
    expect(outcomes).toMatchObject([{ outcome: 'SUBMITTED' }]);
    expect(told([(await next).value])).toEqual(['QUEUED 1']);
    expect(told(await takeFrames(his, 1))).toEqual(['QUEUED 1']);
    expect(told(await takeFrames(everyone, 1))).toEqual(['QUEUED 1']);
  });

  it('and hears nothing of it still reads it by his poll, in the time of grace', async () => {
    const made = await makeJob(pool(), { status: 'COMPLETED' });
    const deaf = { subscribe: () => ({ isListening: () => false, stop: async () => {} }) };
    await using running = await openFeed({ url: database().url, carrier: deaf, isHeard: false, pollMs: 100 });
    const frames = (await running.feed.followJobs(made.userId, {}))!;
    await takeFrames(frames, 1);
    const erasing = mover().eraseUser(made.userId, 5_000);
    expect(deleted(await takeFrames(frames, 1))).toEqual(['DELETED']);
    await erasing;
  });
});
