import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobStatus } from '../../src/entities/job-status.ts';
import { examine, type Finding, mend } from '../../src/lifecycle/doctor.ts';
import { GUARDS } from '../../src/lifecycle/invariants/guards.ts';
import { INVARIANTS, type InvariantId } from '../../src/lifecycle/invariants.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle/lifecycle.ts';
import { createOrm } from '../../src/orm.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertCopy, type JobOptions, type MadeJob, makeAccount, makeJob } from '../support/factory.ts';
import { makeFile } from '../support/files.ts';
import { readLease } from './lifecycles.ts';
import { bend, readBalance } from './rows.ts';

let database: TestDatabase;
let orm: MikroORM;
let lifecycle: Lifecycle;
beforeEach(async () => {
  database = await createTestDatabase({ bent: 'each test breaks the rows for the doctor to find' });
  orm = await createOrm({ url: database.url, name: 'doctor' });
  lifecycle = createLifecycle({ orm, startingTokens: 0, wake: () => undefined });
});
afterEach(async () => {
  await orm.close();
  await database.drop();
});

/** One look, by a lease that a worker of an hour ago has lost. */
async function findings(): Promise<Finding[]> {
  return await examine(database.pool, { leaseMs: await readLease(database.pool), graceMs: 0 });
}

const brokenIds = async () => (await findings()).map(({ invariant }) => invariant.id);

async function repair(): Promise<string[]> {
  return (await mendAll()).done;
}

async function mendAll() {
  return await mend(orm.em.fork(), await findings(), { leaseMs: await readLease(database.pool), runLimitsMs: {} });
}

/** As a worker really runs a job: its task names the attempt that runs. */
async function makeRunning(pool: pg.Pool, options: Partial<JobOptions> = {}): Promise<MadeJob> {
  const made = await makeJob(pool, { status: 'PROCESSING', ...options });
  await setTask(pool, made, `payload = jsonb_set(payload::jsonb, '{attempt}', '${made.attempt}')::json`);
  return made;
}

async function setTask(pool: pg.Pool, { jobId }: MadeJob, assignment: string): Promise<void> {
  await pool.query(`update graphile_worker._private_jobs set ${assignment} where key = $1`, [`job:${jobId}`]);
}

async function addTask(pool: pg.Pool, { jobId, round, attempt }: MadeJob): Promise<void> {
  const payload = JSON.stringify({ jobId, round, attempt: attempt + 1 });
  await pool.query(`select graphile_worker.add_job('run_job', $1, max_attempts := 1)`, [payload]);
}

/** Takes a CHECK away, and puts it back over the rows that break it by then, as a careless restore would. */
async function without(pool: pg.Pool, table: string, check: string, act: () => Promise<unknown>): Promise<void> {
  const { rows } = await pool.query<{ text: string }>(
    'select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1',
    [check],
  );
  await pool.query(`alter table ${table} drop constraint ${check}`);
  await act();
  await pool.query(`alter table ${table} add constraint ${check} ${rows[0]?.text} not valid`);
}

type Damage = (pool: pg.Pool) => Promise<unknown>;

const bent =
  (status: JobStatus, statement: string, options: Partial<JobOptions> = {}): Damage =>
  async (pool) => {
    await makeJob(pool, { status, ...options });
    await bend(pool, statement);
  };

