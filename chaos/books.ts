import type { Postgres } from './postgres.ts';

export interface JobRow {
  id: string;
  user_id: string;
  status: string;
  round: number;
  seq: number;
  deleted_at: string | null;
}

export interface EventRow {
  job_id: string;
  seq: number;
  type: string;
  status: string;
  round: number;
  attempt: number;
}

/** What the database says after a run, as the clients' logs are held against it. */
export interface Books {
  /** Those of users: syncs are nobody's, and no client keeps their ids. */
  jobs: ReadonlyMap<string, JobRow>;
  /** By job, in the order of seq; also of jobs that are gone. */
  events: ReadonlyMap<string, readonly EventRow[]>;
  /** Job ids by user and key. */
  keys: ReadonlyMap<string, string>;
  /** How many grants each user has, besides his starting balance. */
  grants: ReadonlyMap<string, number>;
}

export const keyOf = (userId: string, key: string): string => `${userId} ${key}`;

/** Reads them through the views that are made for outside checkers. */
export async function readBooks({ query }: Pick<Postgres, 'query'>): Promise<Books> {
  const jobs = await query<JobRow & Record<string, unknown>>(
    `select id, user_id, status, round, seq, deleted_at::text from audit_v1.jobs where kind <> 'SYNC'`,
  );
  const events = await query<EventRow & Record<string, unknown>>(
    'select job_id, seq, type, status, round, attempt from audit_v1.events order by job_id, seq',
  );
  const keys = await query<{ user_id: string; key: string; job_id: string }>(
    'select user_id, key, job_id from audit_v1.idempotency',
  );
  const grants = await query<{ user_id: string; grants: number }>(
    `select user_id, count(*)::int - 1 as grants from audit_v1.ledger where entry = 'GRANT' group by user_id`,
  );
  return {
    jobs: new Map(jobs.map((job) => [job.id, job])),
    events: Map.groupBy(events, (event) => event.job_id),
    keys: new Map(keys.map(({ user_id, key, job_id }) => [keyOf(user_id, key), job_id])),
    grants: new Map(grants.map((row) => [row.user_id, row.grants])),
  };
}
