import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ServiceScope } from '../../src/gate/scopes.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { service, statementsOf, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, type MadeJob, makeCopies, makeJob, makeWorker } from '../support/factory.ts';
import { bend, clear } from './bend.ts';

const COPIES = 'copies of a job have neither its events nor its task';

const database = useDatabase();
const api = useApi(database);

/** What a viewer, by default the owner, sees of a job. */
async function see<Job>({ jobId, userId }: MadeJob, selection: string, viewer: Viewer = user(userId)): Promise<Job> {
  const { job } = await api().read<{ job: Job }>(viewer, `query ($jobId: ID!) { job(id: $jobId) ${selection} }`, {
    jobId,
  });
  return job;
}

const make = (options: JobOptions) => makeJob(database().pool, options);

describe('a job', () => {
  it('is shown with all its columns', async () => {
    const made = await make({
      status: 'FAILED',
      attempt: 2,
      price: 3,
      priority: 7,
      createdAt: 60,
      failure: 'UPSTREAM_ERROR',
    });
    const moments = `createdAt updatedAt startedAt finishedAt heartbeatAt workerFreeAt deletedAt`;
    const seen = await see<Record<string, unknown>>(
      made,
      `{ id userId kind name status seq round attempt requestedBy maxAttempts priority tokenCost refunded
        progress { percent stage message offset current expected } failure { code message } ${moments} }`,
    );
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(seen).toEqual({
      ...{ id: made.jobId, userId: made.userId, kind: 'ASSESSMENT', name: 'Test of a job', status: 'FAILED', seq: 5 },
      ...{ round: 1, attempt: 2, requestedBy: 'user', maxAttempts: 3, priority: 7, tokenCost: 3, refunded: true },
      progress: { percent: 40, stage: null, message: null, offset: null, current: null, expected: null },
      failure: { code: 'UPSTREAM_ERROR', message: 'It did not work' },
      ...{ createdAt: moment, updatedAt: moment, startedAt: moment, finishedAt: moment, heartbeatAt: moment },
      ...{ workerFreeAt: moment, deletedAt: null },
    });
    expect(Math.abs(Date.now() - 60_000 - Date.parse(String(seen.createdAt)))).toBeLessThan(10_000);
  });

  it.each<[JobOptions, unknown]>([
    [{ status: 'QUEUED' }, null],
    [{ status: 'PROCESSING' }, null],
    [{ status: 'COMPLETED' }, null],
    [
      { status: 'FAILED', failure: 'STUCK' },
      { code: 'STUCK', message: 'It did not work' },
    ],
    [{ status: 'CANCELLED' }, { code: 'CANCELLED', message: 'Cancelled by user' }],
  ])('%j has the failure %j', async (options, failure) => {
    expect(await see(await make(options), '{ failure { code message } }')).toEqual({ failure });
  });

  it.each<[JobOptions, number | null]>([
    [{ status: 'QUEUED' }, null],
    [{ status: 'PROCESSING' }, null],
    [{ status: 'COMPLETED', createdAt: 600 }, 1],
    [{ status: 'COMPLETED', createdAt: 1 }, 0.25],
    [{ status: 'FAILED' }, 1],
    [{ status: 'CANCELLED', attempt: 0 }, null],
    [{ status: 'CANCELLED', attempt: 1 }, 1],
  ])('%j has taken %j seconds', async (options, processingTime) => {
    expect(await see(await make(options), '{ processingTime }')).toEqual({ processingTime });
  });
});

describe('the allowed actions', () => {
  const none: string[] = [];
  it.each<[JobOptions, string[]]>([
    [{ status: 'QUEUED' }, ['CANCEL', 'FORCE_DELETE']],
    [{ status: 'PROCESSING' }, ['CANCEL', 'FORCE_DELETE']],
    [{ status: 'COMPLETED' }, ['DELETE', 'FORCE_DELETE', 'VIEW_RESULT']],
    [{ status: 'FAILED' }, ['DELETE', 'FORCE_DELETE', 'RETRY']],
    [{ status: 'CANCELLED' }, ['DELETE', 'FORCE_DELETE', 'RETRY']],
    [{ status: 'COMPLETED', deleted: true }, ['FORCE_DELETE']],
    [{ status: 'FAILED', deleted: true }, ['FORCE_DELETE']],
  ])('of %j are %j, and none for a service that may only read', async (options, allowedActions) => {
    const made = await make(options);
    const seenBy = (...scopes: ServiceScope[]) => see(made, '{ allowedActions }', service('jobs:read', ...scopes));
    expect(await see(made, '{ allowedActions }')).toEqual({ allowedActions });
    expect(await seenBy('jobs:manage')).toEqual({ allowedActions });
    expect(await seenBy('jobs:repair', 'tokens:grant', 'sync:run')).toEqual({ allowedActions: none });
  });

  it.each([
    ['ASSESSMENT', 1],
    ['FORECAST', 2],
    ['COMPRESS', 2],
  ] as const)('of a %s take %i statements: files are read where the kind makes some', async (kind, count) => {
    const made = await make({ status: 'COMPLETED', kind });
    expect(await statementsOf(() => see(made, '{ allowedActions }'))).toHaveLength(count);
  });
});

