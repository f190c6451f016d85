import type pg from 'pg';

/** What became of some jobs, told by the log and the ledger. */
export interface Effects {
  /** Ended COMPLETED. */
  completed: number;
  /** Taken from a worker at least once. */
  released: number;
  /** A round ended, charged or paid back more than once, or a move told twice: a zombie has written. */
  double: number;
}

export async function effectsOf(pool: pg.Pool, jobIds: readonly string[]): Promise<Effects> {
  const { rows } = await pool.query<Effects>(
    `select count(*) filter (where j.status = 'COMPLETED')::int as completed,
       count(*) filter (where e.released > 0)::int as released,
       count(*) filter (where e.ends > 1 or e.starts <> e.released + 1 or e.events <> j.seq or l.charges <> 1
         or l.refunds <> (j.status in ('FAILED', 'CANCELLED'))::int)::int as double
     from audit_v1.jobs j
     cross join lateral (
       select count(*) as events, count(*) filter (where type = 'STARTED') as starts,
         count(*) filter (where type = 'RELEASED') as released,
         count(*) filter (where type in ('COMPLETED', 'FAILED', 'STUCK', 'CANCELLED')) as ends
       from audit_v1.events where job_id = j.id
     ) e
     cross join lateral (
       select count(*) filter (where entry = 'CHARGE') as charges, count(*) filter (where entry = 'REFUND') as refunds
       from audit_v1.ledger where job_id = j.id
     ) l
     where j.id = any($1)`,
    [jobIds],
  );
  return rows[0] ?? { completed: 0, released: 0, double: 0 };
}
