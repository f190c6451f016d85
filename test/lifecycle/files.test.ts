import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { FilesLost, MoveRefused } from '../../src/lifecycle/errors.ts';
import type { OutputFile } from '../../src/lifecycle/files.ts';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';
import { type FileOptions, makeFile, readRemovals } from '../support/files.ts';
import { TAKES_NO_TASK, useProcess, work } from './lifecycles.ts';
import { bend, holdLock, readAllRows, readBalance, readJob } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const api = useProcess(database, 'api');
const other = useProcess(database, 'other-api');
const lifecycle = () => api().lifecycle;
const pool = () => database().pool;
const ENOUGH = { uploads: 100, bytes: 1_000_000 };

// Each test reads the book of removals for itself.
beforeEach(() => pool().query('delete from file_removals'));

const readFiles = async (where: string, ...values: unknown[]) =>
  (await pool().query(`select * from files where ${where} order by role`, values)).rows;

async function nothingChanges(act: () => Promise<unknown>): Promise<void> {
  const before = await readAllRows(pool());
  await act();
  expect(await readAllRows(pool())).toEqual(before);
}

async function submitWith(userId: string, uploadId: string, options: Parameters<typeof work>[0] = {}, process = api()) {
  const { outcomes } = await process.lifecycle.submit(userId, [work({ kind: 'COMPRESS', uploadId, ...options })]);
  return outcomes[0]!;
}

describe('a submit with an upload', () => {
  it('gives it to the job, which starts with it', async () => {
    const userId = await makeAccount(pool());
    const storedAs = randomUUID();
    const uploadId = await makeFile(pool(), { userId, storedAs });
    const outcome = await submitWith(userId, uploadId);
    if (outcome.outcome !== 'SUBMITTED') throw new Error(outcome.outcome);
    const { job } = outcome;
    expect(await readFiles('id = $1', uploadId)).toMatchObject([{ job_id: job.id, role: 'INPUT' }]);
    const started = await lifecycle().start({
      ...{ jobId: job.id, round: 1, attempt: 1, workerId: randomUUID(), leaseToken: randomUUID(), leaseMs: 60_000 },
    });
    expect(started?.inputFile).toEqual({ name: 'demand.csv', contentType: 'text/csv', size: 8, storedAs });
  });

  it.each([
    ['UPLOAD_NOT_FOUND', 'that is not there', async () => randomUUID()],
    ['UPLOAD_NOT_FOUND', 'of another', async () => await makeFile(pool(), { userId: await makeAccount(pool()) })],
    ['UPLOAD_NOT_STORED', 'without its bytes', (userId: string) => makeFile(pool(), { userId, storedAs: null })],
    [
      'UPLOAD_TAKEN',
      'that a job took',
      async (userId: string) => {
        const { jobId } = await makeJob(pool(), { status: 'QUEUED', userId });
        return await makeFile(pool(), { userId, jobId });
      },
    ],
    [
      'UPLOAD_NOT_FOUND',
      'that is an output',
      async (userId: string) => {
        const { jobId } = await makeJob(pool(), { status: 'COMPLETED', userId });
        return await makeFile(pool(), { userId, jobId, role: 'OUTPUT' });
      },
    ],
  ])('is refused with %s for one %s, and leaves nothing', async (outcome, _what, upload) => {
    const userId = await makeAccount(pool());
    const uploadId = await upload(userId);
    await nothingChanges(async () => expect(await submitWith(userId, uploadId)).toEqual({ outcome }));
    // Whatever the balance is: what cannot be done has no price.
    expect(await submitWith(userId, uploadId, { price: 100 })).toEqual({ outcome });
  });

  it('that cannot be paid leaves the upload to the next', async () => {
    const userId = await makeAccount(pool(), { balance: 1 });
    const uploadId = await makeFile(pool(), { userId });
    await nothingChanges(async () => {
      expect(await submitWith(userId, uploadId, { price: 2 })).toMatchObject({ outcome: 'INSUFFICIENT_TOKENS' });
    });
    expect(await submitWith(userId, uploadId)).toMatchObject({ outcome: 'SUBMITTED' });
  });

  it('is replayed by its key though the upload is taken, also once the job is deleted', async () => {
    const userId = await makeAccount(pool());
    const uploadId = await makeFile(pool(), { userId });
    const idempotency = { key: 'k', mutation: 'submitCompression', inputHash: 'h' };
    const first = await submitWith(userId, uploadId, { idempotency });
    if (first.outcome !== 'SUBMITTED') throw new Error(first.outcome);
    const again = { outcome: 'SUBMITTED', replayed: true, job: { id: first.job.id } };
    expect(await submitWith(userId, uploadId, { idempotency })).toMatchObject(again);
    await lifecycle().cancel({ jobId: first.job.id, scope: { owner: userId }, message: 'Cancelled by user' });
    await lifecycle().bury(first.job.id, { owner: userId });
    expect(await submitWith(userId, uploadId, { idempotency })).toMatchObject(again);
    expect(await submitWith(userId, uploadId)).toEqual({ outcome: 'UPLOAD_NOT_FOUND' });
  });

  it('that comes many times at once makes one job, and is charged once', async () => {
    const userId = await makeAccount(pool(), { balance: 10 });
    const uploadId = await makeFile(pool(), { userId });
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => submitWith(userId, uploadId, {}, index % 2 ? api() : other())),
    );
    const words = outcomes.map(({ outcome }) => outcome).sort();
    expect(words).toEqual(['SUBMITTED', ...Array(9).fill('UPLOAD_TAKEN')]);
    expect(await readBalance(pool(), userId)).toBe(9);
  });

  it('finds nothing where the upload is pruned just before', async () => {
    const userId = await makeAccount(pool());
    const uploadId = await makeFile(pool(), { userId });
    const client = await pool().connect();
    await client.query('begin');
    await client.query('delete from files where id = $1', [uploadId]);
    const submitting = submitWith(userId, uploadId);
    await waitUntilBlocked(pool());
    await client.query('commit');
    client.release();
    expect(await submitting).toEqual({ outcome: 'UPLOAD_NOT_FOUND' });
  });
});

