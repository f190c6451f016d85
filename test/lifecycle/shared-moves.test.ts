import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { useDatabase, waitUntilBlocked } from '../support/database.ts';
import { type MadeJob, makeJob } from '../support/factory.ts';
import { nextAttempt, TAKES_NO_TASK, useProcess } from './lifecycles.ts';
import { breakWrites, holdAfter, holdLock } from './rows.ts';

const database = useDatabase({ bent: TAKES_NO_TASK });
const worker = useProcess(database, 'worker');

const makeJobs = (count: number, status: 'QUEUED' | 'PROCESSING'): Promise<MadeJob[]> =>
  Promise.all(Array.from({ length: count }, () => makeJob(database().pool, { status })));

const startOf = ({ jobId }: Pick<MadeJob, 'jobId'>) => nextAttempt({ jobId, round: 1, attempt: 0 });
const startAll = (jobs: readonly MadeJob[]) => jobs.map((job) => worker().lifecycle.start(startOf(job)));
const completeAll = (jobs: readonly MadeJob[]) =>
  jobs.map((job) => worker().lifecycle.complete(job, { of: job.jobId }));

/** In how many transactions the last events of these jobs were written. */
async function countCommits(jobs: readonly MadeJob[], pool: pg.Pool = database().pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(distinct e.xact)::int as count from job_events e join analysis_jobs j on j.id = e.job_id and j.seq = e.seq
     where j.id = any($1)`,
    [jobs.map(({ jobId }) => jobId)],
  );
  return rows[0]!.count;
}

async function readStatuses(jobs: readonly MadeJob[]): Promise<string[]> {
  const { rows } = await database().pool.query<{ status: string }>(
    'select j.status from unnest($1::uuid[]) with ordinality as w(id, place) join analysis_jobs j using (id) order by place',
    [jobs.map(({ jobId }) => jobId)],
  );
  return rows.map(({ status }) => status);
}

async function countOwnAnswers(jobs: readonly MadeJob[]): Promise<number | null> {
  const { rowCount } = await database().pool.query(
    `select from analysis_results where job_id = any($1) and test_result ->> 'of' = job_id::text`,
    [jobs.map(({ jobId }) => jobId)],
  );
  return rowCount;
}

describe('starts at once', () => {
  it('share a statement while others are on their way, and each gets what its handler needs', async () => {
    const jobs = await makeJobs(10, 'QUEUED');
    const starts = jobs.map(startOf);
    const started = await Promise.all(starts.map((start) => worker().lifecycle.start(start)));
    for (const [place, { leaseToken, workerId, jobId }] of starts.entries())
      expect(started[place]).toMatchObject({
        job: { id: jobId, status: 'PROCESSING', attempt: 1, leaseToken, workerId },
        input: { kind: 'ASSESSMENT' },
      });
    // The first two found nobody before them.
    expect(await countCommits(jobs)).toBe(3);
    expect(worker().woken).toEqual(expect.arrayContaining(jobs.map(({ jobId }) => jobId)));
  });

  it('begin no attempt twice, and none that is out of date', async () => {
    const [first, second, job, ended, gone] = await makeJobs(5, 'QUEUED');
    await worker().lifecycle.cancel({ jobId: ended!.jobId, scope: 'any owner', message: 'No' });
    const asked = [first, second, job, job, ended, { ...gone!, jobId: randomUUID() }, gone];
    const started = await Promise.all(startAll(asked as MadeJob[]));
    expect(started.map((one) => one?.job.id ?? null)).toEqual([
      ...[first!.jobId, second!.jobId, expect.toSatisfy((id) => id === null || id === job!.jobId)],
      ...[expect.toSatisfy((id) => id === null || id === job!.jobId), null, null, gone!.jobId],
    ]);
    expect(started.filter((one) => one?.job.id === job!.jobId)).toHaveLength(1);
  });

  it('do not wait for jobs that another transaction holds', async () => {
    const { pool } = database();
    const [held, alsoHeld, ...others] = await makeJobs(7, 'QUEUED');
    const bothHeld = [held!, alsoHeld!];
    let late: Promise<unknown>[];
    {
      await using _lock = await holdLock(pool, 'select from analysis_jobs where id = any($1)', [
        bothHeld.map(({ jobId }) => jobId),
      ]);
      late = startAll(bothHeld);
      await Promise.all(startAll(others));
      expect(await waitUntilBlocked(pool, 2)).toMatchObject(bothHeld.map(() => ({ applicationName: 'worker' })));
      expect(await readStatuses([...bothHeld, ...others])).toEqual([
        ...['QUEUED', 'QUEUED'],
        ...others.map(() => 'PROCESSING'),
      ]);
      expect(await countCommits(others)).toBe(1);
    }
    expect(await Promise.all(late)).toMatchObject(bothHeld.map(() => ({ job: { status: 'PROCESSING' } })));
  });

  it('are each told where their links are cut, and none is tried again', async () => {
    const { pool } = database();
    const jobs = await makeJobs(5, 'QUEUED');
    const cut = new Set<number>();
    {
      await using _held = await holdAfter(pool, 'worker', 'insert on job_events');
      let areTold = false;
      const starts = Promise.allSettled(startAll(jobs)).finally(() => {
        areTold = true;
      });
      await waitUntilBlocked(pool, 2);
      while (!areTold) {
        const { rows } = await pool.query<{ pid: number }>(
          `with blocked as materialized (
             select pid from pg_stat_activity where datname = current_database() and application_name = 'worker'
               and wait_event_type = 'Lock'
           )
           select pid, pg_terminate_backend(pid) from blocked`,
        );
        for (const { pid } of rows) cut.add(pid);
      }
      expect((await starts).map(({ status }) => status)).toEqual(jobs.map(() => 'rejected'));
    }
    // Two statements, and at most one for the others.
    expect(cut.size).toBeLessThanOrEqual(3);
    expect(await readStatuses(jobs)).toEqual(jobs.map(() => 'QUEUED'));
  });
});

describe('completions at once', () => {
  it('share a statement, and each keeps its own answer', async () => {
    const jobs = await makeJobs(10, 'PROCESSING');
    const moved = await Promise.all(completeAll(jobs));
    expect(moved.map(({ job }) => [job.id, job.status])).toEqual(jobs.map(({ jobId }) => [jobId, 'COMPLETED']));
    expect(await countCommits(jobs)).toBe(3);
    expect(await countOwnAnswers(jobs)).toBe(10);
  });

  it('do not let one in whose lease is not the last, beside the one whose it is', async () => {
    const jobs = await makeJobs(4, 'PROCESSING');
    const zombie = { ...jobs[3]!, leaseToken: randomUUID() };
    const outcomes = await Promise.allSettled([
      ...completeAll(jobs),
      worker().lifecycle.complete(zombie, { of: 'a zombie' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected']);
    // It is refused on its own, and may ask why before the other one is done.
    const status = expect.toBeOneOf(['PROCESSING', 'COMPLETED']);
    expect(outcomes[4]).toMatchObject({ reason: { name: 'MoveRefused', status } });
    expect(await countOwnAnswers(jobs)).toBe(4);
  });

  it('do not fail with one whose answer cannot be stored', async () => {
    const jobs = await makeJobs(6, 'PROCESSING');
    const outcomes = await Promise.allSettled(
      jobs.map((job, place) => worker().lifecycle.complete(job, { of: place === 4 ? '\u0000' : 'x' })),
    );
    expect(outcomes[4]).toMatchObject({ reason: { code: '22P05' } });
    expect(await readStatuses(jobs)).toEqual(jobs.map((_, place) => (place === 4 ? 'PROCESSING' : 'COMPLETED')));
  });

  it('leave no trace where none can be written', async () => {
    const jobs = await makeJobs(5, 'PROCESSING');
    {
      await using _broken = await breakWrites(database().pool, 'job_events', 'raise');
      const outcomes = await Promise.allSettled(completeAll(jobs));
      expect(outcomes).toMatchObject(jobs.map(() => ({ reason: { message: 'broken on purpose' } })));
    }
    expect(await readStatuses(jobs)).toEqual(jobs.map(() => 'PROCESSING'));
  });
});
