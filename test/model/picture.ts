import type pg from 'pg';
import type { Job } from '../../src/entities/job.ts';
import type { ModelEntry, ModelEvent, ModelJob, World } from './machine-model.ts';

/** All that a world shows of itself, in one form for the model's and for the database's. */
export interface Picture {
  jobs: Record<string, JobPicture>;
  accounts: Record<string, { balance: number; ledger: ModelEntry[] }>;
  keys: World['keys'];
}

interface JobPicture {
  row: (RowPicture & { lost: boolean }) | null;
  result: { id: string; status: string; input: unknown; answer: unknown } | null;
  events: ModelEvent[];
  /** The tasks that can be taken for a waiting job, as round and attempt. */
  tasks: [round: number, attempt: number][];
}

/** The columns of a job that do not depend on the time, nor on what else is active. */
export type RowPicture = ReturnType<typeof rowOf>;

const rowOf = (job: ModelJob) => ({
  userId: job.userId,
  status: job.status as string,
  deleted: job.presence === 'tombstone',
  seq: job.seq,
  round: job.round,
  attempt: job.attempt,
  price: job.price,
  refunded: job.refunded,
  progress: job.progress,
  failure: job.failure as { code: string; message: string } | null,
  lease: job.lease,
  free: job.free,
  resultId: job.presence === 'live' ? job.resultId : null,
});

/** A job of the model as an answer shows it. */
export const rowOfModel = (job: ModelJob): RowPicture => rowOf(job);

/** A job of the lifecycle as it answered it. */
export const rowOfAnswer = ({ progress: { reportedAt: _, ...progress }, ...job }: Job): RowPicture => ({
  userId: job.userId,
  status: job.status,
  deleted: job.deletedAt !== null,
  seq: job.seq,
  round: job.round,
  attempt: job.attempt,
  price: job.price,
  refunded: job.refunded,
  progress,
  failure: job.failureCode === null ? null : { code: job.failureCode ?? '', message: job.failureMessage ?? '' },
  lease: job.leaseToken ?? null,
  free: job.workerFreeAt !== null,
  resultId: job.resultId ?? null,
});

export function pictureOf(world: World): Picture {
  return {
    jobs: Object.fromEntries(Object.values(world.jobs).map((job) => [job.id, jobPictureOf(job)])),
    accounts: world.accounts as Picture['accounts'],
    keys: world.keys,
  };
}

function jobPictureOf(job: ModelJob): JobPicture {
  const { presence, status, resultId: id, input } = job;
  return {
    row: presence === 'gone' ? null : { ...rowOf(job), lost: job.lost },
    result: presence === 'live' ? { id, status, input, answer: job.answer } : null,
    events: [...job.events],
    tasks: presence === 'live' && status === 'QUEUED' && job.task === 'runnable' ? [[job.round, job.attempt + 1]] : [],
  };
}

const READ = `
  select
    (select coalesce(json_object_agg(id, json_build_object(
       'row', (select json_build_object(
          'userId', j.user_id, 'status', j.status, 'deleted', j.deleted_at is not null, 'seq', j.seq, 'round', j.round,
          'attempt', j.attempt, 'price', j.price, 'refunded', j.refunded, 'progress', j.progress - 'reportedAt',
          'failure', case when j.failure_code is not null then
            json_build_object('code', j.failure_code, 'message', j.failure_message) end,
          'lease', j.lease_token, 'free', j.worker_free_at is not null, 'resultId', j.result_id,
          'lost', coalesce(j.lease_expires_at < now(), false)) from analysis_jobs j where j.id = known.id),
       'result', (select json_build_object('id', s.id, 'status', s.status, 'input', s.test_data, 'answer', s.test_result)
          from analysis_results s where s.job_id = known.id),
       'events', (select coalesce(json_agg(json_build_object('seq', e.seq, 'type', e.type, 'status', e.status,
          'round', e.round, 'attempt', e.attempt, 'progress', e.progress - 'reportedAt', 'message', e.error_message,
          'balance', e.token_balance, 'resultId', e.result_id) order by e.id), '[]')
          from job_events e where e.job_id = known.id),
       'tasks', (select coalesce(json_agg(json_build_array(t.payload -> 'round', t.payload -> 'attempt')), '[]')
          from graphile_worker._private_jobs t join analysis_jobs j on j.id = known.id and j.status = 'QUEUED'
          where t.payload ->> 'jobId' = known.id::text and t.is_available)
     )), '{}') from (select id from analysis_jobs union select job_id from job_events
       union select job_id from analysis_results) known (id)) as jobs,
    (select coalesce(json_object_agg(a.user_id, json_build_object('balance', a.balance, 'ledger',
       (select coalesce(json_agg(json_build_object('entry', l.entry, 'amount', l.amount, 'balance', l.balance,
          'jobId', l.job_id, 'round', l.round) order by l.id), '[]') from ledger_entries l where l.user_id = a.user_id)
     )), '{}') from accounts a) as accounts,
    (select coalesce(json_object_agg(k.owner || ' ' || k.key, json_build_object('hash', k.input_hash, 'jobId', k.job_id)),
       '{}') from idempotency_keys k) as keys`;

/** What the database shows: of every job that has a row anywhere, of every account and key. */
export async function readPicture(pool: pg.Pool): Promise<Picture> {
  const { rows } = await pool.query<Picture>(READ);
  return rows[0]!;
}