const upload = { name: 'a.csv', contentType: 'text/csv', size: 3, sha256: null };

async function announce(userId: string, sha256: string | null = null) {
  const announced = await lifecycle().announceUpload({ ...upload, userId, sha256 }, ENOUGH);
  if (announced.outcome !== 'ANNOUNCED') throw new Error(announced.outcome);
  return announced.file;
}

describe('an upload', () => {
  it('is refused where too many wait for a job, by their number and by their bytes, and leaves nothing', async () => {
    const userId = await makeAccount(pool());
    const { jobId } = await makeJob(pool(), { status: 'QUEUED', userId });
    await makeFile(pool(), { userId, jobId });
    await makeFile(pool(), { userId: await makeAccount(pool()), storedAs: null });
    await makeFile(pool(), { userId, storedAs: null, createdAt: 3_600 });
    await makeFile(pool(), { userId, createdAt: 60 });
    const tryWith = (most: typeof ENOUGH, size = 3) => lifecycle().announceUpload({ ...upload, userId, size }, most);
    await nothingChanges(async () => {
      // The first of them is an hour old, and is given up after a day.
      const refused = { outcome: 'UPLOADS_WAITING', retryAfterSeconds: 23 * 3_600 };
      for (const [most, size] of [
        [{ uploads: 2, bytes: 100 }, 3],
        [{ uploads: 3, bytes: 18 }, 3],
        [{ uploads: 3, bytes: 19 }, 4],
        [{ uploads: 3, bytes: 0 }, 2_147_483_647],
      ] as const) {
        const outcome = await tryWith(most, size);
        expect(outcome).toMatchObject({ outcome: refused.outcome });
        expect(outcome).toHaveProperty('retryAfterSeconds', expect.closeTo(refused.retryAfterSeconds, -2));
      }
    });
    expect(await tryWith({ uploads: 3, bytes: 19 })).toMatchObject({ outcome: 'ANNOUNCED' });
    expect(await tryWith({ uploads: 3, bytes: 100 })).toMatchObject({ outcome: 'UPLOADS_WAITING' });
  });

  it('waits for another of the same user, and counts it', async () => {
    const userId = await makeAccount(pool());
    const client = await pool().connect();
    await client.query('begin');
    await client.query('select from accounts where user_id = $1 for update', [userId]);
    const rival = other().lifecycle.announceUpload({ ...upload, userId }, { ...ENOUGH, uploads: 1 });
    await waitUntilBlocked(pool());
    await client.query(
      `insert into files (user_id, role, name, content_type, size) values ($1, 'INPUT', 'a.csv', 'text/csv', 3)`,
      [userId],
    );
    await client.query('commit');
    client.release();
    expect(await rival).toMatchObject({ outcome: 'UPLOADS_WAITING' });
  });

  it('is one of as many as may wait, however many are announced at once', async () => {
    const userId = randomUUID();
    const most = { ...ENOUGH, uploads: 5 };
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 === 0 ? lifecycle() : other().lifecycle).announceUpload({ ...upload, userId }, most),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'ANNOUNCED')).toHaveLength(5);
    expect(await readFiles('user_id = $1', userId)).toHaveLength(5);
  });

  it('gets its bytes once, and they are not to be removed any more', async () => {
    const { id } = await announce(randomUUID());
    const [first, second] = [randomUUID(), randomUUID()];
    await lifecycle().reserveBytes([first, second], 60_000);
    expect(await lifecycle().storeUpload(id, { storedAs: first, sha256: 'a'.repeat(64) })).toBe(true);
    await nothingChanges(async () => {
      expect(await lifecycle().storeUpload(id, { storedAs: second, sha256: 'b'.repeat(64) })).toBe(false);
    });
    expect(await readFiles('id = $1', id)).toMatchObject([{ stored_as: first, sha256: 'a'.repeat(64) }]);
    await lifecycle().dropBytes([first, second]);
    expect(await lifecycle().takeDueRemovals()).toEqual([second]);
    await lifecycle().endRemovals([second]);
  });

  it('does not get bytes that somebody has begun to remove, nor any that were never announced', async () => {
    const { id } = await announce(randomUUID());
    const [given, unknown] = [randomUUID(), randomUUID()];
    await lifecycle().reserveBytes([given], 0);
    expect(await lifecycle().takeDueRemovals()).toEqual([given]);
    await nothingChanges(async () => {
      expect(await lifecycle().storeUpload(id, { storedAs: given, sha256: 'a'.repeat(64) })).toBe(false);
      expect(await lifecycle().storeUpload(id, { storedAs: unknown, sha256: 'a'.repeat(64) })).toBe(false);
    });
    await lifecycle().endRemovals([given]);
  });

  it('is pruned with its bytes after a while, unless a job took it', async () => {
    const made = await makeJob(pool(), { status: 'QUEUED' });
    const [old, bytes] = [{ createdAt: 90_000, userId: made.userId }, randomUUID()];
    const pruned = [
      await makeFile(pool(), { ...old, storedAs: bytes }),
      await makeFile(pool(), { ...old, storedAs: null }),
    ];
    const taken = await makeFile(pool(), { ...old, jobId: made.jobId });
    const young = await makeFile(pool(), { userId: made.userId, createdAt: 80_000 });
    expect(await lifecycle().prune(null)).toMatchObject({ uploads: 2 });
    expect(await readFiles('id = any($1)', pruned)).toEqual([]);
    expect(await readFiles('id = any($1)', [taken, young])).toHaveLength(2);
    expect(await lifecycle().takeDueRemovals()).toEqual([bytes]);
    await lifecycle().endRemovals([bytes]);
  });
});

