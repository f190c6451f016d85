import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findBehind, type LogRequest, readLog } from '../../src/feed/log.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { addEvents, attempts, forceDelete } from './histories.ts';

const database = useDatabase({
  bent: 'histories are written by hand, so that a feed has exactly these events to read',
});
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

const read = (requests: LogRequest[], limit = 100) => readLog(orm.em.fork(), requests, limit);
const seqs = (page: Awaited<ReturnType<typeof read>>[number] | undefined) => page?.events.map(({ seq }) => seq);

it('brings a job with its events behind a position, as many as asked for', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  await addEvents(database().pool, jobId, attempts(3));
  const [page] = await read([{ jobId, after: 2 }], 3);
  expect(page).toMatchObject({ after: 2, job: { id: jobId, seq: 7, status: 'QUEUED' } });
  expect(seqs(page)).toEqual([3, 4, 5]);
});

it('answers different positions of one job and different jobs each on its own, in the order of the requests', async () => {
  const [one, two] = [
    await makeJob(database().pool, { status: 'COMPLETED' }),
    await makeJob(database().pool, { status: 'QUEUED' }),
  ];
  const pages = await read([
    { jobId: two.jobId, after: 0 },
    { jobId: one.jobId, after: 2 },
    { jobId: one.jobId, after: 0 },
    { jobId: one.jobId, after: null },
  ]);
  expect(pages.map(seqs)).toEqual([[1], [3], [1, 2, 3], []]);
  expect(pages.map(({ job }) => job?.id)).toEqual([two.jobId, one.jobId, one.jobId, one.jobId]);
  for (const { job, events } of pages) expect(events.every(({ jobId }) => jobId === job?.id)).toBe(true);
});

it('maps an event as it stands in the table', async () => {
  const { jobId, userId } = await makeJob(database().pool, { status: 'FAILED', price: 2 });
  const [page] = await read([{ jobId, after: 2 }]);
  const { rows } = await database().pool.query('select at from job_events where job_id = $1 and seq = 3', [jobId]);
  expect(page?.events).toHaveLength(1);
  expect(page?.events[0]).toMatchObject({
    jobId,
    userId,
    seq: 3,
    type: 'FAILED',
    status: 'FAILED',
    progress: { percent: 0 },
    tokenBalance: 2,
    errorMessage: 'It did not work',
    at: rows[0].at,
  });
});

it('tells of a job that is gone what its log still has, even when only the job was asked for', async () => {
  const { jobId } = await makeJob(database().pool, { status: 'QUEUED' });
  await forceDelete(database().pool, jobId);
  const [none, all] = await read([
    { jobId, after: null },
    { jobId: randomUUID(), after: 0 },
  ]);
  expect(none).toMatchObject({ job: null, events: [{ type: 'DELETED', seq: 2 }] });
  expect(all).toMatchObject({ after: 0, job: null, events: [] });
});

it('finds the jobs that are further than known, or gone', async () => {
  const [same, further, gone] = [
    await makeJob(database().pool, { status: 'COMPLETED' }),
    await makeJob(database().pool, { status: 'COMPLETED' }),
    await makeJob(database().pool, { status: 'QUEUED' }),
  ].map(({ jobId }) => jobId) as [string, string, string];
  await forceDelete(database().pool, gone);
  const behind = await findBehind(
    orm.em.fork(),
    new Map([
      [same, 3],
      [further, 2],
      [gone, 9],
    ]),
  );
  expect(behind.toSorted()).toEqual([further, gone].toSorted());
});