describe('the log of a job', () => {
  const EVENTS = `query ($id: ID!, $first: Int, $after: String) {
    job(id: $id) {
      events(first: $first, after: $after) {
        edges { cursor node { seq } }
        nodes { seq type eventType status attempt cursor tokenBalance metadata { assessmentName errorMessage } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  }`;
  interface Events {
    edges: { cursor: string; node: { seq: number } }[];
    nodes: { seq: number; type: string }[];
    pageInfo: Record<string, unknown>;
    totalCount: number | null;
  }

  async function events({ jobId, userId }: MadeJob, variables: { first?: number | null; after?: string | null } = {}) {
    const answer = await api().ask<{ job: { events: Events } }>(user(userId), EVENTS, { id: jobId, ...variables });
    return { ...answer.data?.job?.events, errors: answer.errors };
  }

  it('is read oldest first, in pages whose cursors are the numbers of the events', async () => {
    const made = await make({ status: 'FAILED', attempt: 2 });
    const all = await events(made);
    expect(all.nodes?.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'QUEUED'],
      [2, 'STARTED'],
      [3, 'RELEASED'],
      [4, 'STARTED'],
      [5, 'FAILED'],
    ]);
    expect(all.edges).toEqual([1, 2, 3, 4, 5].map((seq) => ({ cursor: String(seq), node: { seq } })));
    expect(all.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false, startCursor: '1', endCursor: '5' });
    expect(all.totalCount).toBe(5);

    const middle = await events(made, { first: 2, after: '1' });
    expect(middle.nodes?.map(({ seq }) => seq)).toEqual([2, 3]);
    expect(middle.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: true, startCursor: '2', endCursor: '3' });
    const end = await events(made, { first: 2, after: '3' });
    expect(end.nodes?.map(({ seq }) => seq)).toEqual([4, 5]);
    expect(end.pageInfo).toMatchObject({ hasNextPage: false });
    const behind = await events(made, { after: '999999999' });
    expect([behind.nodes, behind.pageInfo?.endCursor, behind.totalCount]).toEqual([[], null, 5]);
    expect((await events(made, { first: 0 })).pageInfo).toMatchObject({ hasNextPage: true, endCursor: null });
    expect((await events(made, { first: null, after: null })).nodes).toHaveLength(5);
  });

  it('tells of each event what was known then', async () => {
    const made = await make({ status: 'FAILED', price: 2 });
    const { nodes } = await events(made);
    const then = { cursor: null, metadata: { assessmentName: 'Test of a job', errorMessage: null } };
    expect(nodes).toEqual([
      { ...then, seq: 1, type: 'QUEUED', eventType: 'analysis.queued', status: 'QUEUED', attempt: 0, tokenBalance: 0 },
      {
        ...then,
        seq: 2,
        type: 'STARTED',
        eventType: 'analysis.started',
        status: 'PROCESSING',
        attempt: 1,
        tokenBalance: null,
      },
      {
        ...{
          ...then,
          seq: 3,
          type: 'FAILED',
          eventType: 'analysis.failed',
          status: 'FAILED',
          attempt: 1,
          tokenBalance: 2,
        },
        metadata: { assessmentName: 'Test of a job', errorMessage: 'It did not work' },
      },
    ]);
  });

  it('has no total where it is longer than 1,000', async () => {
    const made = await make({ status: 'QUEUED' });
    const setSeq = (seq: number) =>
      bend(database().pool, 'update analysis_jobs set seq = $2 where id = $1', [made.jobId, seq]);
    await setSeq(1_000);
    expect((await events(made)).totalCount).toBe(1_000);
    await setSeq(1_001);
    expect((await events(made)).totalCount).toBeNull();
    await setSeq(1);
  });

  it.each([
    [{ first: -1 }, ['first']],
    [{ first: 101 }, ['first']],
    [{ after: '' }, ['after']],
    [{ after: '-1' }, ['after']],
    [{ after: '1.5' }, ['after']],
    [{ after: 'x' }, ['after']],
    [{ after: '1'.repeat(10_000) }, ['after']],
    [{ after: '2147483648' }, ['after']],
  ])('is refused for %j', async (variables, path) => {
    const { errors } = await events(await make({ status: 'QUEUED' }), variables);
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path }] }]);
  });
});

