import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_USER } from '../../src/entities/sync-source.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { nextAttempt, TAKES_NO_TASK } from '../lifecycle/lifecycles.ts';
import { service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeJob } from '../support/factory.ts';
import { clear } from './bend.ts';

const database = useDatabase();
const url = 'http://127.0.0.1:9/list';
const api = useApi(database, { syncSources: { PANGKAT: { url, token: 'CANARY' }, PG_PROFESI: { url } } });

const runner = service('sync:run');
const reader = service('jobs:read');

beforeEach(async () => {
  await clear(database().pool);
  await database().pool.query('truncate sync_records');
  database().excuse(TAKES_NO_TASK);
});

const LAST = 'lastSync { job { id } finishedAt minutesAgo total }';

interface Requested {
  outcome: string | null;
  job: { id: string; kind: string; status: string; userId: string; requestedBy: string; tokenCost: number } | null;
  lastSync: { job: { id: string }; finishedAt: string; minutesAgo: number; total: number } | null;
  forced: boolean;
  message: string;
  userErrors: { __typename: string; code: string; field: string[] }[];
}

async function request(input: { source: string; force?: boolean | null }, viewer: Viewer = runner): Promise<Requested> {
  const { requestSync } = await api().read<{ requestSync: Requested }>(
    viewer,
    `mutation ($input: RequestSyncInput!) { requestSync(input: $input) {
       outcome job { id kind status userId requestedBy tokenCost progress { percent } } ${LAST} forced message
       userErrors { __typename code field }
     } }`,
    { input },
  );
  return requestSync;
}

/** Ends the job as a worker does it. */
async function complete(jobId: string, records: number): Promise<void> {
  const start = nextAttempt({ jobId, round: 1, attempt: 0 });
  await api().lifecycle.start(start);
  await api().lifecycle.complete(start, { records });
}

describe('requestSync', () => {
  it('begins a sync of the system, and tells of it until it is forced to begin anew', async () => {
    const begun = await request({ source: 'PANGKAT' });
    expect(begun).toMatchObject({
      ...{
        outcome: 'STARTED',
        lastSync: null,
        forced: false,
        message: 'A sync of PANGKAT was started',
        userErrors: [],
      },
      job: { kind: 'SYNC', status: 'QUEUED', userId: SYSTEM_USER, requestedBy: 'service:desk', tokenCost: 0 },
    });
    const jobId = begun.job!.id;
    expect(await request({ source: 'PANGKAT', force: null })).toMatchObject({
      outcome: 'ALREADY_RUNNING',
      job: { id: jobId, progress: { percent: 0 } },
    });
    await complete(jobId, 7);
    expect(await request({ source: 'PANGKAT' })).toMatchObject({
      ...{ outcome: 'ALREADY_COMPLETED', job: { id: jobId, status: 'COMPLETED' }, userErrors: [] },
      lastSync: { job: { id: jobId }, finishedAt: expect.any(String), minutesAgo: 0, total: 7 },
    });
    const forced = await request({ source: 'PANGKAT', force: true });
    expect(forced).toMatchObject({ outcome: 'STARTED', forced: true, lastSync: { job: { id: jobId } } });
    const again = await request({ source: 'PANGKAT', force: true });
    expect(again.message).toBe('A new sync of PANGKAT was started, and the active one cancelled');
    const replaced = await database().pool.query('select failure_message from analysis_jobs where id = $1', [
      forced.job!.id,
    ]);
    expect(replaced.rows).toEqual([{ failure_message: 'Replaced by a newer sync' }]);
  });

  it.each([false, true])('does nothing where no address is known (force: %s)', async (force) => {
    expect(await request({ source: 'SKK', force })).toEqual({
      ...{ outcome: null, job: null, lastSync: null, forced: force, message: 'No address is configured for SKK' },
      userErrors: [{ __typename: 'SimpleError', code: 'SOURCE_NOT_CONFIGURED', field: ['input', 'source'] }],
    });
    expect((await database().pool.query('select from analysis_jobs')).rowCount).toBe(0);
  });

  it('answers fifty at once with one job', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => request({ source: 'PANGKAT' })));
    expect(new Set(answers.map(({ job }) => job?.id)).size).toBe(1);
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual([...Array(49).fill('ALREADY_RUNNING'), 'STARTED']);
    expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  });

  it('is told JOB_ACTIVE where an old sync is retried beside an active one', async () => {
    const { jobId } = await makeJob(database().pool, {
      kind: 'SYNC',
      status: 'FAILED',
      price: 0,
      userId: await nobody(),
    });
    await request({ source: 'PANGKAT' });
    const { retryJob } = await api().read<{ retryJob: unknown }>(
      service('jobs:manage'),
      `mutation { retryJob(input: { id: "${jobId}" }) { job { id } userErrors { code ... on InvalidMove { status } } } }`,
    );
    expect(retryJob).toEqual({ job: null, userErrors: [{ code: 'JOB_ACTIVE', status: 'QUEUED' }] });
  });
});

