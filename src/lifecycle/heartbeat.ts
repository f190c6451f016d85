import type { ClientBase } from 'pg';
import type { Lease } from './attempt.ts';

export interface Beat {
  workerId: string;
  poolId: string;
  host: string;
  pid: number;
  concurrency: number;
  leaseMs: number;
  /** The attempts that run in this process now. */
  leases: readonly Lease[];
}

/**
 * Proves that a worker lives and still works on its jobs, in one statement for all of them. It speaks plain PostgreSQL
 * because it runs in a thread of its own, where nothing else is loaded.
 * @returns the leases that are lost: their attempts must end
 */
export async function beat(client: Pick<ClientBase, 'query'>, options: Beat): Promise<Lease[]> {
  const { leases } = options;
  const { rows } = await client.query<{ lease_token: string }>(
    `with worker as (
       insert into workers (id, pool_id, host, pid, concurrency) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set heartbeat_at = now(), pool_id = excluded.pool_id
     )
     update analysis_jobs j
     set heartbeat_at = now(), lease_expires_at = now() + make_interval(secs => $6::float8 / 1000)
     from unnest($7::uuid[], $8::uuid[]) as mine (job_id, lease_token)
     where j.id = mine.job_id and j.lease_token = mine.lease_token and j.status = 'PROCESSING'
     returning j.lease_token`,
    [
      options.workerId,
      options.poolId,
      options.host,
      options.pid,
      options.concurrency,
      options.leaseMs,
      leases.map((lease) => lease.jobId),
      leases.map((lease) => lease.leaseToken),
    ],
  );
  const kept = new Set(rows.map((row) => row.lease_token));
  return leases.filter((lease) => !kept.has(lease.leaseToken));
}

/** Takes a worker that stopped cleanly out of the books. */
export async function retire(client: Pick<ClientBase, 'query'>, workerId: string): Promise<void> {
  await client.query('delete from workers where id = $1', [workerId]);
}
