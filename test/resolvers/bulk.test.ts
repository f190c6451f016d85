import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { readBalance, readJob } from '../lifecycle/rows.ts';
import { service, statementsOf, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeCopies, makeJob } from '../support/factory.ts';
import { clear } from './bend.ts';
import { MAY, STANDINGS, type Standee, type Standing, stand, TURNED_AWAY, viewersOf } from './standings.ts';
import { leavesNothing, touchesOnly } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);

afterEach(() => clear(database().pool));

const CANCEL = `mutation ($input: BulkJobsInput!) {
  cancelJobs(input: $input) {
    dryRun matched changed
    rows {
      id
      job { id status failure { message } allowedActions }
      userErrors { __typename code message field ... on InvalidMove { status allowed } }
    }
    userErrors { __typename code message field }
  }
}`;

interface Row {
  id: string;
  job: { id: string; status: string; failure: { message: string } | null } | null;
  userErrors: Record<string, unknown>[];
}

interface Payload {
  dryRun: boolean;
  matched: number;
  changed: number;
  rows: Row[];
  userErrors: unknown[];
}

async function cancel(viewer: Viewer, input: Record<string, unknown>): Promise<Payload> {
  return (await api().read<{ cancelJobs: Payload }>(viewer, CANCEL, { input })).cancelJobs;
}

const whole = (rows: Row[], counts: { matched: number; changed: number }, dryRun = false): Payload => ({
  ...{ dryRun, rows, userErrors: [] },
  ...counts,
});

const notFound = (id: string, index = 0): Row => ({
  id,
  job: null,
  userErrors: [
    {
      ...{ __typename: 'SimpleError', code: 'NOT_FOUND', message: 'There is nothing with this id' },
      field: ['input', 'ids', String(index)],
    },
  ],
});

function row(id: string, status: string, by = 'user'): Row {
  if (status === 'COMPLETED' || status === 'FAILED') {
    const allowed =
      status === 'FAILED' ? ['DELETE', 'FORCE_DELETE', 'RETRY'] : ['DELETE', 'FORCE_DELETE', 'VIEW_RESULT'];
    const error = { __typename: 'InvalidMove', code: 'JOB_FINISHED', message: 'The job is finished', field: null };
    return { id, job: null, userErrors: [{ ...error, status, allowed }] };
  }
  const failure = status === 'CANCELLED' ? { message: `Cancelled by ${by}` } : null;
  const allowedActions = status === 'CANCELLED' ? ['DELETE', 'FORCE_DELETE', 'RETRY'] : ['CANCEL', 'FORCE_DELETE'];
  return { id, job: { id, status, failure, allowedActions } as Row['job'], userErrors: [] };
}

const isActive = (status: string) => status === 'QUEUED' || status === 'PROCESSING';

