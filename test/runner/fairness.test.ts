import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Submission } from '../../src/lifecycle/submit.ts';
import { useDatabase } from '../support/database.ts';
import { makeCopies, makeJob } from '../support/factory.ts';
import { useWorkers } from '../support/workers.ts';

const FLOOD = 10_000;
const ONE_PLACE = { ASSAY_WORKER_CONCURRENCY: '1' };

const database = useDatabase({ bent: 'ten thousand copied rows that have no life behind them' });
const workers = useWorkers(database);

let flooder = '';
beforeAll(async () => {
  const { pool } = database();
  const made = await makeJob(pool, {
    status: 'QUEUED',
    kind: 'PROBE',
    price: 0,
    testData: { does: 'ECHO' },
    task: false,
  });
  flooder = made.userId;
  await makeCopies(pool, made, FLOOD - 1);
  await pool.query(
    `select count(*) from graphile_worker.add_jobs((
       select array_agg(row('run_job', json_build_object('jobId', id, 'round', 1, 'attempt', 1), null, null, 1,
         'job:' || id, 0, null)::graphile_worker.job_spec order by id)
       from analysis_jobs where user_id = $1
     ))`,
    [flooder],
  );
}, 120_000);

// The flood is ranked as its submits would have ranked it, one after the other: also what is left of it after a test.
beforeEach(async () => {
  await database().pool.query(
    `update graphile_worker._private_jobs t set priority = least(n - 1, 1000)
     from (select id, row_number() over (order by id) as n from graphile_worker._private_jobs) r where r.id = t.id`,
  );
});

async function submit(count: number, options: Partial<Submission> = {}): Promise<string[]> {
  const probe = { kind: 'PROBE', name: 'Probe', testData: { does: 'ECHO' }, price: 0, maxAttempts: 3 } as const;
  const rows = Array.from({ length: count }, () => ({ ...probe, tierPriority: 0, ...options }));
  const { outcomes } = await workers.lifecycle().submit(randomUUID(), rows);
  return outcomes.map((outcome) => (outcome.outcome === 'SUBMITTED' ? outcome.job.id : 'refused'));
}

/** How many jobs of the flooder were started between the submit of a job and its own start. */
async function readWait(jobId: string): Promise<number> {
  const { rows } = await database().pool.query<{ before: number }>(
    `select (
       select count(*)::int from job_events e
       where e.user_id = $2 and e.type = 'STARTED' and e.id > queued.id and e.id < started.id
     ) as before
     from job_events queued join job_events started using (job_id)
     where job_id = $1 and queued.type = 'QUEUED' and started.type = 'STARTED'`,
    [jobId, flooder],
  );
  return rows[0]!.before;
}

const countWaiting = async () =>
  (
    await database().pool.query<{ count: number }>(
      `select count(*)::int as count from analysis_jobs where user_id = $1 and status = 'QUEUED'`,
      [flooder],
    )
  ).rows[0]!.count;

/** Starts a worker whose one place is taken, so that what `during` submits is waiting before the next job is chosen. */
async function whileBusy(during: () => Promise<string[]>): Promise<string[]> {
  const [holder] = await submit(1, { tierPriority: -1_000, testData: { does: 'HANG' } });
  await workers.start(ONE_PLACE);
  await workers.reach(holder!, 'PROCESSING');
  const jobIds = await during();
  await workers.cancel(holder!);
  return jobIds;
}

// With one place, jobs are started in the order in which they were taken. With more, one place can start several while
// another is still at the start of its first.
describe(`beside a user with ${FLOOD} waiting jobs`, () => {
  it('another one’s first job waits for one of them', async () => {
    const [jobId] = await submit(1);
    await workers.start(ONE_PLACE);
    await workers.reach(jobId!, 'COMPLETED');
    expect(await readWait(jobId!)).toBeLessThanOrEqual(1);
    expect(await countWaiting()).toBeGreaterThan(FLOOD / 2);
  });

  it('each further job waits for one more at the most, also while the flood is being worked off', async () => {
    const jobIds = await whileBusy(() => submit(5));
    for (const [index, jobId] of jobIds.entries()) {
      await workers.reach(jobId, 'COMPLETED');
      expect(await readWait(jobId)).toBeLessThanOrEqual(index + 1);
    }
    expect(await countWaiting()).toBeGreaterThan(FLOOD / 2);
  });

  it('a job of a better tier waits for none, also as its user’s fifth', async () => {
    const fifth = (await whileBusy(() => submit(5, { tierPriority: -10 }))).at(-1)!;
    await workers.reach(fifth, 'COMPLETED');
    expect(await readWait(fifth)).toBe(0);
  });
});
