import { expect, it } from 'vitest';
import { JOB_COLUMNS, Job } from '../../src/entities/job.ts';
import { jobOf } from '../../src/lifecycle/move.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { useProcess } from './lifecycles.ts';

const database = useDatabase();
const api = useProcess(database, 'api');

it.each([
  { status: 'QUEUED' },
  { status: 'PROCESSING' },
  { status: 'COMPLETED' },
  { status: 'FAILED' },
  { status: 'CANCELLED', deleted: true },
] as const)('a job of a row is what a load of it gives: %o', async (standing) => {
  const { jobId } = await makeJob(database().pool, standing);
  const em = api().orm.em.fork();
  const [row] = await em
    .getConnection()
    .execute<Record<string, unknown>[]>(`select ${JOB_COLUMNS.join(', ')} from analysis_jobs where id = ?`, [jobId]);
  const loaded = await em.findOneOrFail(Job, { id: jobId });
  expect(jobOf(em, row ?? {})).toEqual({ ...loaded });
});
