import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nextAttempt } from '../lifecycle/lifecycles.ts';
import { service, statementsOf, useApi } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';

const database = useDatabase({
  bent: {
    'runnable-task-has-waiting-job': 'jobs are started here without a worker, which would have taken their tasks',
  },
});
const api = useApi(database);

const loaders = () => api().contextOf(service('jobs:read')).load;

describe('the reads of one operation', () => {
  it('are one statement for many rows, answered in the order of the asking', async () => {
    const made = [];
    for (const status of ['QUEUED', 'COMPLETED', 'FAILED'] as const)
      made.push(await makeJob(database().pool, { status }));
    const ids = [...made.map(({ jobId }) => jobId), randomUUID(), made[0]?.jobId ?? ''];
    const { job } = loaders();
    const read: (string | undefined)[] = [];
    const statements = await statementsOf(async () => {
      read.push(...(await Promise.all(ids.map((id) => job.load(id)))).map((found) => found?.status));
    });
    expect(read).toEqual(['QUEUED', 'COMPLETED', 'FAILED', undefined, 'QUEUED']);
    expect(statements).toHaveLength(1);
  });

  it('show what has changed since the last one', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', priority: -100 });
    const { job, result, queuePlace, events } = loaders();
    const read = async () => [
      (await job.load(made.jobId))?.status,
      (await result.load(made.resultId ?? ''))?.status,
      (await queuePlace.load(made.jobId))?.position,
      (await events.load({ jobId: made.jobId, after: 0, limit: 10 })).length,
    ];
    expect(await read()).toEqual(['QUEUED', 'QUEUED', 1, 1]);
    const attempt = nextAttempt(made);
    await api().lifecycle.start(attempt);
    expect(await read()).toEqual(['PROCESSING', 'PROCESSING', undefined, 2]);
    await api().lifecycle.complete(attempt, { archetype: 'The test' });
    expect(await read()).toEqual(['COMPLETED', 'COMPLETED', undefined, 3]);
  });

  it('of several logs are one statement, each with its own bounds', async () => {
    const long = await makeJob(database().pool, { status: 'COMPLETED' });
    const short = await makeJob(database().pool, { status: 'QUEUED' });
    const { events } = loaders();
    const read: number[][] = [];
    const statements = await statementsOf(async () => {
      const logs = await Promise.all([
        events.load({ jobId: long.jobId, after: 1, limit: 1 }),
        events.load({ jobId: short.jobId, after: 0, limit: 5 }),
        events.load({ jobId: randomUUID(), after: 0, limit: 5 }),
        events.load({ jobId: long.jobId, after: 0, limit: 5 }),
      ]);
      read.push(...logs.map((log) => log.map(({ seq }) => seq)));
    });
    expect(read).toEqual([[2], [1], [], [1, 2, 3]]);
    expect(statements).toHaveLength(1);
  });
});