async function nobody(): Promise<string> {
  await database().pool.query('insert into accounts (user_id, balance) values ($1, 0)', [SYSTEM_USER]);
  return SYSTEM_USER;
}

describe('syncStatusOf', () => {
  const status = async (source: string, viewer: Viewer = reader) =>
    await api().read(
      viewer,
      `{ syncStatusOf(source: ${source}) { source configured activeJob { id status } ${LAST} recordCount } }`,
    );

  it('knows what is configured, and nothing of its address', async () => {
    const nothing = { activeJob: null, lastSync: null, recordCount: 0 };
    expect(await status('SKK')).toEqual({ syncStatusOf: { source: 'SKK', configured: false, ...nothing } });
    expect(await status('PANGKAT', runner)).toEqual({
      syncStatusOf: { source: 'PANGKAT', configured: true, ...nothing },
    });
    expect(JSON.stringify(await status('PANGKAT'))).not.toMatch(/CANARY|127/);
  });

  it('tells of the active sync, the last one and the records', async () => {
    const first = (await request({ source: 'PANGKAT' })).job!.id;
    await complete(first, 2);
    const second = (await request({ source: 'PANGKAT', force: true })).job!.id;
    await fill(2);
    expect(await status('PANGKAT')).toEqual({
      syncStatusOf: {
        ...{ source: 'PANGKAT', configured: true, activeJob: { id: second, status: 'QUEUED' }, recordCount: 2 },
        lastSync: { job: { id: first }, finishedAt: expect.any(String), minutesAgo: 0, total: 2 },
      },
    });
  });
});

/** Records `r1` to `r<count>` of PANGKAT, and one of another source. */
async function fill(count: number): Promise<void> {
  await database().pool.query(
    `insert into sync_records (source, id, data, words)
     select 'PANGKAT', 'r' || n, jsonb_build_object('id', 'r' || n, 'name', 'Row ' || n), 'r' || n || E'\\nrow ' || n
     from generate_series(1, $1) n
     union all select 'SKK', 's', '{}', 's'`,
    [count],
  );
}