/** How an invariant is broken, and what else the same rows cannot but break. */
const damages: [id: InvariantId, how: string, damage: Damage, also?: InvariantId[]][] = [
  ['balance-is-sum', 'a balance that was filled up by hand', bent('QUEUED', 'update accounts set balance = 9')],
  [
    'entry-tells-balance',
    'an entry that tells another balance',
    bent('COMPLETED', `update ledger_entries set balance = 3 where entry = 'CHARGE'`),
  ],
  [
    'balance-not-negative',
    'an overdrawn account',
    async (pool) => {
      const userId = await makeAccount(pool, { balance: 1 });
      await without(pool, 'ledger_entries', 'ledger_balance_not_negative', async () => {
        await pool.query(
          `insert into ledger_entries (user_id, entry, amount, balance, reason) values ($1, 'ADJUST', -2, -1, 'Test')`,
          [userId],
        );
        await pool.query(
          `insert into ledger_entries (user_id, entry, amount, balance, reason) values ($1, 'GRANT', 1, 0, 'Test')`,
          [userId],
        );
        await pool.query('update accounts set balance = 0');
      });
    },
    ['guards-stand'],
  ],
  ['round-charged-once', 'a price that was raised', bent('COMPLETED', 'update analysis_jobs set price = 2')],
  [
    'round-charged-once',
    'a charge for a round to come',
    bent(
      'COMPLETED',
      `insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select user_id, entry, amount, 0, job_id, 2 from ledger_entries where entry = 'CHARGE'
      union all select user_id, 'GRANT', 1, 1, null, null from accounts order by 2 desc`,
    ),
  ],
  [
    'failed-round-paid-back',
    'a refund that is named otherwise',
    bent('FAILED', `update ledger_entries set entry = 'ADJUST', job_id = null, round = null where entry = 'REFUND'`),
  ],
  [
    'refund-is-due',
    'a completed round that is paid back',
    bent(
      'COMPLETED',
      `with paid as (update accounts set balance = 1)
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select user_id, 'REFUND', 1, 1, id, round from analysis_jobs`,
    ),
  ],
  [
    'refund-is-due',
    'more than was charged',
    bent(
      'FAILED',
      `with more as (update ledger_entries set amount = 2, balance = 2 where entry = 'REFUND')
      update accounts set balance = 2`,
    ),
  ],
  ['events-without-gap', 'a job that is ahead of its log', bent('COMPLETED', 'update analysis_jobs set seq = 4')],
  ['events-without-gap', 'a job without a log', bent('COMPLETED', 'delete from job_events')],
  [
    'events-are-moves',
    'a release of what did not run',
    async (pool) => {
      await makeJob(pool, { status: 'QUEUED', attempt: 1 });
      await insertCopy(pool, 'job_events', 'seq = 3', { seq: '4' });
      await bend(pool, 'update analysis_jobs set seq = 4');
    },
  ],
  [
    'events-are-moves',
    'an attempt that was left out',
    bent(
      'FAILED',
      `with jump as (update job_events set attempt = 2 where seq > 1) update analysis_jobs set attempt = 2`,
    ),
  ],
  ['events-are-moves', 'a round that came too early', bent('FAILED', 'update job_events set round = 2 where seq = 2')],
  ['events-are-moves', 'a life without a beginning', bent('QUEUED', `update job_events set type = 'RELEASED'`)],
  [
    'events-are-moves',
    'life after death',
    async (pool) => {
      await makeJob(pool, { status: 'FAILED', deleted: true });
      await insertCopy(pool, 'job_events', 'seq = 4', { seq: '5' });
      await bend(pool, 'update analysis_jobs set seq = 5');
    },
  ],
  [
    'events-in-order',
    'an event that was before its cause',
    bent('COMPLETED', `update job_events set at = at - interval '1 day' where seq = 2`),
  ],
  [
    'round-ends-once',
    'a round with two ends',
    bent('COMPLETED', `update job_events set type = 'CANCELLED', status = 'CANCELLED' where seq = 2`),
    ['events-are-moves'],
  ],
  [
    'row-is-its-events',
    'an end that was dated back',
    bent('COMPLETED', `update analysis_jobs set finished_at = finished_at - interval '1 millisecond'`),
  ],
  [
    'row-is-its-events',
    'another reason',
    bent('FAILED', `update analysis_jobs set failure_message = 'It did what it could'`),
  ],
  [
    'attempts-within-limit',
    'a limit that was lowered afterwards',
    async (pool) => {
      const { jobId } = await makeJob(pool, { status: 'FAILED', attempt: 3 });
      await lifecycle.retry({ jobId, scope: 'any owner', priceOf: () => 1, tierPriority: 0 });
      await bend(pool, 'update analysis_jobs set max_attempts = 2');
    },
  ],
  [
    'tombstone-is-silent',
    'an event of a deleted job that still talks',
    bent('FAILED', `update job_events set error_message = 'No such patient: Ada' where seq = 2`, { deleted: true }),
  ],
  [
    'gone-jobs-leave-one-event',
    'a job that was deleted around the lifecycle',
    bent('COMPLETED', 'with gone as (delete from analysis_results) delete from analysis_jobs'),
  ],
  ['job-has-its-result', 'a job without its result', bent('COMPLETED', 'delete from analysis_results')],
  [
    'job-has-its-result',
    'a job that points elsewhere',
    bent('COMPLETED', `update analysis_jobs set result_id = '${randomUUID()}'`),
  ],
  ['result-follows-job', 'a result that drifted', bent('FAILED', `update analysis_results set status = 'PROCESSING'`)],
  [
    'result-follows-job',
    'a result of another user',
    bent('FAILED', `update analysis_results set user_id = '${randomUUID()}'`),
  ],
  [
    'result-has-its-job',
    'a result without its job',
    bent('COMPLETED', 'with gone as (delete from job_events) delete from analysis_jobs'),
  ],
  [
    'one-owner',
    'an event of another user',
    bent('COMPLETED', `update job_events set user_id = '${randomUUID()}' where seq = 1`),
  ],
  [
    'one-owner',
    'a charge of another user',
    async (pool) => {
      await makeJob(pool, { status: 'COMPLETED' });
      const userId = await makeAccount(pool, { balance: 0 });
      await bend(pool, 'update ledger_entries set user_id = $1', [userId]);
      await bend(pool, 'update accounts set balance = 0');
    },
  ],
  [
    'one-owner',
    'a file of another user',
    async (pool) => {
      await makeFile(pool, await makeJob(pool, { status: 'QUEUED' }));
      await bend(pool, 'update files set user_id = $1', [randomUUID()]);
    },
  ],
  [
    'file-has-its-job',
    'a file without its job',
    async (pool) => {
      const userId = randomUUID();
      const fileId = await makeFile(pool, { userId });
      await bend(pool, 'update files set job_id = $1 where id = $2', [randomUUID(), fileId]);
    },
  ],
  [
    'file-has-its-job',
    'a file of a deleted job',
    async (pool) => {
      const { jobId, userId } = await makeJob(pool, { status: 'COMPLETED', deleted: true });
      await bend(pool, 'update files set job_id = $1 where id = $2', [jobId, await makeFile(pool, { userId })]);
    },
  ],
  [
    'file-keeps-its-bytes',
    'bytes that are about to be removed',
    async (pool) => {
      await makeFile(pool, await makeJob(pool, { status: 'QUEUED' }));
      await pool.query('insert into file_removals (stored_as, due_at) select stored_as, now() from files');
    },
  ],
  [
    'key-leads-to-own-job',
    'a key of another user',
    bent(
      'COMPLETED',
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
      select 'somebody', 'k', 'submitJob', 'h', id from analysis_jobs`,
    ),
  ],
  [
    'key-leads-to-own-job',
    'a key that outlived its job',
    bent(
      'COMPLETED',
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
      values ('${randomUUID()}', 'k', 'submitJob', 'h', '${randomUUID()}')`,
    ),
  ],
  [
    'guards-stand',
    'a trigger that is off',
    (pool) => pool.query('alter table analysis_jobs disable trigger jobs_guarded'),
  ],
  [
    'guards-stand',
    'a CHECK that is gone',
    (pool) => pool.query('alter table analysis_jobs drop constraint jobs_finished_has_time'),
  ],
  [
    'guards-stand',
    'a CHECK that has not seen the rows',
    async (pool) => {
      await makeJob(pool, { status: 'FAILED' });
      await without(pool, 'analysis_results', 'results_content_fits_status', () =>
        pool.query(`update analysis_results set test_result = '{}'`),
      );
    },
  ],
  [
    'waiting-job-can-run',
    'a waiting job whose attempts are used up',
    async (pool) => {
      await makeJob(pool, { status: 'QUEUED', attempt: 1 });
      await without(pool, 'analysis_jobs', 'jobs_run_fits_status', () =>
        bend(pool, 'update analysis_jobs set max_attempts = 1'),
      );
    },
    ['guards-stand'],
  ],
  ['waiting-job-has-task', 'a lost task', (pool) => makeJob(pool, { status: 'QUEUED', task: false })],
  [
    'waiting-job-has-task',
    'a task for another attempt',
    async (pool) =>
      setTask(
        pool,
        await makeJob(pool, { status: 'QUEUED', attempt: 1 }),
        `payload = jsonb_set(payload::jsonb, '{attempt}', '1')::json`,
      ),
  ],
  ['waiting-job-has-task', 'two tasks', async (pool) => addTask(pool, await makeJob(pool, { status: 'QUEUED' }))],
  [
    'runnable-task-has-waiting-job',
    'a task of a finished job',
    async (pool) => addTask(pool, await makeJob(pool, { status: 'COMPLETED' })),
  ],
  [
    'held-task-is-running',
    'a used-up task',
    async (pool) => {
      await addTask(pool, await makeJob(pool, { status: 'COMPLETED' }));
      await pool.query('update graphile_worker._private_jobs set attempts = max_attempts');
    },
  ],
  [
    'held-task-is-running',
    'a task that a dead worker holds',
    async (pool) => {
      await makeRunning(pool);
      await pool.query('delete from workers');
    },
  ],
  ['running-job-has-worker', 'a worker that fell silent', (pool) => makeRunning(pool, { leaseExpiresIn: -3_000 })],
  [
    'ended-job-is-let-go',
    'a thread that was never let go',
    (pool) => makeJob(pool, { status: 'CANCELLED', threadRuns: true, leaseExpiresIn: -3_000 }),
  ],
  [
    'one-sync-per-source',
    'two syncs of a source that wait',
    async (pool) => {
      await pool.query('drop index jobs_active_of_source');
      for (const syncSource of ['SKK', 'SKK', 'PANGKAT'] as const) {
        await makeJob(pool, { kind: 'SYNC', syncSource, status: 'QUEUED', price: 0 });
      }
    },
  ],
  [
    'gathered-rows-have-attempt',
    'rows that a lost sync has left',
    async (pool) => {
      const { jobId } = await makeJob(pool, { kind: 'SYNC', status: 'FAILED', price: 0 });
      await pool.query(
        `insert into sync_staging (job_id, lease_token, id, data, words) values ($1, $2, 'a', '{}', '')`,
        [jobId, randomUUID()],
      );
    },
  ],
];

