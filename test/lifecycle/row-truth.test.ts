import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { FINISHED, JobStatus } from '../../src/entities/job-status.ts';
import { useDatabase } from '../support/database.ts';
import { insertCopy, type JobOptions, makeAccount, makeCopies, makeJob, makeWorker } from '../support/factory.ts';
import { liftGuards, readJob } from './rows.ts';

const database = useDatabase({ bent: 'every rule of the tables is broken by hand, around the lifecycle' });

const FOREIGN_KEY_VIOLATION = '23503';

type Lie = [constraint: string, base: JobOptions, changes: Record<string, string>];

const queued: JobOptions = { status: 'QUEUED' };
const processing: JobOptions = { status: 'PROCESSING' };
const completed: JobOptions = { status: 'COMPLETED' };
const failed: JobOptions = { status: 'FAILED' };
const cancelled: JobOptions = { status: 'CANCELLED' };
const tombstone: JobOptions = { status: 'COMPLETED', deleted: true };
const lease = { lease_token: 'assay_uuid()', lease_expires_at: 'now()', worker_id: 'assay_uuid()' };
const noLease = { lease_token: 'null', lease_expires_at: 'null', worker_id: 'null' };

/** A copy of a true job, and the columns that turn it into a lie. */
const jobLies: Lie[] = [
  ['jobs_status_known', queued, { status: `'PENDING'`, worker_free_at: 'now()' }],
  ['jobs_kind_known', queued, { kind: `'TAROT'` }],
  ['jobs_source_fits_kind', queued, { kind: `'SYNC'` }],
  ['jobs_source_fits_kind', queued, { kind: `'SYNC'`, sync_source: `'ELSEWHERE'` }],
  ['jobs_source_fits_kind', queued, { sync_source: `'SKK'` }],
  ['jobs_failure_code_known', failed, { failure_code: `'BAD_LUCK'` }],
  ['jobs_name_length', queued, { name: `''` }],
  ['jobs_name_length', queued, { name: `repeat('x', 256)` }],
  ['jobs_counters_in_range', queued, { seq: '0' }],
  ['jobs_counters_in_range', queued, { round: '0' }],
  ['jobs_counters_in_range', queued, { price: '-1' }],
  ['jobs_counters_in_range', queued, { max_attempts: '0' }],
  ['jobs_counters_in_range', queued, { attempt: '-1' }],
  ['jobs_counters_in_range', processing, { attempt: 'max_attempts + 1' }],
  ['jobs_progress_in_range', processing, { progress: `'{"percent": -1}'` }],
  ['jobs_progress_in_range', processing, { progress: `'{"percent": 100.5}'` }],
  ['jobs_progress_in_range', processing, { progress: `'{}'` }],
  ['jobs_progress_in_range', processing, { progress: `'{"percent": null}'` }],
  ['jobs_progress_in_range', processing, { progress: `'{"percent": "40"}'` }],
  ['jobs_progress_in_range', processing, { progress: `'["percent"]'` }],
  ['jobs_times_in_order', queued, { created_at: `updated_at + interval '1 s'` }],
  ['jobs_times_in_order', processing, { started_at: `created_at - interval '1 s'` }],
  ['jobs_times_in_order', cancelled, { finished_at: `created_at - interval '1 s'` }],
  ['jobs_times_in_order', completed, { finished_at: `started_at - interval '1 us'` }],
  ['jobs_times_in_order', completed, { finished_at: `updated_at + interval '1 s'` }],
  ['jobs_finished_has_time', queued, { finished_at: 'updated_at' }],
  ['jobs_finished_has_time', processing, { finished_at: 'updated_at' }],
  ['jobs_finished_has_time', completed, { finished_at: 'null' }],
  ['jobs_finished_has_time', failed, { finished_at: 'null' }],
  ['jobs_finished_has_time', cancelled, { finished_at: 'null' }],
  ['jobs_failure_fits_status', queued, { failure_code: `'HANDLER_ERROR'`, failure_message: `'No'` }],
  ['jobs_failure_fits_status', processing, { failure_code: `'STUCK'`, failure_message: `'No'` }],
  ['jobs_failure_fits_status', completed, { failure_code: `'HANDLER_ERROR'`, failure_message: `'No'` }],
  ['jobs_failure_fits_status', failed, { failure_code: 'null', failure_message: 'null' }],
  ['jobs_failure_fits_status', failed, { failure_message: 'null' }],
  ['jobs_failure_fits_status', failed, { failure_code: `'CANCELLED'` }],
  ['jobs_failure_fits_status', cancelled, { failure_code: `'STUCK'` }],
  ['jobs_failure_fits_status', cancelled, { failure_code: 'null', failure_message: 'null' }],
  ['jobs_progress_fits_status', queued, { progress: `'{"percent": 1}'` }],
  ['jobs_progress_fits_status', completed, { progress: `'{"percent": 99}'` }],
  ['jobs_progress_fits_status', cancelled, { progress: `'{"percent": 40}'` }],
  ['jobs_lease_fits_status', queued, lease],
  ['jobs_lease_fits_status', queued, { worker_free_at: 'now()' }],
  ['jobs_lease_fits_status', processing, noLease],
  ['jobs_lease_fits_status', processing, { lease_token: 'null' }],
  ['jobs_lease_fits_status', processing, { lease_expires_at: 'null' }],
  ['jobs_lease_fits_status', processing, { worker_id: 'null' }],
  ['jobs_lease_fits_status', processing, { worker_free_at: 'now()' }],
  ['jobs_lease_fits_status', completed, { ...lease, worker_free_at: 'null' }],
  ['jobs_lease_fits_status', completed, { worker_free_at: 'null' }],
  ['jobs_lease_fits_status', failed, lease],
  ['jobs_lease_fits_status', failed, { worker_free_at: 'null' }],
  ['jobs_lease_fits_status', cancelled, lease],
  ['jobs_lease_fits_status', cancelled, { worker_free_at: 'null' }],
  ['jobs_run_fits_status', processing, { started_at: 'null' }],
  ['jobs_run_fits_status', processing, { heartbeat_at: 'null' }],
  ['jobs_run_fits_status', processing, { attempt: '0' }],
  ['jobs_run_fits_status', completed, { started_at: 'null' }],
  ['jobs_run_fits_status', completed, { attempt: '0' }],
  ['jobs_tombstone_is_cancelled', queued, { deleted_at: 'now()', result_id: 'null' }],
  ['jobs_tombstone_is_cancelled', completed, { deleted_at: 'now()', result_id: 'null' }],
  ['jobs_tombstone_is_cancelled', tombstone, { deleted_at: `finished_at - interval '1 us'` }],
  ['jobs_live_has_result', queued, { result_id: 'null' }],
  ['jobs_live_has_result', completed, { result_id: 'null' }],
  ['jobs_live_has_result', tombstone, { result_id: 'assay_uuid()' }],
  ['jobs_refund_fits_status', queued, { refunded: 'true' }],
  ['jobs_refund_fits_status', completed, { refunded: 'true' }],
  ['jobs_refund_fits_status', failed, { refunded: 'false' }],
  ['jobs_refund_fits_status', cancelled, { refunded: 'false' }],
  ['jobs_refund_fits_status', failed, { price: '0' }],
];