describe('syncRecords', () => {
  interface Records {
    edges: { cursor: string }[];
    nodes: { id: string; source: string; data: unknown; syncedAt: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
    totalCount: number | null;
  }
  const RECORDS = `query ($source: SyncSource!, $first: Int, $after: String, $search: String) {
    syncRecords(source: $source, first: $first, after: $after, search: $search) {
      edges { cursor } nodes { id source data syncedAt } pageInfo { hasNextPage endCursor } totalCount
    } }`;

  const list = async (variables: Record<string, unknown> = {}, viewer: Viewer = runner): Promise<Records> =>
    (await api().read<{ syncRecords: Records }>(viewer, RECORDS, { source: 'PANGKAT', ...variables })).syncRecords;

  const found = async (search: string) => (await list({ search })).nodes.map(({ id }) => id);

  async function words(...given: string[]): Promise<void> {
    for (const [index, text] of given.entries()) {
      await database().pool.query(
        `insert into sync_records (source, id, data, words) values ('PANGKAT', $1, '{}', $2)`,
        [`r${index + 1}`, text],
      );
    }
  }

  it('are listed in the order of their ids, page after page', async () => {
    await fill(7);
    const read: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 4; pages += 1) {
      const { nodes, pageInfo, totalCount }: Records = await list({ first: 2, after });
      expect(totalCount).toBe(7);
      expect(pageInfo.hasNextPage).toBe(pages < 3);
      read.push(...nodes.map(({ id }) => id));
      after = pageInfo.endCursor;
    }
    expect(read).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7']);
    const [first] = (await list({}, reader)).nodes;
    expect(first).toEqual({
      id: 'r1',
      source: 'PANGKAT',
      data: { id: 'r1', name: 'Row 1' },
      syncedAt: expect.any(String),
    });
  });

  it('go on where they were, whatever came or went before', async () => {
    await fill(5);
    const { pageInfo } = await list({ first: 2 });
    await database().pool.query(`delete from sync_records where id in ('r1', 'r2')`);
    await database().pool.query(
      `insert into sync_records (source, id, data, words) values ('PANGKAT', 'r0', '{}', '')`,
    );
    expect((await list({ first: 2, after: pageInfo.endCursor })).nodes.map(({ id }) => id)).toEqual(['r3', 'r4']);
  });

  it('have cursors for ids of any kind', async () => {
    const ids = ['  ', '%', `'; --`, 'Ä'.repeat(200), '😀'.repeat(100)];
    for (const id of ids) {
      await database().pool.query(
        `insert into sync_records (source, id, data, words) values ('PANGKAT', $1, '{}', '')`,
        [id],
      );
    }
    const all = (await list()).nodes.map(({ id }) => id);
    expect(all.toSorted()).toEqual(ids.toSorted());
    for (const [index, { cursor }] of (await list()).edges.entries()) {
      expect((await list({ after: cursor })).nodes.map(({ id }) => id)).toEqual(all.slice(index + 1));
    }
  });

  it('have cursors that are good for their own source alone', async () => {
    await fill(2);
    const [edge] = (await list({ source: 'SKK' })).edges;
    const { errors } = await api().ask(runner, RECORDS, { source: 'PANGKAT', after: edge!.cursor });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['after'] }] }]);
  });

  it('are found by any part of their text, in any case', async () => {
    await words('a1\naceh barat', 'a2\njawa BARAT'.toLowerCase(), 'a3\nünïcode');
    expect(await found('BaRaT')).toEqual(['r1', 'r2']);
    expect(await found('A2')).toEqual(['r2']);
    expect(await found('ÜNÏ')).toEqual(['r3']);
    expect(await found('nowhere')).toEqual([]);
    expect(await found('')).toEqual(['r1', 'r2', 'r3']);
  });

  it('are found by signs that mean something elsewhere, as they are', async () => {
    await words('100%', '1000', 'a_b', 'axb', 'back\\slash', `quo'te`);
    expect(await found('%')).toEqual(['r1']);
    expect(await found('_')).toEqual(['r3']);
    expect(await found('\\')).toEqual(['r5']);
    expect(await found(`'`)).toEqual(['r6']);
    expect(await found('a_b')).toEqual(['r3']);
  });

  it.each([
    ['a search of 201 characters', { search: 'x'.repeat(201) }, 'search'],
    ['U+0000', { search: '\0' }, 'search'],
    ['a page of 101', { first: 101 }, 'first'],
    ['a page of less than nothing', { first: -1 }, 'first'],
    ['no cursor', { after: 'nonsense' }, 'after'],
    ['a cursor of jobs', { after: Buffer.from(`job:${randomUUID()}`).toString('base64url') }, 'after'],
    ['a cursor to U+0000', { after: Buffer.from('sync PANGKAT:\0').toString('base64url') }, 'after'],
  ])('are refused to %s', async (_what, variables, argument) => {
    const { data, errors } = await api().ask(runner, RECORDS, { source: 'PANGKAT', ...variables });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: [argument] }] }]);
  });
});