describe('a removal', () => {
  it('is taken up by one of many, who leaves it longer each time it fails', async () => {
    const names = Array.from({ length: 150 }, () => randomUUID());
    await lifecycle().reserveBytes(names, 0);
    const taken = await Promise.all([api(), other(), api(), other()].map((one) => one.lifecycle.takeDueRemovals()));
    expect(taken.flat().sort()).toEqual(names.toSorted());
    expect(await lifecycle().takeDueRemovals()).toEqual([]);
    const due = async () => {
      const { rows } = await pool().query(
        `select distinct tries, round(extract(epoch from due_at - now()) / 60)::int as minutes from file_removals`,
      );
      return rows;
    };
    expect(await due()).toEqual([{ tries: 1, minutes: 1 }]);
    for (const [tries, minutes] of [
      [2, 2],
      [3, 4],
    ]) {
      await pool().query('update file_removals set due_at = now()');
      await lifecycle().takeDueRemovals();
      await lifecycle().takeDueRemovals();
      expect(await due()).toEqual([{ tries, minutes }]);
    }
    await pool().query('update file_removals set due_at = now(), tries = 500');
    await lifecycle().takeDueRemovals();
    await lifecycle().takeDueRemovals();
    expect(await due()).toEqual([{ tries: 501, minutes: 60 }]);
    await lifecycle().endRemovals(names);
    expect(await readRemovals(pool())).toEqual([]);
  });

  it('knows the bytes of rows and those that are announced, and no others', async () => {
    const [ofRow, announced, stray] = [randomUUID(), randomUUID(), randomUUID()];
    await makeFile(pool(), { userId: randomUUID(), storedAs: ofRow });
    await lifecycle().reserveBytes([announced], 60_000);
    expect(await lifecycle().findUnknownBytes([ofRow, announced, stray])).toEqual([stray]);
    await lifecycle().endRemovals([announced]);
  });
});

