import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../src/gate/viewer.ts';
import { service, statementsOf, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount, makeJob } from '../support/factory.ts';

const database = useDatabase({
  bent: {
    'balance-is-sum': 'a ledger is filled by hand',
    'entry-tells-balance': 'a ledger is filled by hand',
  },
});
const api = useApi(database);

describe('the viewer', () => {
  const VIEWER = '{ viewer { kind id scopes tier tokenBalance ledger { nodes { id } } } }';

  it('is a user with a tier, a balance and a ledger', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    expect(await api().read(user(userId, 'premium'), VIEWER)).toEqual({
      viewer: {
        ...{ kind: 'USER', id: userId, scopes: [], tier: 'premium', tokenBalance: 5 },
        ledger: { nodes: [{ id: expect.any(String) }] },
      },
    });
  });

  it('is a service with scopes and nothing of a user', async () => {
    expect(await api().read(service('jobs:read', 'tokens:grant'), VIEWER)).toEqual({
      viewer: {
        ...{ kind: 'SERVICE', id: 'service:desk', scopes: ['jobs:read', 'tokens:grant'] },
        ...{ tier: null, tokenBalance: null, ledger: null },
      },
    });
  });

  it('without an account has nothing to spend', async () => {
    const { viewer } = await api().read<{ viewer: object }>(
      user(),
      '{ viewer { tokenBalance ledger { totalCount } } }',
    );
    expect(viewer).toEqual({ tokenBalance: 0, ledger: { totalCount: 0 } });
  });
});

describe('the ledger', () => {
  const LEDGER = `query ($first: Int, $after: String) {
    viewer {
      ledger(first: $first, after: $after) {
        edges { cursor node { id } }
        nodes { id entry amount balance jobId round reason createdAt }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  }`;
  interface Ledger {
    edges: { cursor: string; node: { id: string } }[];
    nodes: { id: string; entry: string; amount: number }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
    totalCount: number | null;
  }
  const read = async (viewer: Viewer, variables: { first?: number; after?: string | null } = {}) =>
    (await api().read<{ viewer: { ledger: Ledger } }>(viewer, LEDGER, variables)).viewer.ledger;

  it('tells every change of the balance, newest first', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const { jobId } = await makeJob(database().pool, { status: 'FAILED', userId, price: 2 });
    await api().lifecycle.grant({ userId, amount: -1, reason: 'A mistake', grantedBy: 'service:desk' });
    const { nodes, edges, totalCount } = await read(user(userId));
    const [id, createdAt] = [expect.any(String), expect.any(String)];
    expect(nodes).toEqual([
      { id, entry: 'ADJUST', amount: -1, balance: 4, jobId: null, round: null, reason: 'A mistake', createdAt },
      { id, entry: 'REFUND', amount: 2, balance: 5, jobId, round: 1, reason: null, createdAt },
      { id, entry: 'CHARGE', amount: -2, balance: 3, jobId, round: 1, reason: null, createdAt },
      { id, entry: 'GRANT', amount: 5, balance: 5, jobId: null, round: null, reason: null, createdAt },
    ]);
    expect(edges.map(({ node }) => node.id)).toEqual(nodes.map((node) => node.id));
    expect(totalCount).toBe(4);
  });

  it('is walked page by page, each entry once', async () => {
    const userId = await makeAccount(database().pool, { balance: 7 });
    for (let count = 0; count < 3; count += 1) await makeJob(database().pool, { status: 'FAILED', userId });
    const viewer = user(userId);
    const { nodes: all } = await read(viewer);
    const first = await read(viewer, { first: 3 });
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    await makeJob(database().pool, { status: 'QUEUED', userId });
    const second = await read(viewer, { first: 3, after: first.pageInfo.endCursor });
    expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const third = await read(viewer, { first: 3, after: second.pageInfo.endCursor });
    expect(third.pageInfo).toMatchObject({ hasNextPage: false });
    expect([...first.nodes, ...second.nodes, ...third.nodes]).toEqual(all);
  });

  it('by a cursor of another user shows nothing of him', async () => {
    const owner = user(await makeAccount(database().pool));
    const { pageInfo } = await read(owner);
    const stranger = user(await makeAccount(database().pool, { balance: 1 }));
    expect((await read(stranger, { after: pageInfo.endCursor })).nodes).toEqual([]);
  });

  it.each([
    [{ first: -1 }, ['first']],
    [{ first: 101 }, ['first']],
    [{ after: 'x' }, ['after']],
    [{ after: Buffer.from(`job:${randomUUID()}`).toString('base64url') }, ['after']],
  ])('is refused for %j', async (variables, path) => {
    const { errors } = await api().ask(user(), LEDGER, variables);
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path }] }]);
  });

  it('is counted to 1,000, and only when it is asked to', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    const enter = (count: number) =>
      database().pool.query(
        `insert into ledger_entries (user_id, entry, amount, balance) select $1, 'GRANT', 1, 1 from generate_series(1, $2)`,
        [userId, count],
      );
    await enter(999);
    expect((await read(user(userId), { first: 1 })).totalCount).toBe(1_000);
    await enter(1);
    expect((await read(user(userId), { first: 1 })).totalCount).toBeNull();
    const text = '{ viewer { ledger { nodes { id } } } }';
    expect(await statementsOf(() => api().read(user(userId), text))).toHaveLength(1);
  });
});
