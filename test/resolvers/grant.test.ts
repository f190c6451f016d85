import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AnyUserError } from '../../src/schema/user-error.ts';
import { readBalance } from '../lifecycle/rows.ts';
import { STARTING_TOKENS, service, useApi, user } from '../support/api.ts';
import { useDatabase } from '../support/database.ts';
import { makeAccount } from '../support/factory.ts';
import { leavesNothing } from './unchanged.ts';

const database = useDatabase();
const api = useApi(database);

const GRANT = `mutation ($input: GrantTokensInput!) {
  grantTokens(input: $input) {
    userId tokenBalance
    entry { id entry amount balance jobId round reason createdAt }
    userErrors { __typename code message field ... on InsufficientTokens { required available } }
  }
}`;

interface Payload {
  userId: string | null;
  tokenBalance: number | null;
  entry: { id: string; entry: string; amount: number } | null;
  userErrors: AnyUserError[];
}

async function grant(input: Record<string, unknown>, name = 'desk'): Promise<Payload> {
  const viewer = { ...service('tokens:grant'), name };
  const variables = { input: { amount: 1, reason: 'A gift', ...input } };
  return (await api().read<{ grantTokens: Payload }>(viewer, GRANT, variables)).grantTokens;
}

const nothingIsStored = (act: () => Promise<void>) => leavesNothing(database().pool, act);

describe('a grant of tokens', () => {
  it('adds them, as a GRANT of the ledger', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    expect(await grant({ userId, amount: 7 })).toEqual({
      userId,
      tokenBalance: 12,
      entry: {
        ...{ id: expect.any(String), entry: 'GRANT', amount: 7, balance: 12, jobId: null, round: null },
        ...{ reason: 'A gift', createdAt: expect.any(String) },
      },
      userErrors: [],
    });
    expect(await readBalance(database().pool, userId)).toBe(12);
  });

  it('below zero takes them back, as an ADJUST, down to 0', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    expect(await grant({ userId, amount: -5 })).toMatchObject({
      ...{ tokenBalance: 0, entry: { entry: 'ADJUST', amount: -5 }, userErrors: [] },
    });
  });

  it('never takes more than there is', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    await nothingIsStored(async () => {
      for (const amount of [-6, -2_147_483_647]) {
        expect(await grant({ userId, amount })).toEqual({
          ...{ userId: null, tokenBalance: null, entry: null },
          userErrors: [
            {
              ...{ __typename: 'InsufficientTokens', code: 'INSUFFICIENT_TOKENS', field: null, available: 5 },
              ...{ required: -amount, message: `${-amount} tokens cannot be taken from a balance of 5` },
            },
          ],
        });
      }
    });
  });

  it('opens the account of a user who was never seen', async () => {
    expect(await grant({ userId: randomUUID(), amount: 7 })).toMatchObject({ tokenBalance: STARTING_TOKENS + 7 });
  });

  it('finds a user by an id in capitals', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    expect(await grant({ userId: userId.toUpperCase() })).toMatchObject({ userId, tokenBalance: 6 });
  });

  it('fills an account up to a thousand million and not beyond', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    const most = 1_000_000_000;
    await nothingIsStored(async () => {
      for (const amount of [most, 2_147_483_647]) {
        expect(await grant({ userId, amount })).toMatchObject({
          userErrors: [{ code: 'INVALID_INPUT', field: ['input', 'amount'] }],
        });
      }
    });
    expect(await grant({ userId, amount: most - 1 })).toMatchObject({ tokenBalance: most, userErrors: [] });
    expect(await grant({ userId, amount: -most })).toMatchObject({ tokenBalance: 0, userErrors: [] });
  });

  it.each<[string, Record<string, unknown>, string, string[]]>([
    ['no amount at all', { amount: 0 }, 'INVALID_INPUT', ['input', 'amount']],
    ['an amount whose opposite is no Int', { amount: -2_147_483_648 }, 'INVALID_INPUT', ['input', 'amount']],
    ['an empty reason', { reason: '' }, 'INVALID_INPUT', ['input', 'reason']],
    ['a reason of spaces', { reason: '  ' }, 'INVALID_INPUT', ['input', 'reason']],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }, 'INVALID_INPUT', ['input', 'reason']],
    ['a reason with a line break', { reason: 'a\nb' }, 'INVALID_INPUT', ['input', 'reason']],
    ['a reason with U+0000', { reason: 'a\u0000b' }, 'INVALID_INPUT', ['input', 'reason']],
    ['a reason with half a surrogate pair', { reason: 'a\ud800' }, 'INVALID_INPUT', ['input', 'reason']],
    ['an empty key', { idempotencyKey: '' }, 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['a key of 256 characters', { idempotencyKey: 'k'.repeat(256) }, 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['a control character in the key', { idempotencyKey: 'a\u0000' }, 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['a malformed user id', { userId: 'nobody' }, 'NOT_FOUND', ['input', 'userId']],
  ])('is refused for %s, and leaves nothing', async (_, input, code, field) => {
    const userId = await makeAccount(database().pool);
    await nothingIsStored(async () => {
      expect(await grant({ userId, ...input })).toEqual({
        ...{ userId: null, tokenBalance: null, entry: null },
        userErrors: [{ __typename: 'SimpleError', code, field, message: expect.any(String) }],
      });
    });
  });

  it('takes a reason of 500 characters, each of them two in UTF-16', async () => {
    const userId = await makeAccount(database().pool);
    expect(await grant({ userId, reason: '🎁'.repeat(500) })).toMatchObject({ userErrors: [] });
  });

  it('is told all its faults at once', async () => {
    const { userErrors } = await grant({ userId: 'nobody', amount: 0, reason: '', idempotencyKey: '' });
    expect(userErrors.map(({ code, field }) => [code, field?.at(-1)])).toEqual([
      ['NOT_FOUND', 'userId'],
      ['INVALID_INPUT', 'amount'],
      ['INVALID_INPUT', 'reason'],
      ['INVALID_INPUT', 'idempotencyKey'],
    ]);
  });

  it.each([2_147_483_648, 1.5, '1', null])('with the amount %j has the wrong shape', async (amount) => {
    const variables = { input: { userId: randomUUID(), amount, reason: 'A gift' } };
    const { data, errors } = await api().ask(service('tokens:grant'), GRANT, variables);
    expect([data, errors.length]).toEqual([null, 1]);
  });

  it('by a user id of more than 128 characters is refused', async () => {
    const variables = { input: { userId: 'x'.repeat(129), amount: 1, reason: 'A gift' } };
    const { data, errors } = await api().ask(service('tokens:grant'), GRANT, variables);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ code: 'BAD_USER_INPUT', details: [{ path: ['input', 'userId'] }] }]);
  });

  it('is for services with its scope alone', async () => {
    const userId = await makeAccount(database().pool);
    await nothingIsStored(async () => {
      for (const viewer of [user(userId), service('jobs:read', 'jobs:manage', 'jobs:repair', 'sync:run')]) {
        const { data, errors } = await api().ask(viewer, GRANT, { input: { userId, amount: 1, reason: 'A gift' } });
        expect([data, errors.map(({ code }) => code)]).toEqual([null, ['FORBIDDEN']]);
      }
    });
  });
});