describe('the outputs of a run', () => {
  const output = (storedAs: string): OutputFile => ({
    ...{ name: 'a.csv.gz', contentType: 'application/gzip', size: 3, sha256: 'a'.repeat(64), storedAs },
  });

  it('become the job’s own in the transaction that completes it', async () => {
    const made = await makeJob(pool(), { status: 'PROCESSING' });
    const names = [randomUUID(), randomUUID()];
    await lifecycle().reserveBytes(names, 60_000);
    await lifecycle().complete(made, { ok: true }, names.map(output));
    expect((await readJob(pool(), made.jobId)).job.status).toBe('COMPLETED');
    const files = await readFiles('job_id = $1', made.jobId);
    expect(files.map(({ stored_as }) => stored_as).sort()).toEqual(names.toSorted());
    expect(files).toMatchObject([{ role: 'OUTPUT', user_id: made.userId, size: 3 }, { name: 'a.csv.gz' }]);
    expect(await readRemovals(pool())).toEqual([]);
  });

  it('whose bytes were given up keep the job from completing, and change nothing', async () => {
    const made = await makeJob(pool(), { status: 'PROCESSING' });
    const [kept, lost] = [randomUUID(), randomUUID()];
    await lifecycle().reserveBytes([kept], 60_000);
    await lifecycle().reserveBytes([lost], 0);
    await lifecycle().takeDueRemovals();
    await nothingChanges(async () => {
      await expect(lifecycle().complete(made, { ok: true }, [output(kept), output(lost)])).rejects.toThrow(FilesLost);
    });
    await lifecycle().endRemovals([kept, lost]);
  });

  it('of a zombie are not taken, and stay in the books', async () => {
    const made = await makeJob(pool(), { status: 'PROCESSING' });
    const name = randomUUID();
    await lifecycle().reserveBytes([name], 60_000);
    await nothingChanges(async () => {
      const zombie = lifecycle().complete({ ...made, leaseToken: randomUUID() }, { ok: true }, [output(name)]);
      await expect(zombie).rejects.toThrow(MoveRefused);
    });
    await lifecycle().endRemovals([name]);
  });

  it('are taken or removed, never both, whoever comes first', async () => {
    const made = await makeJob(pool(), { status: 'PROCESSING' });
    const name = randomUUID();
    await lifecycle().reserveBytes([name], 0);
    const lock = await holdLock(pool(), 'select from analysis_jobs where id = $1', [made.jobId]);
    const refused = expect(lifecycle().complete(made, { ok: true }, [output(name)])).rejects.toThrow(FilesLost);
    await waitUntilBlocked(pool());
    expect(await other().lifecycle.takeDueRemovals()).toEqual([name]);
    await lock[Symbol.asyncDispose]();
    await refused;
    expect(await readFiles('job_id = $1', made.jobId)).toEqual([]);
    await lifecycle().endRemovals([name]);
  });
});

