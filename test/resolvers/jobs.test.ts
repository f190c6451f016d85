import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UserViewer, Viewer } from '../../src/gate/viewer.ts';
import { service, statementsOf, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { type JobOptions, makeAccount, makeCopies, makeJob } from '../support/factory.ts';
import { scansOf } from '../support/scans.ts';
import { bend } from './bend.ts';

const database = useDatabase({
  bent: {
    'round-charged-once': 'many jobs are copies, without entries',
    'events-without-gap': 'many jobs are copies, without events',
  },
});
const api = useApi(database);

const JOBS = `
  query ($first: Int, $after: String, $last: Int, $before: String, $filter: JobFilter, $orderBy: JobOrder) {
    jobs(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      edges { cursor node { id } }
      nodes { id }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;

const STATS = `query ($since: DateTime) {
  jobStats(since: $since) {
    total queued processing completed failed cancelled successRate averageProcessingTime
  }
}`;

interface Page {
  edges: { cursor: string; node: { id: string } }[];
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

async function list(viewer: Viewer, variables: Record<string, unknown> = {}) {
  const { jobs } = await api().read<{ jobs: Page }>(viewer, JOBS, variables);
  expect(jobs.edges.map(({ node }) => node)).toEqual(jobs.nodes);
  return { ids: jobs.nodes.map(({ id }) => id), cursors: jobs.edges.map(({ cursor }) => cursor), ...jobs.pageInfo };
}

/** The jobs that a filter leaves, by the labels that a test gave them. */
const listed = async (viewer: Viewer, filter: unknown, labels: Record<string, string>) =>
  (await list(viewer, { filter })).ids.map((id) => labels[id] ?? id);

async function refusal(viewer: Viewer, text: string, variables?: Record<string, unknown>) {
  const { data, errors } = await api().ask(viewer, text, variables);
  expect(data).toBeNull();
  return errors.map(({ code, details }) => ({ code, path: (details as { path: unknown }[] | undefined)?.[0]?.path }));
}

/** Jobs of one user, made a minute after each other, oldest first. */
async function makeJobs(count: number, options: Partial<JobOptions> = {}) {
  const userId = await makeAccount(database().pool, { balance: count });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const createdAt = (count - index) * 60;
    ids.push((await makeJob(database().pool, { status: 'COMPLETED', userId, createdAt, ...options })).jobId);
  }
  return { owner: user(userId), ids };
}

describe('a page of jobs', () => {
  let owner: UserViewer;
  let oldestFirst: string[];
  let newestFirst: string[];
  beforeAll(async () => {
    ({ owner, ids: oldestFirst } = await makeJobs(7));
    newestFirst = oldestFirst.toReversed();
  });

  it('holds twenty, newest first, where nothing is asked for', async () => {
    const { ids, ...info } = await list(owner);
    expect(ids).toEqual(newestFirst);
    expect(info).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    const many = await makeJobs(21, { price: 0 });
    expect((await list(many.owner)).ids).toEqual(many.ids.toReversed().slice(0, 20));
  });

  it('is as long as `first` says, from the start', async () => {
    const { ids, cursors, ...info } = await list(owner, { first: 3 });
    expect(ids).toEqual(newestFirst.slice(0, 3));
    expect(info).toEqual({
      ...{ hasNextPage: true, hasPreviousPage: false },
      ...{ startCursor: cursors[0], endCursor: cursors[2] },
    });
  });

  it('is as long as `last` says, from the end but in the order of the list', async () => {
    const { ids, cursors, ...info } = await list(owner, { last: 3 });
    expect(ids).toEqual(newestFirst.slice(-3));
    expect(info).toEqual({
      ...{ hasNextPage: false, hasPreviousPage: true },
      ...{ startCursor: cursors[0], endCursor: cursors[2] },
    });
  });

  it('begins behind `after` and ends before `before`', async () => {
    const { cursors } = await list(owner);
    const [, second, , , , sixth] = cursors;
    expect(await list(owner, { after: second })).toMatchObject({ ids: newestFirst.slice(2), hasPreviousPage: true });
    expect(await list(owner, { before: sixth })).toMatchObject({ ids: newestFirst.slice(0, 5) });
    expect(await list(owner, { after: second, before: sixth })).toMatchObject({ ids: newestFirst.slice(2, 5) });
    expect(await list(owner, { last: 2, before: sixth })).toMatchObject({
      ...{ ids: newestFirst.slice(3, 5), hasNextPage: true, hasPreviousPage: true },
    });
    expect(await list(owner, { last: 9, after: second })).toMatchObject({
      ...{ ids: newestFirst.slice(2), hasNextPage: false, hasPreviousPage: false },
    });
  });

  it('follows `orderBy`, its cursors too', async () => {
    const first = await list(owner, { first: 3, orderBy: 'CREATED_ASC' });
    expect(first.ids).toEqual(oldestFirst.slice(0, 3));
    const next = await list(owner, { first: 3, orderBy: 'CREATED_ASC', after: first.endCursor });
    expect(next.ids).toEqual(oldestFirst.slice(3, 6));
    expect((await list(owner, { last: 2, orderBy: 'CREATED_ASC' })).ids).toEqual(oldestFirst.slice(-2));
    expect((await list(owner, { orderBy: null })).ids).toEqual(newestFirst);
  });

  it('may be empty, and still tells whether there is more', async () => {
    expect(await list(owner, { first: 0 })).toEqual({
      ...{ ids: [], cursors: [], startCursor: null, endCursor: null },
      ...{ hasNextPage: true, hasPreviousPage: false },
    });
    expect(await list(user(), { first: 0 })).toMatchObject({ hasNextPage: false });
    expect(await list(user())).toMatchObject({ ids: [], startCursor: null, hasNextPage: false });
  });

  it.each([
    ['-1', { first: -1 }, ['first']],
    ['101', { first: 101 }, ['first']],
    ['the largest Int', { first: 2_147_483_647 }, ['first']],
    ['-1', { last: -1 }, ['last']],
    ['101', { last: 101 }, ['last']],
    ['both ends at once', { first: 5, last: 5 }, ['last']],
    ['both ends at once, one of them 0', { first: 0, last: 5 }, ['last']],
  ])('is refused for %s as in %j', async (_, variables, path) => {
    expect(await refusal(owner, JOBS, variables)).toEqual([{ code: 'BAD_USER_INPUT', path }]);
    const literals = Object.entries(variables).map(([name, value]) => `${name}: ${value}`);
    expect(await refusal(owner, `{ jobs(${literals}) { nodes { id } } }`)).toEqual([{ code: 'BAD_USER_INPUT', path }]);
  });

  it('is refused for `first` from the default of a variable beside `last`', async () => {
    const text = 'query ($first: Int = 5) { jobs(first: $first, last: 5) { nodes { id } } }';
    expect(await refusal(owner, text)).toEqual([{ code: 'BAD_USER_INPUT', path: ['last'] }]);
  });

  it('is given for `last` beside a `first` that nobody gave', async () => {
    expect((await list(owner, { first: null, last: 1 })).ids).toEqual(newestFirst.slice(-1));
    expect((await list(owner, { first: 1, last: null })).ids).toEqual(newestFirst.slice(0, 1));
    const literal = await api().read<{ jobs: Page }>(owner, '{ jobs(first: null, last: 1) { nodes { id } } }');
    expect(literal.jobs.nodes).toEqual([{ id: oldestFirst[0] }]);
    expect((await list(owner, { first: 100 })).ids).toEqual(newestFirst);
  });

  const encoded = (text: string) => Buffer.from(text).toString('base64url');
  const uuid = randomUUID();
  it.each([
    ['an empty text', ''],
    ['any text', 'x'],
    ['an id', uuid],
    ['a cursor of another list', encoded(`result:${uuid}`)],
    ['a cursor without an id', encoded('job:1')],
    ['a cursor with more behind it', encoded(`job:${uuid}:1`)],
    ['a cursor that merely decodes', `${encoded(`job:${uuid}`)}!`],
    ['a cursor of the plain alphabet', encoded(`job:${uuid}`).replace(/.$/, '=')],
    ['SQL', encoded("job:' or true --")],
    ['10 kB', encoded(`job:${uuid}`).repeat(190)],
    ['a cursor with 10 kB behind it', encoded(`job:${uuid}`) + 'A'.repeat(10_000)],
  ])('is refused for %s as its cursor', async (_, cursor) => {
    expect(await refusal(owner, JOBS, { after: cursor })).toEqual([{ code: 'BAD_USER_INPUT', path: ['after'] }]);
    expect(await refusal(owner, JOBS, { before: cursor })).toEqual([{ code: 'BAD_USER_INPUT', path: ['before'] }]);
  });

  it('by a cursor of another user shows nothing of him', async () => {
    const { cursors } = await list(owner);
    const stranger = await makeJobs(1, { createdAt: 10_000 });
    expect((await list(stranger.owner, { after: cursors[3] })).ids).toEqual(stranger.ids);
    expect((await list(stranger.owner, { before: cursors[3] })).ids).toEqual([]);
  });
});

describe('walking through all pages', () => {
  it.each([
    ['forward, newest first', { first: 4 }, 'after', 'endCursor', 'hasNextPage'],
    ['forward, oldest first', { first: 4, orderBy: 'CREATED_ASC' }, 'after', 'endCursor', 'hasNextPage'],
    ['backward, newest first', { last: 4 }, 'before', 'startCursor', 'hasPreviousPage'],
    ['backward, oldest first', { last: 4, orderBy: 'CREATED_ASC' }, 'before', 'startCursor', 'hasPreviousPage'],
  ] as const)('%s, gives each job once while new ones arrive', async (_, size, position, cursor, more) => {
    const { owner, ids } = await makeJobs(10, { price: 0 });
    const seen: string[] = [];
    const arrived: string[] = [];
    for (let variables: Record<string, unknown> | null = { ...size }; variables; ) {
      const page = await list(owner, variables);
      seen.push(...page.ids);
      variables = page[more] ? { ...size, [position]: page[cursor] } : null;
      if (arrived.length === 3) continue;
      const { jobId } = await makeJob(database().pool, {
        status: 'QUEUED',
        userId: owner.id,
        price: 0,
        createdAt: 0,
      });
      arrived.push(jobId);
    }
    expect(seen.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    expect(new Set(seen).size).toBe(seen.length);
    expect([...ids, ...arrived]).toEqual(expect.arrayContaining(seen));
  });
});

describe('a filter of jobs', () => {
  let owner: UserViewer;
  const labels: Record<string, string> = {};
  beforeAll(async () => {
    const userId = await makeAccount(database().pool, { balance: 10 });
    owner = user(userId);
    const jobs: [string, JobOptions][] = [
      ['queued', { status: 'QUEUED', createdAt: 600 }],
      ['processing', { status: 'PROCESSING', createdAt: 500 }],
      ['failed', { status: 'FAILED', createdAt: 400, name: 'Monday' }],
      ['completed', { status: 'COMPLETED', createdAt: 300, kind: 'COMPRESS', name: '100%' }],
      ['cancelled', { status: 'CANCELLED', createdAt: 200, kind: 'FORECAST' }],
      ['deleted', { status: 'COMPLETED', createdAt: 100, deleted: true }],
    ];
    for (const [label, options] of jobs) labels[(await makeJob(database().pool, { ...options, userId })).jobId] = label;
  });

  it.each<[object | null, string[]]>([
    [null, ['cancelled', 'completed', 'failed', 'processing', 'queued']],
    [{}, ['cancelled', 'completed', 'failed', 'processing', 'queued']],
    [{ includeDeleted: true }, ['deleted', 'cancelled', 'completed', 'failed', 'processing', 'queued']],
    [
      {
        includeDeleted: null,
        kind: null,
        status: null,
        name: null,
        createdAfter: null,
        createdBefore: null,
        userId: null,
      },
      ['cancelled', 'completed', 'failed', 'processing', 'queued'],
    ],
    [{ status: ['QUEUED'] }, ['queued']],
    [{ status: ['FAILED', 'PROCESSING'] }, ['failed', 'processing']],
    [{ status: 'FAILED' }, ['failed']],
    [{ status: ['CANCELLED'], includeDeleted: true }, ['deleted', 'cancelled']],
    [{ status: [] }, []],
    [{ kind: ['COMPRESS'] }, ['completed']],
    [{ kind: ['COMPRESS', 'FORECAST'] }, ['cancelled', 'completed']],
    [{ kind: ['ASSESSMENT'], status: ['FAILED', 'COMPLETED'] }, ['failed']],
    [{ kind: [] }, []],
    [{ name: 'Monday' }, ['failed']],
    [{ name: 'monday' }, []],
    [{ name: 'Mon' }, []],
    [{ name: '100%' }, ['completed']],
    [{ name: '%' }, []],
    [{ name: '' }, []],
    [{ name: 'Mon\ud800day' }, []],
    [{ name: "' or true --" }, []],
    [{ userId: 'not-a-uuid' }, []],
    [{ userId: '' }, []],
    [{ userId: randomUUID() }, []],
    [{ createdAfter: '0001-01-01T00:00:00Z' }, ['cancelled', 'completed', 'failed', 'processing', 'queued']],
    [{ createdAfter: '9999-12-31T23:59:59Z' }, []],
    [{ createdBefore: '0001-01-01T00:00:00Z' }, []],
    [{ createdBefore: '9999-12-31T23:59:59Z' }, ['cancelled', 'completed', 'failed', 'processing', 'queued']],
  ])('%j leaves %j', async (filter, expected) => {
    expect(await listed(owner, filter, labels)).toEqual(expected);
  });

  it('by a moment takes the jobs from it on, and those before it', async () => {
    const failedId = Object.entries(labels).find(([, label]) => label === 'failed')?.[0];
    // A moment has milliseconds in GraphQL and microseconds in the row: the two must be the same moment here.
    await bend(
      database().pool,
      `update analysis_jobs set created_at = date_trunc('milliseconds', created_at) where id = $1`,
      [failedId],
    );
    const { job } = await api().read<{ job: { createdAt: string } }>(owner, `{ job(id: "${failedId}") { createdAt } }`);
    const { createdAt } = job;
    expect(await listed(owner, { createdAfter: createdAt }, labels)).toEqual(['cancelled', 'completed', 'failed']);
    expect(await listed(owner, { createdBefore: createdAt }, labels)).toEqual(['processing', 'queued']);
    expect(await listed(owner, { createdAfter: createdAt, createdBefore: createdAt }, labels)).toEqual([]);
    const later = new Date(Date.parse(createdAt) + 1).toISOString();
    expect(await listed(owner, { createdAfter: createdAt, createdBefore: later }, labels)).toEqual(['failed']);
  });

  it('shows a tombstone with its times, and of its content nothing', async () => {
    const userId = await makeAccount(database().pool);
    const { jobId } = await makeJob(database().pool, { status: 'COMPLETED', userId });
    await api().lifecycle.bury(jobId, { owner: userId });
    const fields = `id status failure { code } progress { percent message } resultId result { id } allowedActions
      finishedAt deletedAt queue { position } events { nodes { type resultId metadata { errorMessage } } }`;
    const text = `query ($id: ID!, $filter: JobFilter) {
      job(id: $id) { ${fields} } node(id: $id) { id } jobs(filter: $filter) { nodes { ${fields} } }
    }`;
    interface Seen {
      job: Record<string, unknown>;
      node: { id: string };
      jobs: { nodes: unknown[] };
    }
    const variables = { id: jobId, filter: { includeDeleted: true, status: ['CANCELLED'], userId } };
    const seen = await api().read<Seen>(user(userId), text, variables);
    expect(seen.job).toMatchObject({
      ...{ id: jobId, status: 'CANCELLED', failure: null, progress: { percent: 100, message: null }, queue: null },
      ...{ resultId: null, result: null, allowedActions: ['FORCE_DELETE'] },
      ...{ finishedAt: expect.any(String), deletedAt: expect.any(String) },
    });
    expect(seen.node).toEqual({ id: jobId });
    expect(seen.jobs.nodes).toEqual([seen.job]);
    const managing = service('jobs:read', 'jobs:manage');
    expect(await api().read(managing, text, variables)).toEqual(seen);
    const reading = await api().read<Seen>(service('jobs:read'), text, variables);
    expect(reading.job).toEqual({ ...seen.job, allowedActions: [] });
    expect((await api().read<Seen>(user(userId), text, { id: jobId })).jobs.nodes).toEqual([]);
    expect(await api().read(user(), text, variables)).toEqual({ job: null, node: null, jobs: { nodes: [] } });
  });

  it('by the user himself, in capitals too, changes nothing', async () => {
    const id = owner.id;
    expect(await listed(owner, { userId: id.toUpperCase() }, labels)).toHaveLength(5);
  });

  it('by another user leaves nothing to a user and that user’s jobs to a service', async () => {
    const other = await makeJobs(2);
    const userId = other.owner.id;
    expect(await listed(owner, { userId }, labels)).toEqual([]);
    expect((await list(service('jobs:read'), { filter: { userId } })).ids).toEqual(other.ids.toReversed());
    expect((await list(service('jobs:read'), { filter: { userId: 'not-a-uuid' } })).ids).toEqual([]);
  });

  it('is asked of everyone’s jobs by a service', async () => {
    const made = [await makeJobs(1, { name: 'Everyone’s' }), await makeJobs(1, { name: 'Everyone’s' })];
    const { ids } = await list(service('jobs:read'), { filter: { name: 'Everyone’s' } });
    expect(ids.sort()).toEqual(made.flatMap((each) => each.ids).sort());
  });

  it.each([
    ['a user id of more than 128 characters', { userId: 'x'.repeat(129) }, ['filter', 'userId']],
    ['U+0000 in a name', { name: 'a\u0000b' }, ['filter', 'name']],
    ['the year 0', { createdAfter: '0000-12-31T23:59:59Z' }, ['filter', 'createdAfter']],
    ['the year 10000', { createdBefore: '9999-12-31T23:59:59-01:00' }, ['filter', 'createdBefore']],
  ])('is refused for %s', async (_, filter, path) => {
    expect(await refusal(owner, JOBS, { filter })).toEqual([{ code: 'BAD_USER_INPUT', path }]);
  });

  it.each([
    ['an operator', { name: { $ne: null } }],
    ['an operator for a list', { status: { $in: ['QUEUED'] } }],
    ['an unknown field', { $or: [] }],
    ['a status that does not exist', { status: ['DONE'] }],
  ])('is refused for %s', async (_, filter) => {
    const { data, errors } = await api().ask(owner, JOBS, { filter });
    expect([data, errors.length]).toEqual([null, 1]);
  });
});

describe('the total of a list of jobs', () => {
  const TOTAL = 'query ($filter: JobFilter) { jobs(first: 1, filter: $filter) { totalCount } }';
  const total = async (viewer: Viewer, filter: object | null = null) =>
    (await api().read<{ jobs: { totalCount: number | null } }>(viewer, TOTAL, { filter })).jobs.totalCount;

  it('is exact up to 1,000, whatever the page, and then null', async () => {
    const userId = await makeAccount(database().pool);
    const first = await makeJob(database().pool, { status: 'COMPLETED', userId, name: 'Counted' });
    expect(await total(user(userId))).toBe(1);
    await makeCopies(database().pool, first, 999);
    expect(await total(user(userId))).toBe(1_000);
    await makeJob(database().pool, { status: 'FAILED', userId });
    expect(await total(user(userId))).toBeNull();
    expect(await total(user(userId), { name: 'Counted' })).toBe(1_000);
    expect(await total(user(userId), { status: ['FAILED'] })).toBe(1);
    expect(await total(user())).toBe(0);
    expect(await total(service('jobs:read'), { includeDeleted: true })).toBeNull();
  });

  it('is counted only when it is asked for, and in the database', async () => {
    const { owner } = await makeJobs(1);
    const without = await statementsOf(() => api().read(owner, '{ jobs { nodes { id } } }'));
    const counted = await statementsOf(() => api().read(owner, '{ jobs { nodes { id } totalCount } }'));
    expect([without.length, counted.length]).toEqual([1, 2]);
    expect(counted[1]).toMatch(/^select count\(/);
  });
});

describe('among two thousand jobs', () => {
  const DAY = 86_400;
  const later = new Date(Date.now() + DAY * 1_000);
  const earlier = new Date(Date.now() - DAY * 1_000);

  let userId = '';

  beforeAll(async () => {
    const { pool } = database();
    await makeJob(pool, { status: 'COMPLETED', price: 0, createdAt: 2 * DAY });
    const users = await Promise.all(Array.from({ length: 100 }, () => makeAccount(pool)));
    userId = users[0] ?? '';
    await makeCopies(pool, await makeJob(pool, { status: 'COMPLETED', price: 0 }), 2_000, users);
    // As the server does it by itself: then the index knows which rows everybody sees.
    await pool.query('vacuum analyze analysis_jobs');
  });

  it.each([
    ['a page from a moment back', JOBS, { filter: { createdBefore: earlier } }, 1],
    ['a page up to a moment', JOBS, { filter: { createdAfter: later }, orderBy: 'CREATED_ASC' }, 0],
    ['statistics', STATS, { since: later }, 0],
  ])('%s: nothing is read on the way there', async (_, text, variables, rows) => {
    const read = () => api().read(service('jobs:read'), text, variables);
    const scans = await scansOf(database().pool, 'analysis_jobs', read);
    expect(scans.map((scan) => scan.rows)).toEqual([rows]);
  });

  it('the statistics of a user come from the index alone', async () => {
    const read = () => api().read(user(userId), STATS, {});
    expect(await scansOf(database().pool, 'analysis_jobs', read)).toEqual([{ node: 'Index Only Scan', rows: 20 }]);
  });
});

describe('the number of statements', () => {
  const PAGE = `query ($first: Int) {
    jobs(first: $first) {
      nodes {
        id allowedActions queue { position } events(first: 3) { nodes { seq job { id } } }
        result { status assessment { archetype } job { id } }
      }
    }
  }`;

  it('for a page of jobs with all that belongs to them does not grow with the page', async () => {
    const { owner, ids } = await makeJobs(12, { price: 0 });
    const userId = owner.id;
    for (let index = 0; index < 12; index += 1) await makeJob(database().pool, { status: 'QUEUED', userId, price: 0 });
    await api().read(owner, PAGE, { first: 2 });
    const few = await statementsOf(() => api().read(owner, PAGE, { first: 2 }));
    const many = await statementsOf(() => api().read(owner, PAGE, { first: 24 }));
    expect(ids).toHaveLength(12);
    expect(many.length).toBeLessThanOrEqual(few.length + 1);
    expect(few.length).toBeGreaterThanOrEqual(4);
    expect(many.length).toBeLessThanOrEqual(8);
  });
});

describe('the statistics', () => {
  const stats = async (viewer: Viewer, since?: string) =>
    (await api().read<{ jobStats: Record<string, number | null> }>(viewer, STATS, { since })).jobStats;

  it('count a user’s live jobs by status, and nobody else’s', async () => {
    const userId = await makeAccount(database().pool, { balance: 10 });
    const make = (options: JobOptions) => makeJob(database().pool, { ...options, userId, price: 0 });
    for (const status of ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const) await make({ status });
    for (const status of ['COMPLETED', 'COMPLETED'] as const) await make({ status, createdAt: 2 });
    await make({ status: 'COMPLETED', deleted: true });
    expect(await stats(user(userId))).toEqual({
      ...{ total: 7, queued: 1, processing: 1, completed: 3, failed: 1, cancelled: 1, successRate: 0.75 },
      averageProcessingTime: (1 + 0.5 + 0.5) / 3,
    });
  });

  it('count the jobs from a moment on', async () => {
    const { owner, ids } = await makeJobs(3);
    const { jobs } = await api().read<{ jobs: { nodes: { createdAt: string }[] } }>(
      owner,
      '{ jobs { nodes { createdAt } } }',
    );
    const since = jobs.nodes[1]?.createdAt;
    expect(await stats(owner, since)).toMatchObject({ total: 2, completed: 2, successRate: 1 });
    expect(await stats(owner, '0001-01-01T00:00:00Z')).toMatchObject({ total: ids.length });
    expect(await stats(owner, '9999-12-31T23:59:59Z')).toMatchObject({ total: 0 });
  });

  it('are refused for a moment that the database does not know', async () => {
    expect(await refusal(user(), STATS, { since: '0000-12-31T23:59:59Z' })).toEqual([
      { code: 'BAD_USER_INPUT', path: ['since'] },
    ]);
  });

  it('have no rates where there is nothing to rate', async () => {
    const none = { total: 0, queued: 0, processing: 0, completed: 0, failed: 0, cancelled: 0 };
    expect(await stats(user())).toEqual({ ...none, successRate: null, averageProcessingTime: null });
    const { owner } = await makeJobs(1, { status: 'FAILED' });
    expect(await stats(owner)).toMatchObject({ total: 1, successRate: 0, averageProcessingTime: null });
  });

  it('count everyone’s jobs for a service', async () => {
    const { rows } = await database().pool.query<{ total: number }>(
      'select count(*)::int as total from analysis_jobs where deleted_at is null',
    );
    expect(await stats(service('jobs:read'))).toMatchObject({ total: rows[0]?.total });
  });
});