describe('cleanupSync', () => {
  const CLEANUP = `mutation ($input: CleanupSyncInput!) { cleanupSync(input: $input) {
    cleaned breakdown { active waiting completed failed } message userErrors { code }
  } }`;
  const cleanup = async (input: Record<string, unknown>) =>
    (await api().read<{ cleanupSync: Record<string, unknown> }>(runner, CLEANUP, { input })).cleanupSync;

  it('removes the jobs, tells how they stood, and leaves the records', async () => {
    const { pool } = database();
    const userId = await nobody();
    for (const status of ['COMPLETED', 'FAILED', 'CANCELLED', 'CANCELLED'] as const) {
      await makeJob(pool, { kind: 'SYNC', status, price: 0, userId });
    }
    await makeJob(pool, { kind: 'SYNC', syncSource: 'SKK', status: 'QUEUED', price: 0, userId });
    await request({ source: 'PANGKAT', force: true });
    await fill(3);
    const breakdown = { active: 0, waiting: 1, completed: 1, failed: 3 };
    const told = { cleaned: 5, breakdown, userErrors: [] };
    expect(await cleanup({ source: 'PANGKAT', dryRun: true })).toEqual({
      ...told,
      message: 'Would remove 5 jobs of PANGKAT',
    });
    expect(await cleanup({ source: 'PANGKAT' })).toEqual({ ...told, message: 'Removed 5 jobs of PANGKAT' });
    expect(await cleanup({})).toMatchObject({
      cleaned: 1,
      breakdown: { waiting: 1 },
      message: 'Removed 1 jobs of all sources',
    });
    expect((await pool.query('select from analysis_jobs')).rowCount).toBe(0);
    expect((await pool.query('select from sync_records')).rowCount).toBe(4);
  });
});

describe('syncs and whoever may not run them', () => {
  it('are nothing that a user sees', async () => {
    const { job } = await request({ source: 'PANGKAT' });
    const anyone = user();
    const seen = await api().read(
      anyone,
      `{ job(id: "${job!.id}") { id } jobs { nodes { id } } node(id: "${job!.id}") { id } }`,
    );
    expect(seen).toEqual({ job: null, jobs: { nodes: [] }, node: null });
  });

  it('are all that a service sees which only runs them', async () => {
    const other = await makeJob(database().pool, { status: 'COMPLETED' });
    const { job } = await request({ source: 'PANGKAT' });
    const look = (id: string, viewer: Viewer) =>
      api().read(viewer, `{ job(id: "${id}") { id } jobs { nodes { id } } results { nodes { job { id } } } }`);
    const mine = { jobs: { nodes: [{ id: job!.id }] }, results: { nodes: [{ job: { id: job!.id } }] } };
    expect(await look(job!.id, runner)).toEqual({ job: { id: job!.id }, ...mine });
    expect(await look(other.jobId, runner)).toEqual({ job: null, ...mine });
    expect(await look(other.jobId, service('sync:run', 'jobs:read'))).toMatchObject({ job: { id: other.jobId } });
    const result = await api().read(
      runner,
      `{ result(id: "${other.resultId}") { id } node(id: "${other.jobId}") { id } }`,
    );
    expect(result).toEqual({ result: null, node: null });
    const follow = (id: string) => api().follow(runner, `subscription { jobEvents(jobId: "${id}") { type } }`);
    expect(await follow(other.jobId)).toMatchObject({ errors: [{ code: 'NOT_FOUND' }] });
    const stream = await follow(job!.id);
    if ('errors' in stream) throw new Error('it was refused');
    expect((await stream.next()).value).toMatchObject({ data: { jobEvents: { type: 'SNAPSHOT' } } });
    await stream.return(undefined);
  });
});