describe('the files of a job', () => {
  const verbs: Record<string, (made: Awaited<ReturnType<typeof makeJob>>) => Promise<unknown>> = {
    bury: ({ jobId }) => lifecycle().bury(jobId, 'any owner'),
    forceDelete: ({ jobId }) => lifecycle().forceDelete(jobId, 'any owner'),
    deleteResult: ({ resultId }) => lifecycle().deleteResult(resultId!, 'any owner'),
  };

  it.each(Object.keys(verbs))('go with it in the same transaction, and their bytes are due: %s', async (verb) => {
    const made = await makeJob(pool(), { status: 'COMPLETED' });
    const names = [randomUUID(), randomUUID()];
    await makeFile(pool(), { ...made, role: 'OUTPUT', storedAs: names[0]! });
    const uploaded = await uploadOf(made, names[1]!);
    await verbs[verb]!(made);
    expect(await readFiles('id = $1 or job_id = $2', uploaded, made.jobId)).toEqual([]);
    expect((await lifecycle().takeDueRemovals()).sort()).toEqual(names.toSorted());
    await lifecycle().endRemovals(names);
  });

  it('stay through cancel and retry', async () => {
    const made = await makeJob(pool(), { status: 'QUEUED', price: 0 });
    const fileId = await makeFile(pool(), { ...made });
    const scope = { owner: made.userId };
    await lifecycle().cancel({ jobId: made.jobId, scope, message: 'Cancelled by user' });
    await lifecycle().retry({ jobId: made.jobId, scope, priceOf: () => 0, tierPriority: 0 });
    expect(await readFiles('job_id = $1', made.jobId)).toMatchObject([{ id: fileId }]);
    expect(await readRemovals(pool())).toEqual([]);
  });

  it('are orphans where the job went without them, and are removed as such', async () => {
    const made = await makeJob(pool(), { status: 'QUEUED' });
    const storedAs = randomUUID();
    const fileId = await makeFile(pool(), { ...made, storedAs });
    await bend(pool(), 'delete from analysis_jobs where id = $1', [made.jobId]);
    await bend(pool(), 'delete from analysis_results where job_id = $1', [made.jobId]);
    await bend(pool(), 'delete from job_events where job_id = $1', [made.jobId]);
    expect((await lifecycle().findOrphans()).fileIds).toEqual([fileId]);
    expect((await lifecycle().removeOrphans()).fileIds).toEqual([fileId]);
    expect(await lifecycle().takeDueRemovals()).toEqual([storedAs]);
    await lifecycle().endRemovals([storedAs]);
    await bend(pool(), 'delete from ledger_entries where job_id = $1', [made.jobId]);
    await bend(pool(), 'delete from accounts where user_id = $1', [made.userId]);
  });
});

/** An input of a job that is finished: it came in while the job waited. */
async function uploadOf(made: { jobId: string; userId: string }, storedAs: string): Promise<string> {
  const id = randomUUID();
  await bend(
    pool(),
    `insert into files (id, user_id, job_id, role, name, content_type, size, sha256, stored_as, stored_at)
     values ($1, $2, $3, 'INPUT', 'a.csv', 'text/csv', 1, repeat('0', 64), $4, now())`,
    [id, made.userId, made.jobId, storedAs],
  );
  return id;
}

const WRITTEN_ONCE = 'AS003';
const CHECK_VIOLATION = '23514';

