import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { HEALED, useWorkers } from '../support/workers.ts';

const database = useDatabase({ settlesLater: HEALED });
const workers = useWorkers(database);

async function submit(userId: string, count: number, milliseconds: number): Promise<string[]> {
  const probe = { kind: 'PROBE', name: 'Probe', price: 0, maxAttempts: 1, tierPriority: 0 } as const;
  const rows = Array.from({ length: count }, () => ({ ...probe, testData: { does: 'SLEEP', milliseconds } }));
  const { outcomes } = await workers.lifecycle().submit(userId, rows);
  return outcomes.map((outcome) => (outcome.outcome === 'SUBMITTED' ? outcome.job.id : 'refused'));
}

/** The most jobs of a user that ran at once, by the order of the log. */
async function readMostRunning(userId: string): Promise<number> {
  const { rows } = await database().pool.query<{ most: number }>(
    `select max(running)::int as most from (
       select sum(case when type = 'STARTED' then 1 when type = 'QUEUED' then 0 else -1 end) over (order by id) as running
       from job_events where user_id = $1
     ) counted`,
    [userId],
  );
  return rows[0]!.most;
}

async function isPutOff(jobId: string): Promise<boolean> {
  const { rowCount } = await database().pool.query(
    "select from graphile_worker.jobs where key = 'job:' || $1::text and run_at > now()",
    [jobId],
  );
  return rowCount === 1;
}

it('two workers run a user’s jobs one by one where only one may run, and all of them, at no attempt’s cost', async () => {
  const [patient, other] = [randomUUID(), randomUUID()];
  const jobIds = await submit(patient, 8, 30);
  const env = { ASSAY_LIMIT_RUNNING_PER_USER: '1', ASSAY_WORKER_CONCURRENCY: '4' };
  await Promise.all([workers.start(env), workers.start(env)]);
  const others = await submit(other, 1, 1);
  expect(await workers.reach(others[0]!, 'COMPLETED')).toMatchObject({ attempt: 1 });
  // The last one was put off for half a minute; it is called by those before it.
  for (const jobId of jobIds) expect(await workers.reach(jobId, 'COMPLETED')).toMatchObject({ attempt: 1 });
  for (const jobId of jobIds) expect(await workers.events(jobId)).toEqual(['QUEUED', 'STARTED', 'COMPLETED']);
  expect(await readMostRunning(patient)).toBe(1);
});

it('a job that is cancelled makes room for the next one', async () => {
  const userId = randomUUID();
  const [first] = await submit(userId, 1, 60_000);
  await workers.start({ ASSAY_LIMIT_RUNNING_PER_USER: '1' });
  await workers.reach(first!, 'PROCESSING');
  const [next] = await submit(userId, 1, 60_000);
  await expect.poll(() => isPutOff(next!)).toBe(true);
  await workers.cancel(first!);
  await workers.reach(next!, 'PROCESSING');
  await workers.cancel(next!);
  await workers.free(next!);
});