describe.each(STANDINGS)('cancelJobs of %s', (standing) => {
  const status = standing.split(' ')[0] as Standing;
  const isNothing = ['a tombstone', 'absent', 'malformed'].includes(standing);
  const make = () => stand(database(), api().lifecycle, standing, 'The one');
  const byId = ({ jobId }: Standee) => ({ ids: [jobId] });
  const byFilter = { filter: { name: 'The one', includeDeleted: true } };

  it.each(MAY)('by its id, asked by %s, cancels it where it is active, and says the same twice', async (who) => {
    const made = await make();
    const viewer = viewersOf(made)[who] as Viewer;
    const by = who !== 'owner' && isActive(status) ? 'service desk' : 'user';
    const shown = isNothing ? notFound(made.jobId) : row(made.jobId, isActive(status) ? 'CANCELLED' : status, by);
    const matched = shown.userErrors.length === 0 ? 1 : 0;
    const changed = isActive(status) ? 1 : 0;
    await leavesNothing(database().pool, async () => {
      const foreseen = isActive(status) ? row(made.jobId, status) : shown;
      const dry = await cancel(viewer, { ...byId(made), dryRun: true });
      expect(dry).toEqual(whole([foreseen], { matched, changed: 0 }, true));
    });
    await (changed ? touchesOnly(database().pool, made, act) : leavesNothing(database().pool, act));
    async function act() {
      expect(await cancel(viewer, byId(made))).toEqual(whole([shown], { matched, changed }));
    }
    await leavesNothing(database().pool, async () => {
      expect(await cancel(viewer, byId(made))).toEqual(whole([shown], { matched, changed: 0 }));
    });
  });

  it.each(MAY)('by a filter, asked by %s, cancels it where it is active', async (who) => {
    const made = await make();
    const viewer = viewersOf(made)[who] as Viewer;
    const found = isActive(status) ? 1 : 0;
    await leavesNothing(database().pool, async () => {
      const rows = isActive(status) ? [row(made.jobId, status)] : [];
      const dry = await cancel(viewer, { ...byFilter, dryRun: true });
      expect(dry).toEqual(whole(rows, { matched: found, changed: 0 }, true));
    });
    await (found ? touchesOnly(database().pool, made, act) : leavesNothing(database().pool, act));
    async function act() {
      const rows = found ? [row(made.jobId, 'CANCELLED', who === 'owner' ? 'user' : 'service desk')] : [];
      expect(await cancel(viewer, byFilter)).toEqual(whole(rows, { matched: found, changed: found }));
    }
    await leavesNothing(database().pool, async () => {
      expect(await cancel(viewer, byFilter)).toEqual(whole([], { matched: 0, changed: 0 }));
    });
  });

  it('is closed to everybody else', async () => {
    const made = await make();
    const viewers = viewersOf(made);
    const other = viewers['another user'] as Viewer;
    await leavesNothing(database().pool, async () => {
      for (const dryRun of [false, true]) {
        const byIds = await cancel(other, { ...byId(made), dryRun });
        expect(byIds).toEqual(whole([notFound(made.jobId)], { matched: 0, changed: 0 }, dryRun));
        const filtered = await cancel(other, { ...byFilter, dryRun });
        expect(filtered).toEqual(whole([], { matched: 0, changed: 0 }, dryRun));
        for (const [who, code] of TURNED_AWAY) {
          const { errors } = await api().ask(viewers[who], CANCEL, { input: { ...byId(made), dryRun } });
          expect(errors.map((error) => error.code)).toEqual([code]);
        }
      }
    });
  });
});

describe('the input of cancelJobs', () => {
  const ids = (count: number) => Array.from({ length: count }, () => randomUUID());

  it.each<[string, Record<string, unknown>, string[], string]>([
    ['neither ids nor a filter', {}, ['input'], 'input must have exactly one of ids and filter'],
    ['null for both', { ids: null, filter: null }, ['input'], 'input must have exactly one of ids and filter'],
    ['both', { ids: ids(1), filter: {} }, ['input'], 'input must have exactly one of ids and filter'],
    ['both, one of them empty', { ids: [], filter: {} }, ['input'], 'input must have exactly one of ids and filter'],
    ['no id', { ids: [] }, ['input', 'ids'], 'ids must have from 1 to 100 ids'],
    ['101 ids', { ids: ids(101) }, ['input', 'ids'], 'ids must have from 1 to 100 ids'],
    ['101 times one id', { ids: Array(101).fill('x') }, ['input', 'ids'], 'ids must have from 1 to 100 ids'],
  ])('is refused with %s', async (_name, input, field, message) => {
    const userId = await makeAccount(database().pool);
    await makeJob(database().pool, { status: 'QUEUED', userId });
    await leavesNothing(database().pool, async () => {
      expect(await cancel(user(userId), { ...input, dryRun: true })).toEqual({
        ...whole([], { matched: 0, changed: 0 }, true),
        userErrors: [{ __typename: 'SimpleError', code: 'INVALID_INPUT', message, field }],
      });
      expect(await cancel(user(userId), input)).toMatchObject({ dryRun: false, userErrors: [{ field }] });
    });
  });

  it('takes 100 ids, and null for what is left out', async () => {
    const { matched, rows } = await cancel(user(), { ids: ids(100), filter: null, dryRun: null });
    expect([matched, rows.length]).toEqual([0, 100]);
  });

  it('is refused as a whole for one id of more than 128 characters, before anything is done', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED' });
    await leavesNothing(database().pool, async () => {
      for (const dryRun of [false, true]) {
        const input = { ids: [made.jobId, 'x'.repeat(129)], dryRun };
        const { errors } = await api().ask(user(made.userId), CANCEL, { input });
        expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'ids', 1] }] }]);
      }
    });
  });

  it.each([
    [{ userId: 'x'.repeat(129) }, 'userId'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ createdAfter: '0000-01-01T00:00:00Z' }, 'createdAfter'],
    [{ createdBefore: '0000-01-01T00:00:00Z' }, 'createdBefore'],
  ])('is refused for the filter %j, by its path', async (filter, name) => {
    const { errors } = await api().ask(user(), CANCEL, { input: { filter } });
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'filter', name] }] }]);
  });
});