describe('an invariant', () => {
  it.each(damages)('%s finds %s, and nothing else is said of it', async (id, _how, damage, also = []) => {
    await damage(database.pool);
    expect((await brokenIds()).toSorted()).toEqual([id, ...also].toSorted());
  });

  it('is broken in this file at least once, each of them', () => {
    const broken = new Set(damages.map(([id]) => id));
    expect(INVARIANTS.map(({ id }) => id).filter((id) => !broken.has(id))).toEqual([]);
  });

  it('holds of jobs of every status, retried and deleted ones among them', async () => {
    const { pool } = database;
    for (const status of Object.values(JobStatus)) {
      for (const price of [0, 1]) {
        if (status === 'PROCESSING') await makeRunning(pool, { price, attempt: 2 });
        else await makeJob(pool, { status, price });
      }
    }
    const { jobId } = await makeJob(pool, { status: 'FAILED', price: 2 });
    await lifecycle.retry({ jobId, scope: 'any owner', priceOf: () => 1, tierPriority: 0 });
    const buried = await makeJob(pool, { status: 'FAILED' });
    await lifecycle.bury(buried.jobId, 'any owner');
    const gone = await makeJob(pool, { status: 'QUEUED' });
    await lifecycle.forceDelete(gone.jobId, 'any owner');
    expect(await findings()).toEqual([]);
  });

  it('holds of a history whose beginning was pruned', async () => {
    await makeJob(database.pool, { status: 'COMPLETED', attempt: 2 });
    await makeJob(database.pool, { status: 'FAILED', deleted: true });
    await bend(database.pool, `delete from job_events where seq < 3 or status = 'FAILED'`);
    expect(await findings()).toEqual([]);
  });

  it('that settles counts only when the same row is found a second time', async () => {
    const { pool } = database;
    const made = await makeJob(pool, { status: 'QUEUED', task: false });
    const lasting = await makeJob(pool, { status: 'QUEUED', task: false });
    const invariants = INVARIANTS.filter(({ id }) => id === 'waiting-job-has-task');
    let looks = 0;
    const query = async (text: string, values: unknown[]) => {
      const answer = await pool.query(text, values);
      looks += 1;
      if (looks === 1) await lifecycle.cancel({ jobId: made.jobId, scope: 'any owner', message: 'Cancelled by user' });
      return answer;
    };
    const reader = { query } as Pick<pg.ClientBase, 'query'>;
    const found = await examine(reader, { leaseMs: 10_000, graceMs: 1, invariants });
    expect(found.flatMap(({ rows }) => rows.map(({ subject }) => subject))).toEqual([lasting.jobId]);
    expect(looks).toBe(2);
  });

  it('is not looked at any more once the examination is given up, not even after the time of grace', async () => {
    const { pool } = database;
    await makeJob(pool, { status: 'QUEUED', task: false });
    const given = new AbortController();
    let looks = 0;
    const query = async (text: string, values: unknown[]) => {
      const answer = await pool.query(text, values);
      looks += 1;
      if (looks === INVARIANTS.length) setImmediate(() => given.abort(new Error('given up')));
      return answer;
    };
    const reader = { query } as Pick<pg.ClientBase, 'query'>;
    const options = { leaseMs: 10_000, graceMs: 3_600_000, signal: given.signal };
    await expect(examine(reader, options)).rejects.toThrow('aborted');
    await expect(examine(reader, options)).rejects.toThrow('given up');
    expect(looks).toBe(INVARIANTS.length);
  });

  it('knows every constraint and trigger of the schema', async () => {
    const { rows } = await database.pool.query<{ name: string }>(
      `select conname as name from pg_constraint where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'u')
         and conrelid <> 'mikro_orm_migrations'::regclass
       union all
       select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
       where not tgisinternal and c.relnamespace = 'public'::regnamespace`,
    );
    expect([...GUARDS].toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
  });
});

/** What the doctor does about it, as a line that names the row. */
const repairs: [id: InvariantId, how: string, action: RegExp][] = [
  ['failed-round-paid-back', 'a refund that is named otherwise', /issued_missing_refund/],
  ['job-has-its-result', 'a job without its result', /^job .* removed, its result is gone/],
  ['job-has-its-result', 'a job that points elsewhere', /cleared_orphaned_result_id/],
  ['result-follows-job', 'a result that drifted', /synced_result_status_processing_to_failed/],
  ['result-has-its-job', 'a result without its job', /^result .* removed, its job is gone/],
  ['file-has-its-job', 'a file without its job', /^file .* removed, its job is gone/],
  ['file-has-its-job', 'a file of a deleted job', /^file .* removed, its job is gone/],
  ['waiting-job-can-run', 'a waiting job whose attempts are used up', /failed, it had no attempt left/],
  ['waiting-job-has-task', 'a lost task', /queued anew/],
  ['waiting-job-has-task', 'a task for another attempt', /queued anew/],
  ['waiting-job-has-task', 'two tasks', /queued anew/],
  ['runnable-task-has-waiting-job', 'a task of a finished job', /^task .* removed/],
  ['held-task-is-running', 'a used-up task', /^$/],
  ['running-job-has-worker', 'a worker that fell silent', /released by the rescue/],
  ['ended-job-is-let-go', 'a thread that was never let go', /freed by the rescue/],
  ['gathered-rows-have-attempt', 'rows that a lost sync has left', /^$/],
];

describe('the repair', () => {
  it.each(repairs)('of %s mends %s and says so', async (id, how, action) => {
    const damage = damages.find(([broken, by]) => broken === id && by === how)?.[2];
    await damage?.(database.pool);
    expect(await brokenIds()).toContain(id);
    expect((await repair()).join('\n')).toMatch(action);
    // What a careless hand did to the guards is for a person.
    expect((await brokenIds()).filter((left) => left !== 'guards-stand')).toEqual([]);
    expect(await repair()).toEqual([]);
  });

  it('pays a job that cannot run back', async () => {
    const { pool } = database;
    const { userId } = await makeJob(pool, { status: 'QUEUED', attempt: 1, price: 3 });
    await without(pool, 'analysis_jobs', 'jobs_run_fits_status', () =>
      bend(pool, 'update analysis_jobs set max_attempts = 1'),
    );
    await repair();
    expect(await readBalance(pool, userId)).toBe(3);
  });

  it('mends many jobs at once', async () => {
    for (let n = 0; n < 5; n += 1) await makeJob(database.pool, { status: 'QUEUED', task: false });
    expect(await repair()).toHaveLength(5);
    expect(await findings()).toEqual([]);
  });

  it('leaves alone what only a person can judge', async () => {
    await makeAccount(database.pool, { balance: 5 });
    await bend(database.pool, 'update accounts set balance = 500');
    expect(await repair()).toEqual([]);
    expect(await brokenIds()).toEqual(['balance-is-sum']);
  });

  it('that is given up mends nothing more', async () => {
    const { pool } = database;
    const { jobId } = await makeJob(pool, { status: 'QUEUED', task: false });
    const options = { leaseMs: 10_000, runLimitsMs: {}, signal: AbortSignal.abort(new Error('given up')) };
    await expect(mend(orm.em.fork(), await findings(), options)).rejects.toThrow('given up');
    expect((await findings()).flatMap(({ rows }) => rows.map(({ subject }) => subject))).toEqual([jobId]);
  });

  it('does not let a row that refuses keep the others from being mended', async () => {
    const { pool } = database;
    await makeJob(pool, { status: 'FAILED' });
    await bend(pool, `update analysis_results set status = 'PROCESSING'`);
    await makeJob(pool, { status: 'QUEUED', task: false });
    await pool.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
      create trigger refuses before update on analysis_results for each row execute function refuse()`);
    const { done, failures } = await mendAll();
    expect(done).toEqual([expect.stringContaining('queued anew')]);
    expect(failures).toEqual([
      { id: 'result-follows-job', error: expect.objectContaining({ message: expect.stringContaining('no') }) },
    ]);
  });
});
