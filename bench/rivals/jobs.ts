import type pg from 'pg';

export interface NewJob {
  userId: string;
  kind: string;
  name: string;
  input: unknown;
}

export interface Job {
  id: string;
  kind: string;
  name: string;
  status: string;
  seq: number;
  attempt: number;
  price: number;
  resultId: string;
  createdAt: Date;
  /** The user's, after the charge. */
  balance: number;
}

/** A pool, or a connection of it that is in a transaction. */
export type Database = Pick<pg.Pool, 'query'>;

/** The channel by which a worker's events reach the API, in PostgreSQL as in Redis. */
export const EVENTS = 'events';

const INSERT = `
  with paid as (
    update accounts set balance = balance - 1 where user_id = $1 and balance >= 1 returning balance
  ), job as (
    insert into jobs (user_id, kind, name, status, price, result_id)
    select $1, $2, $3, 'QUEUED', 1, uuidv7() from paid returning *
  ), result as (
    insert into results (id, job_id, user_id, status, input) select result_id, id, user_id, status, $4::jsonb from job
  ), charge as (
    insert into ledger (user_id, job_id, entry, amount, balance)
    select j.user_id, j.id, 'CHARGE', -j.price, p.balance from job j, paid p
  ), event as (
    insert into events (job_id, seq, type, user_id, status, attempt)
    select id, seq, 'QUEUED', user_id, status, attempt from job
  )
  select id, kind, name, status, seq, attempt, price, result_id as "resultId", created_at as "createdAt", p.balance
  from job, paid p`;

const movedBy = (set: string) => `
  with job as (
    update jobs set ${set}, seq = seq + 1, updated_at = now() where id = $1 and status = $2 returning *
  ), result as (
    update results r set status = j.status, output = $4::jsonb, updated_at = now() from job j where r.job_id = j.id
  ), event as (
    insert into events (job_id, seq, type, user_id, status, attempt)
    select id, seq, $3, user_id, status, attempt from job
    returning job_id as "jobId", seq, type, user_id as "userId", status, at
  )
  select row_to_json(event)::text as message from event`;

/** Writes the job, its result with the input, the charge and the first event, in one statement. Null: too little money. */
export async function insertJob(database: Database, { userId, kind, name, input }: NewJob): Promise<Job | null> {
  const values = [userId, kind, name, JSON.stringify(input)];
  const { rows } = await database.query<Job>({ name: 'insert_job', text: INSERT, values });
  return rows[0] ?? null;
}

export interface Mover {
  /** @returns the event, to be told */
  start(jobId: string): Promise<string>;
  complete(jobId: string, output: unknown): Promise<string>;
}

const START = movedBy(`status = 'PROCESSING', attempt = attempt + 1, started_at = now()`);
const COMPLETE = movedBy(`status = 'COMPLETED', finished_at = now()`);

/** The moves of a worker: each changes job and result and writes an event, in one statement. */
export function createMover(database: Database): Mover {
  const move = async (name: string, text: string, values: unknown[]) => {
    const { rows } = await database.query<{ message: string }>({ name, text, values });
    const [row] = rows;
    if (!row) throw new Error(`Job ${String(values[0])} is not where it was thought to be`);
    return row.message;
  };
  return {
    start: (jobId) => move('start', START, [jobId, 'QUEUED', 'STARTED', null]),
    complete: (jobId, output) => move('complete', COMPLETE, [jobId, 'PROCESSING', 'COMPLETED', JSON.stringify(output)]),
  };
}