describe('cancelJobs by ids', () => {
  it('answers row by row in their order, each by itself, and each id once', async () => {
    const userId = await makeAccount(database().pool);
    const make = async (status: 'QUEUED' | 'PROCESSING' | 'COMPLETED' | 'CANCELLED') =>
      (await makeJob(database().pool, { status, userId })).jobId;
    const [cancelled, queued, completed] = [await make('CANCELLED'), await make('QUEUED'), await make('COMPLETED')];
    const running = await make('PROCESSING');
    const foreign = (await makeJob(database().pool, { status: 'QUEUED' })).jobId;
    const ids = [completed, running, 'x', queued, foreign, running, cancelled, queued.toUpperCase()];
    const { userErrors, ...rest } = await cancel(user(userId), { ids });
    expect(userErrors).toEqual([]);
    expect(rest).toEqual({
      ...{ dryRun: false, matched: 3, changed: 2 },
      rows: [
        row(completed, 'COMPLETED'),
        row(running, 'CANCELLED'),
        notFound('x', 2),
        row(queued, 'CANCELLED'),
        notFound(foreign, 4),
        row(cancelled, 'CANCELLED'),
      ],
    });
    expect((await readJob(database().pool, foreign)).job.status).toBe('QUEUED');
    expect(await readBalance(database().pool, userId)).toBe(10 - 1); // the completed one stays paid
  });

  it('shows an id as it was given', async () => {
    const { jobId, userId } = await makeJob(database().pool, { status: 'QUEUED' });
    const { rows } = await cancel(user(userId), { ids: [jobId.toUpperCase()], dryRun: true });
    expect(rows).toMatchObject([{ id: jobId.toUpperCase(), job: { id: jobId } }]);
  });
});

describe('cancelJobs by a filter', () => {
  it('takes the active jobs that match, oldest first, of the viewer alone', async () => {
    const userId = await makeAccount(database().pool);
    const make = async (name: string, createdAt: number, status: 'QUEUED' | 'PROCESSING' | 'FAILED' = 'QUEUED') =>
      (await makeJob(database().pool, { status, userId, name, createdAt })).jobId;
    const [young, old] = [await make('A', 60), await make('A', 600, 'PROCESSING')];
    await make('A', 500, 'FAILED');
    const other = await make('B', 300);
    await makeJob(database().pool, { status: 'QUEUED', name: 'A' });
    const dry = await cancel(user(userId), { filter: { name: 'A' }, dryRun: true });
    const { rows, ...counts } = await cancel(user(userId), { filter: { name: 'A' } });
    expect(rows.map(({ id, job }) => [id, job?.status])).toEqual([old, young].map((id) => [id, 'CANCELLED']));
    expect(counts).toMatchObject({ matched: 2, changed: 2 });
    expect([dry.matched, dry.rows.map(({ id }) => id)]).toEqual([2, [old, young]]);
    expect((await readJob(database().pool, other)).job.status).toBe('QUEUED');
    expect((await cancel(user(userId), { filter: { status: ['FAILED'] } })).rows).toEqual([]);
    expect((await cancel(user(userId), { filter: {} })).rows.map(({ id }) => id)).toEqual([other]);
  });

  it('of a service takes everyone’s, or those of one user', async () => {
    const [mine, yours] = [
      await makeJob(database().pool, { status: 'QUEUED', createdAt: 600 }),
      await makeJob(database().pool, { status: 'PROCESSING', createdAt: 60 }),
    ];
    const desk = service('jobs:manage');
    const dry = await cancel(desk, { filter: {}, dryRun: true });
    expect(dry.rows.map(({ id }) => id)).toEqual([mine.jobId, yours.jobId]);
    expect((await cancel(user(mine.userId), { filter: { userId: yours.userId } })).rows).toEqual([]);
    expect((await cancel(desk, { filter: { userId: yours.userId } })).rows).toMatchObject([{ id: yours.jobId }]);
    expect((await readJob(database().pool, mine.jobId)).job.status).toBe('QUEUED');
  });

  it('acts on the first 1,000, and finds them in one read', async () => {
    const made = await makeJob(database().pool, { status: 'QUEUED', price: 0, task: false });
    await makeCopies(database().pool, made, 1_000);
    let dry: Payload | undefined;
    const statements = await statementsOf(async () => {
      dry = await cancel(user(made.userId), { filter: {}, dryRun: true });
    });
    expect([dry?.matched, dry?.changed, dry?.rows.length, dry?.rows[0]?.id]).toEqual([1_000, 0, 1_000, made.jobId]);
    expect(statements).toHaveLength(2);
  });
});