const resultLies: Lie[] = [
  ['results_content_fits_status', queued, { test_result: `'{}'` }],
  ['results_content_fits_status', failed, { test_result: `'{}'` }],
  ['results_content_fits_status', completed, { test_result: 'null' }],
  ['results_content_fits_status', completed, { test_result: `'null'` }],
  ['results_share_has_id', completed, { is_public: 'true' }],
  ['results_share_has_id', completed, { share_id: 'assay_uuid()' }],
  ['results_share_is_completed', failed, { is_public: 'true', share_id: 'assay_uuid()' }],
  ['results_times_in_order', queued, { created_at: `updated_at + interval '1 s'` }],
];

const eventLies: Lie[] = [
  ['events_seq_positive', queued, { seq: '0' }],
  ['events_type_fits_status', queued, { type: `'STARTED'` }],
  ['events_type_fits_status', queued, { type: `'SNAPSHOT'` }],
];

const entryLies: Lie[] = [
  ['ledger_balance_not_negative', failed, { balance: '-1' }],
  ['ledger_entry_fits_amount', failed, { amount: '0' }],
  ['ledger_entry_fits_amount', failed, { amount: '-amount' }],
  ['ledger_entry_fits_amount', failed, { entry: `'GIFT'` }],
  ['ledger_entry_names_round', failed, { job_id: 'null' }],
  ['ledger_entry_names_round', failed, { round: 'null' }],
  ['ledger_entry_names_round', failed, { entry: `case when amount < 0 then 'ADJUST' else 'GRANT' end` }],
  ['ledger_once_per_round', failed, { id: 'assay_uuid()' }],
];

