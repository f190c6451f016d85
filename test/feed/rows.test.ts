import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Job } from '../../src/entities/job.ts';
import { JobEvent } from '../../src/entities/job-event.ts';
import { readRow, selectList } from '../../src/feed/rows.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase();
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

it.each(['QUEUED', 'PROCESSING', 'FAILED', 'COMPLETED', 'CANCELLED'] as const)(
  'a row of a job that is %s, and of its events, holds what the entity holds',
  async (status) => {
    const { jobId } = await makeJob(database().pool, { status });
    const em = orm.em.fork();
    const { rows } = await database().pool.query(
      `select (select row_to_json(r) from (select ${selectList(em, Job, 'j')}) r) as job, (
         select json_agg(r order by seq) from (select ${selectList(em, JobEvent, 'e')} from job_events e where job_id = j.id) r
       ) as events from analysis_jobs j where id = $1`,
      [jobId],
    );
    expect(readRow(em, Job, rows[0].job)).toEqual({ ...(await em.findOneOrFail(Job, jobId)) });
    const events = await em.find(JobEvent, { jobId }, { orderBy: { seq: 1 } });
    expect(rows[0].events.map((row: Record<string, unknown>) => readRow(em, JobEvent, row))).toEqual(
      events.map((event) => ({ ...event })),
    );
  },
);