describe('the idempotency key of a grant', () => {
  it('gives the same entry, once, with the balance as it is now', async () => {
    const userId = await makeAccount(database().pool, { balance: 5 });
    const first = await grant({ userId, amount: 2, idempotencyKey: 'same' });
    await grant({ userId, amount: 1 });
    const capitals = { userId: userId.toUpperCase(), amount: 2, idempotencyKey: 'same' };
    await nothingIsStored(async () => {
      expect(await grant(capitals)).toEqual({ ...first, tokenBalance: 8 });
    });
  });

  it.each([{ amount: 3 }, { reason: 'Another gift' }, { userId: randomUUID() }])(
    'is refused for another input: %j',
    async (change) => {
      const input = { userId: await makeAccount(database().pool), amount: 2, idempotencyKey: randomUUID() };
      await grant(input);
      await grant({ userId: change.userId ?? input.userId });
      await nothingIsStored(async () => {
        expect(await grant({ ...input, ...change })).toMatchObject({
          ...{ entry: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: null }] },
        });
      });
    },
  );

  it('of another service is free', async () => {
    const userId = await makeAccount(database().pool, { balance: 1 });
    await grant({ userId, idempotencyKey: 'ours' });
    expect(await grant({ userId, amount: 2, idempotencyKey: 'ours' }, 'other')).toMatchObject({
      ...{ tokenBalance: 4, userErrors: [] },
    });
  });
});