describe('the place in the queue', () => {
  const QUEUE = '{ queue { position estimatedStartAt } }';
  interface Queue {
    queue: { position: number; estimatedStartAt: string | null } | null;
  }
  const place = (made: MadeJob) => see<Queue>(made, QUEUE);

  beforeEach(async () => {
    await clear(database().pool);
  });

  it('goes by priority and then by age, whoever owns the jobs', async () => {
    const late = await make({ status: 'QUEUED', priority: 5, createdAt: 900 });
    const young = await make({ status: 'QUEUED', priority: 0, createdAt: 100 });
    const old = await make({ status: 'QUEUED', priority: 0, createdAt: 300 });
    const first = await make({ status: 'QUEUED', priority: -10, createdAt: 1 });
    await make({ status: 'PROCESSING', priority: -20 });
    const places = await Promise.all([first, old, young, late].map(place));
    expect(places.map(({ queue }) => queue?.position)).toEqual([1, 2, 3, 4]);
  });

  it.each<JobOptions>([
    { status: 'PROCESSING' },
    { status: 'COMPLETED' },
    { status: 'FAILED' },
    { status: 'CANCELLED' },
    { status: 'CANCELLED', deleted: true },
  ])('of %j is null', async (options) => {
    expect(await place(await make(options))).toEqual({ queue: null });
  });

  it('is 1,000 for the thousandth and for everybody behind', async () => {
    const first = await make({ status: 'QUEUED', priority: 0, price: 0 });
    await makeCopies(database().pool, first, 998, [randomUUID()]);
    const thousandth = await make({ status: 'QUEUED', priority: 1 });
    const next = await make({ status: 'QUEUED', priority: 2 });
    await makeWorker(database().pool, { heartbeatAt: -3_600 });
    await make({ status: 'COMPLETED', createdAt: 2 });
    const places = await Promise.all([first, thousandth, next].map(place));
    expect(places.map(({ queue }) => queue?.position)).toEqual([1, 1_000, 1_000]);
    expect(places.map(({ queue }) => queue?.estimatedStartAt === null)).toEqual([false, false, true]);
    database().excuse({ 'events-without-gap': COPIES, 'waiting-job-has-task': COPIES });
  });

  it('comes with a time where a worker lives and jobs were completed lately', async () => {
    const waiting = await make({ status: 'QUEUED' });
    const estimate = async () => (await place(waiting)).queue?.estimatedStartAt ?? null;
    expect(await estimate()).toBeNull();
    await make({ status: 'COMPLETED', createdAt: 2 });
    expect(await estimate()).toBeNull();
    await makeWorker(database().pool, { heartbeatAt: 11 });
    expect(await estimate()).toBeNull();
    // It lives on, however late the machine is.
    await makeWorker(database().pool, { heartbeatAt: -3_600 });
    const isIn = async (ms: number) => {
      const asked = Date.now();
      const start = Date.parse((await estimate()) ?? '');
      expect(start).toBeGreaterThanOrEqual(asked + ms - 1_000);
      expect(start).toBeLessThanOrEqual(Date.now() + ms + 1_000);
    };
    // One job a minute was completed, so the first of the queue waits for a minute.
    await isIn(60_000);
    for (let count = 0; count < 5; count += 1) await make({ status: 'COMPLETED', createdAt: 2 });
    await isIn(10_000);
  });

  it('comes without a time where what was completed is old, or nothing but failed', async () => {
    const waiting = await make({ status: 'QUEUED' });
    await makeWorker(database().pool);
    await make({ status: 'COMPLETED', createdAt: 3_600 });
    await make({ status: 'FAILED', createdAt: 2 });
    expect(await place(waiting)).toEqual({ queue: { position: 1, estimatedStartAt: null } });
  });

  it('is null where the job has been started since it was read', async () => {
    const { jobId } = await make({ status: 'PROCESSING' });
    const places = api().contextOf(user()).load.queuePlace;
    expect(await places.load(jobId)).toBeNull();
  });
});