/** What PostgreSQL answers to a change by hand, which is taken back: the error's code, or null where it was let through. */
async function tryByHand(statement: string, values: unknown[] = [], mover = ''): Promise<string | null> {
  const client = await pool().connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('assay.mover', $1, true)`, [mover]);
    await client.query(statement, values);
    return null;
  } catch (error) {
    return (error as pg.DatabaseError).code ?? 'unknown';
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe('a change of a file by hand', () => {
  const stored = `stored_as = gen_random_uuid(), stored_at = now(), sha256 = repeat('0', 64)`;

  async function makeEach(): Promise<Record<string, string>> {
    const waiting = await makeJob(pool(), { status: 'QUEUED' });
    const completed = await makeJob(pool(), { status: 'COMPLETED' });
    const { userId } = waiting;
    return {
      announced: await makeFile(pool(), { userId, storedAs: null }),
      uploaded: await makeFile(pool(), { userId }),
      taken: await makeFile(pool(), waiting),
      made: await makeFile(pool(), { ...completed, role: 'OUTPUT' }),
    };
  }

  it.each([
    ['id', 'assay_uuid()'],
    ['user_id', 'assay_uuid()'],
    ['role', `case role when 'INPUT' then 'OUTPUT' else 'INPUT' end`],
    ['name', `'another'`],
    ['content_type', `'text/plain'`],
    ['size', 'size + 1'],
    ['created_at', `created_at - interval '1 s'`],
    ['sha256', `repeat('f', 64)`],
  ])('is refused whatever the file is: %s', async (column, value) => {
    for (const [what, id] of Object.entries(await makeEach())) {
      const code = await tryByHand(`update files set ${column} = ${value} where id = $1`, [id]);
      expect([what, code]).toEqual([what, WRITTEN_ONCE]);
    }
  });

  it('lets bytes come to an upload once, and not others than announced', async () => {
    const { announced, ...others } = await makeEach();
    expect(await tryByHand(`update files set ${stored} where id = $1`, [announced])).toBeNull();
    expect(await tryByHand(`update files set stored_as = gen_random_uuid() where id = $1`, [announced])).toBe(
      CHECK_VIOLATION,
    );
    for (const id of Object.values(others)) {
      expect(await tryByHand(`update files set ${stored} where id = $1`, [id])).toBe(WRITTEN_ONCE);
      expect(await tryByHand('update files set stored_as = null, stored_at = null where id = $1', [id])).toBe(
        WRITTEN_ONCE,
      );
    }
    const { id } = await announce(randomUUID(), 'f'.repeat(64));
    expect(await tryByHand(`update files set ${stored} where id = $1`, [id])).toBe(WRITTEN_ONCE);
    expect(await tryByHand(`update files set ${stored.replace("'0'", "'f'")} where id = $1`, [id])).toBeNull();
  });

  it('lets a waiting job of the same user take an upload that is stored, once', async () => {
    const { announced, uploaded, taken } = await makeEach();
    const [{ user_id: userId }] = await readFiles('id = $1', uploaded);
    const take = (id: unknown, jobId: string) => tryByHand('update files set job_id = $2 where id = $1', [id, jobId]);
    const waiting = await makeJob(pool(), { status: 'QUEUED', userId, price: 0 });
    expect(await take(uploaded, waiting.jobId)).toBeNull();
    expect(await take(announced, waiting.jobId)).toBe(CHECK_VIOLATION);
    expect(await take(taken, waiting.jobId)).toBe(WRITTEN_ONCE);
    expect(await take(uploaded, randomUUID())).toBe('23503');
    for (const status of ['PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) {
      expect(await take(uploaded, (await makeJob(pool(), { status, userId, price: 0 })).jobId)).toBe(WRITTEN_ONCE);
    }
    expect(await take(uploaded, (await makeJob(pool(), { status: 'QUEUED' })).jobId)).toBe(WRITTEN_ONCE);
  });

  it('lets an output come with a completed job alone', async () => {
    const insert = async (options: Partial<FileOptions> & { userId: string }) => {
      const { userId, jobId, role = 'OUTPUT' } = options;
      return await tryByHand(
        `insert into files (user_id, job_id, role, name, content_type, size, sha256, stored_as, stored_at)
         values ($1, $2, $3, 'a', 'a/b', 1, repeat('0', 64), gen_random_uuid(), now())`,
        [userId, jobId, role],
      );
    };
    for (const status of ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) {
      const made = await makeJob(pool(), { status });
      expect([status, await insert(made)]).toEqual([status, status === 'COMPLETED' ? null : WRITTEN_ONCE]);
      expect(await insert({ ...made, userId: randomUUID() })).toBe(WRITTEN_ONCE);
    }
    expect(await insert({ ...(await makeJob(pool(), { status: 'COMPLETED', deleted: true })) })).toBe(WRITTEN_ONCE);
    expect(await insert({ userId: randomUUID(), jobId: null })).toBe(CHECK_VIOLATION);
  });

  it.each(['', 'prune', 'repair', 'delete'])('lets nobody remove a file of a job but a deletion: %o', async (mover) => {
    const { announced, uploaded, taken, made } = await makeEach();
    const remove = (id: unknown) => tryByHand('delete from files where id = $1', [id], mover);
    expect([await remove(announced), await remove(uploaded)]).toEqual([null, null]);
    const verdict = mover === 'delete' ? null : WRITTEN_ONCE;
    expect([await remove(taken), await remove(made)]).toEqual([verdict, verdict]);
  });

  it('takes the files with the job, also from psql, and remembers their bytes', async () => {
    const made = await makeJob(pool(), { status: 'COMPLETED', price: 0 });
    const storedAs = randomUUID();
    await makeFile(pool(), { ...made, role: 'OUTPUT', storedAs });
    const client = await pool().connect();
    await client.query('begin');
    await client.query('delete from analysis_results where job_id = $1', [made.jobId]);
    expect((await client.query('select from files where job_id = $1', [made.jobId])).rowCount).toBe(0);
    const { rows } = await client.query('select due_at <= now() as is_due from file_removals where stored_as = $1', [
      storedAs,
    ]);
    expect(rows).toEqual([{ is_due: true }]);
    await client.query('rollback');
    client.release();
  });
});