/** Runs inside a transaction that is always taken back. */
async function inVain(act: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await database().pool.connect();
  try {
    await client.query('begin');
    await act(client);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** A change by hand that our triggers would refuse before a constraint sees it; taken back again. */
const unguarded = (statement: string, values: unknown[]) =>
  inVain(async (client) => {
    await liftGuards(client);
    await client.query(statement, values);
  });

async function insertChanged(
  table: string,
  key: string,
  base: JobOptions,
  changes: Record<string, string>,
): Promise<void> {
  const { jobId } = await makeJob(database().pool, base);
  await inVain((client) => insertCopy(client, table, `${key} = '${jobId}'`, changes));
}

const asCopy = { id: 'assay_uuid()' };

describe('a job that lies', () => {
  it.each(jobLies)('is refused by %s: %o with %o', async (constraint, base, changes) => {
    await expect(insertChanged('analysis_jobs', 'id', base, { ...asCopy, ...changes })).rejects.toMatchObject({
      constraint,
    });
  });

  it.each([queued, processing, completed, failed, cancelled])('is no copy of a true one: %o', async (base) => {
    const { pool } = database();
    const made = await makeJob(pool, base);
    await expect(makeCopies(pool, made, 2)).resolves.toBeUndefined();
  });

  it.each([failed, cancelled])('is not one whose thread has not gone yet: %o', async (base) => {
    const job = await makeJob(database().pool, { ...base, attempt: 1, threadRuns: true });
    expect((await readJob(database().pool, job.jobId)).job).toMatchObject({
      lease_token: job.leaseToken,
      worker_free_at: null,
    });
  });
});

describe('a result, event or ledger entry that lies', () => {
  it.each(resultLies)('is refused by %s: %o with %o', async (constraint, base, changes) => {
    await expect(insertChanged('analysis_results', 'job_id', base, changes)).rejects.toMatchObject({ constraint });
  });

  it.each(eventLies)('is refused by %s: %o with %o', async (constraint, base, changes) => {
    await expect(insertChanged('job_events', 'job_id', base, changes)).rejects.toMatchObject({ constraint });
  });

  it.each(entryLies)('is refused by %s: %o with %o', async (constraint, base, changes) => {
    await expect(insertChanged('ledger_entries', 'job_id', base, changes)).rejects.toMatchObject({ constraint });
  });

  it('is refused as the second event of one number, and as a second result of one job', async () => {
    await expect(insertChanged('job_events', 'job_id', queued, {})).rejects.toMatchObject({
      constraint: 'events_numbered',
    });
    await expect(insertChanged('analysis_results', 'job_id', queued, asCopy)).rejects.toMatchObject({
      constraint: 'results_one_per_job',
    });
  });
});

/** An insert of an upload that is stored, with some columns changed. */
function file(lie: Record<string, string>): string {
  const truth = { user_id: 'assay_uuid()', role: `'INPUT'`, name: `'n'`, content_type: `'a/b'`, size: '1' };
  const stored = { sha256: `repeat('f', 64)`, stored_as: 'assay_uuid()', stored_at: 'now()' };
  const row = { ...truth, ...stored, ...lie };
  return `insert into files (${Object.keys(row)}) values (${Object.values(row)})`;
}

describe('a row around the jobs that lies', () => {
  it.each([
    ['accounts_balance_not_negative', `insert into accounts (user_id, balance) values (assay_uuid(), -1)`],
    [
      'idempotency_key_length',
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id) values ('x', '', 'm', 'h', assay_uuid())`,
    ],
    [
      'idempotency_key_length',
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id)
       values ('x', repeat('k', 256), 'm', 'h', assay_uuid())`,
    ],
    [
      'idempotency_made_one_thing',
      `insert into idempotency_keys (owner, key, mutation, input_hash) values ('x', 'k', 'm', 'h')`,
    ],
    [
      'idempotency_made_one_thing',
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id, entry_id)
       values ('x', 'k', 'm', 'h', assay_uuid(), assay_uuid())`,
    ],
    [
      'service_tokens_name_form',
      `insert into service_tokens (name, token_hash, scopes) values ('Not a name', sha256('x'), '{}')`,
    ],
    ['service_tokens_hash_size', `insert into service_tokens (name, token_hash, scopes) values ('x', 'short', '{}')`],
    [
      'workers_concurrency_positive',
      `insert into workers (id, pool_id, host, pid, concurrency) values (assay_uuid(), 'p', 'h', 1, 0)`,
    ],
    ['event_log_is_one', 'insert into event_log (only_row) values (false)'],
    ['files_role_known', file({ role: `'OTHER'` })],
    ['files_name_length', file({ name: `''` })],
    ['files_name_length', file({ name: `repeat('n', 256)` })],
    ['files_content_type_length', file({ content_type: `'a'` })],
    ['files_content_type_length', file({ content_type: `repeat('a', 128)` })],
    ['files_size_not_negative', file({ size: '-1' })],
    ['files_sha256_form', file({ sha256: `repeat('F', 64)` })],
    ['files_sha256_form', file({ sha256: `'f'` })],
    ['files_stored_whole', file({ stored_as: 'null' })],
    ['files_stored_whole', file({ stored_at: 'null' })],
    ['files_stored_whole', file({ sha256: 'null' })],
    ['files_stored_whole', file({ created_at: `now() + interval '1 s'` })],
    ['files_of_job_are_stored', file({ job_id: 'assay_uuid()', stored_as: 'null', stored_at: 'null' })],
    ['files_output_has_job', file({ role: `'OUTPUT'` })],
    [
      'file_removals_tries_not_negative',
      'insert into file_removals (stored_as, due_at, tries) values (assay_uuid(), now(), -1)',
    ],
  ])('is refused by %s', async (constraint, statement) => {
    await expect(database().pool.query(statement)).rejects.toMatchObject({ constraint });
  });

  it('is refused as a second worker of one pool', async () => {
    const { poolId } = await makeWorker(database().pool);
    await expect(
      inVain((client) => insertCopy(client, 'workers', `pool_id = '${poolId}'`, asCopy)),
    ).rejects.toMatchObject({ constraint: 'workers_pool_unique' });
  });

  it('leaves no rule of a row without a lie that breaks it', async () => {
    const { rows } = await database().pool.query<{ name: string }>(
      `select conname as name from pg_constraint
       where contype = 'c' and connamespace = 'public'::regnamespace order by conname`,
    );
    const elsewhere = ['accounts_', 'idempotency_', 'service_tokens_', 'workers_', 'event_log_', 'file'];
    const told = new Set([...jobLies, ...resultLies, ...eventLies, ...entryLies].map(([constraint]) => constraint));
    const untold = rows.map(({ name }) => name).filter((name) => !told.has(name));
    expect(untold.filter((name) => !elsewhere.some((prefix) => name.startsWith(prefix)))).toEqual([]);
  });
});

describe('a job and its result', () => {
  it('move together when the job is moved by hand', async () => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, queued);
    await pool.query(
      `update analysis_jobs set status = 'PROCESSING', seq = seq + 1, attempt = 1, started_at = now(), heartbeat_at = now(),
         updated_at = now(), lease_token = assay_uuid(), worker_id = assay_uuid(), lease_expires_at = now() where id = $1`,
      [jobId],
    );
    expect((await readJob(pool, jobId)).result).toMatchObject({ status: JobStatus.PROCESSING });
  });

  it('cannot come to COMPLETED by hand while the result has no content', async () => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, processing);
    await expect(
      pool.query(
        `update analysis_jobs set status = 'COMPLETED', seq = seq + 1, progress = '{"percent": 100}', finished_at = now(),
           updated_at = now(), worker_free_at = now(), lease_token = null, worker_id = null, lease_expires_at = null
         where id = $1`,
        [jobId],
      ),
    ).rejects.toMatchObject({ constraint: 'results_content_fits_status' });
  });

  it.each(FINISHED)('cannot part: a result cannot take another status than %s', async (status) => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, { status });
    const other = status === 'CANCELLED' ? 'FAILED' : 'CANCELLED';
    await expect(
      pool.query('update analysis_results set status = $2, test_result = null where job_id = $1', [jobId, other]),
    ).rejects.toMatchObject({ constraint: 'results_follow_job' });
  });

  it('cannot part: a result cannot go to another user or another job', async () => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, queued);
    const stranger = await makeAccount(pool);
    await expect(
      pool.query('update analysis_results set user_id = $2 where job_id = $1', [jobId, stranger]),
    ).rejects.toMatchObject({ constraint: 'results_follow_job' });
    await expect(
      pool.query('update analysis_results set job_id = $2 where job_id = $1', [jobId, randomUUID()]),
    ).rejects.toMatchObject({ code: FOREIGN_KEY_VIOLATION });
  });

  it('cannot part: a job cannot point at the result of another job', async () => {
    const { pool } = database();
    const { jobId, userId } = await makeJob(pool, { ...queued, price: 0 });
    const other = await makeJob(pool, { ...queued, userId, price: 0 });
    await expect(
      unguarded('update analysis_jobs set result_id = $2 where id = $1', [jobId, other.resultId]),
    ).rejects.toMatchObject({ code: FOREIGN_KEY_VIOLATION });
  });

  it('cannot part: no result comes without a job, no live job without a result', async () => {
    const { pool } = database();
    const { jobId } = await makeJob(pool, queued);
    await expect(
      inVain((client) =>
        insertCopy(client, 'analysis_results', `job_id = '${jobId}'`, { ...asCopy, job_id: 'assay_uuid()' }),
      ),
    ).rejects.toMatchObject({ constraint: 'results_follow_job' });
    await expect(
      unguarded('update analysis_jobs set result_id = assay_uuid() where id = $1', [jobId]),
    ).rejects.toMatchObject({ constraint: 'jobs_follow_result' });
  });

  it.each(Object.values(JobStatus))('leave together, whichever is deleted by hand, in %s', async (status) => {
    const { pool } = database();
    const one = await makeJob(pool, { status });
    const two = await makeJob(pool, { status });
    await pool.query('delete from analysis_jobs where id = $1', [one.jobId]);
    await pool.query('delete from analysis_results where id = $1', [two.resultId]);
    const { rows } = await pool.query(
      `select id from analysis_jobs where id = any($1) union all select id from analysis_results where id = any($2)`,
      [
        [one.jobId, two.jobId],
        [one.resultId, two.resultId],
      ],
    );
    expect(rows).toEqual([]);
  });

  it('leave the money in the ledger and free the idempotency key', async () => {
    const { pool } = database();
    const { jobId, userId } = await makeJob(pool, completed);
    await pool.query(
      `insert into idempotency_keys (owner, key, mutation, input_hash, job_id) values ($1, 'k', 'm', 'h', $2)`,
      [userId, jobId],
    );
    await pool.query('delete from analysis_jobs where id = $1', [jobId]);
    const { rows } = await pool.query<{ entries: string; keys: string }>(
      `select (select count(*) from ledger_entries where job_id = $1) as entries,
         (select count(*) from idempotency_keys where owner = $2) as keys`,
      [jobId, userId],
    );
    expect(rows).toEqual([{ entries: '1', keys: '0' }]);
  });
});

describe('an id', () => {
  it('is a UUIDv7 of the time it was made for', async () => {
    const { rows } = await database().pool.query<{ id: string }>(
      `select assay_uuid('2024-05-06 07:08:09.123456+00') as id from generate_series(1, 50)`,
    );
    for (const { id } of rows) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.parse('2024-05-06T07:08:09.123Z'));
    }
    expect(new Set(rows.map(({ id }) => id)).size).toBe(50);
  });

  it('sorts by microsecond', async () => {
    const { rows } = await database().pool.query<{ unsorted: string }>(
      `select count(*) as unsorted from (
         select id, lag(id) over (order by n) as earlier
         from (select n, assay_uuid('2024-05-06 07:08:09+00'::timestamptz + n * interval '1 us') as id
               from generate_series(0, 3000) n) made
       ) pairs where id <= earlier`,
    );
    expect(rows).toEqual([{ unsorted: '0' }]);
  });
});
