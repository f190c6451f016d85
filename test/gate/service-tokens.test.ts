import { createHash } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createServiceToken,
  listServiceTokens,
  revokeServiceTokens,
  rotateServiceToken,
  verifyServiceToken,
} from '../../src/gate/service-tokens.ts';
import { createOrm } from '../../src/orm.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
let orm: MikroORM;
beforeAll(async () => {
  orm = await createOrm({ url: database().url });
});
afterAll(() => orm.close());

const create = (name: string, ...scopes: string[]) => createServiceToken(orm.em.fork(), { name, scopes });
const rotate = (name: string, overlapSeconds: number) => rotateServiceToken(orm.em.fork(), { name, overlapSeconds });
const list = async (name: string) => (await listServiceTokens(orm.em.fork())).filter((token) => token.name === name);
/** As if this much time had passed for the tokens of a name. */
const age = (name: string, seconds: number) =>
  database().pool.query(
    'update service_tokens set revoked_at = revoked_at - make_interval(secs => $2) where name = $1',
    [name, seconds],
  );
const verify = (token: string) => verifyServiceToken(orm.em.fork(), token);

it('tells whose token it is, and what it may do', async () => {
  const token = await create('reporting', 'jobs:read', 'sync:run', 'jobs:read');
  expect(await verify(token)).toEqual({ id: expect.any(String), name: 'reporting', scopes: ['jobs:read', 'sync:run'] });
});

it('stores nothing that could be used as a token', async () => {
  const token = await create('hashed', 'jobs:read');
  const { rows } = await database().pool.query<{ row: string; hash: Buffer }>(
    `select row_to_json(t)::text as row, token_hash as hash from service_tokens t where name = 'hashed'`,
  );
  const secret = token.split('_').slice(2).join('_');
  expect(rows[0]?.row).not.toContain(secret);
  expect(rows[0]?.hash).toEqual(createHash('sha256').update(secret).digest());
});

it.each([
  ['another secret of the same length', (token: string) => token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')],
  ['another id', (token: string) => token.replace(/[0-9a-f]{12}_/, '000000000000_')],
  ['no secret', (token: string) => token.replace(/_[^_]*$/, '')],
  ['more behind it', (token: string) => `${token}x`],
  ['SQL in its id', () => `assay_' or true --_${'A'.repeat(43)}`],
  ['nothing', () => ''],
])('does not believe a token with %s', async (_what, change) => {
  const token = await create('changed', 'jobs:read');
  expect(await verify(change(token))).toBeNull();
});

it('lets several tokens of one name work until the name is revoked', async () => {
  const tokens = [await create('rotated', 'jobs:read'), await create('rotated', 'jobs:manage')];
  expect(await verify(tokens[0]!)).toMatchObject({ scopes: ['jobs:read'] });
  expect(await verify(tokens[1]!)).toMatchObject({ scopes: ['jobs:manage'] });
  expect(await revokeServiceTokens(orm.em.fork(), 'rotated')).toBe(2);
  expect(await Promise.all(tokens.map(verify))).toEqual([null, null]);
  expect(await revokeServiceTokens(orm.em.fork(), 'rotated')).toBe(0);
  expect(await verify(await create('rotated', 'jobs:read'))).toMatchObject({ name: 'rotated' });
});

it('lists tokens with the revoked ones, the newest first', async () => {
  await create('listed', 'jobs:read');
  await revokeServiceTokens(orm.em.fork(), 'listed');
  await create('listed', 'sync:run');
  const listed = await list('listed');
  expect(listed.map(({ scopes, revokedAt, valid }) => [scopes, revokedAt !== null, valid])).toEqual([
    [['sync:run'], false, true],
    [['jobs:read'], true, false],
  ]);
  expect(listed[0]?.createdAt).toBeInstanceOf(Date);
  expect(listed[1]?.revokedAt).toBeInstanceOf(Date);
});

it.each([
  [{ name: 'Upper', scopes: ['jobs:read'] }, /name/],
  [{ name: 'x'.repeat(64), scopes: ['jobs:read'] }, /name/],
  [{ name: 'fine', scopes: [] }, /scope/],
  [{ name: 'fine', scopes: ['jobs:read', 'jobs:everything'] }, /"jobs:everything"/],
])('refuses to make %j', async (options, message) => {
  await expect(createServiceToken(orm.em.fork(), options)).rejects.toThrow(message);
});

describe('a rotated token', () => {
  it('is followed by one with the scopes of the newest valid one, and works beside it until the overlap is over', async () => {
    const [older, newer] = [await create('overlapping', 'jobs:read'), await create('overlapping', 'jobs:manage')];
    const made = (await rotate('overlapping', 3_600)) ?? '';
    expect(await verify(made)).toMatchObject({ name: 'overlapping', scopes: ['jobs:manage'] });
    expect(await verify(older)).toMatchObject({ scopes: ['jobs:read'] });
    expect(await verify(newer)).toMatchObject({ scopes: ['jobs:manage'] });
    expect((await list('overlapping')).map(({ revokedAt, valid }) => [revokedAt !== null, valid])).toEqual([
      [false, true],
      [true, true],
      [true, true],
    ]);

    // A minute before its end, and after it: what is asked between takes its time, too.
    await age('overlapping', 3_540);
    expect(await verify(older)).not.toBeNull();
    await age('overlapping', 61);
    expect([await verify(older), await verify(newer)]).toEqual([null, null]);
    expect(await verify(made)).not.toBeNull();
    expect((await list('overlapping')).map(({ valid }) => valid)).toEqual([true, false, false]);
  });

  it('ends at once without an overlap', async () => {
    const old = await create('hurried', 'jobs:read');
    expect(await verify((await rotate('hurried', 0)) ?? '')).not.toBeNull();
    expect(await verify(old)).toBeNull();
  });

  it('gains no time by a second rotation, and no life by one after its end', async () => {
    const first = await create('twice', 'jobs:read');
    await rotate('twice', 60);
    const until = (await list('twice'))[1]?.revokedAt;
    const third = await rotate('twice', 3_600);
    expect((await list('twice'))[2]?.revokedAt).toEqual(until);
    await age('twice', 3_601);
    await rotate('twice', 3_600);
    expect(await verify(first)).toBeNull();
    expect(await verify(third ?? '')).not.toBeNull();
  });

  it('is there only where the name has one that is valid, and nothing is made otherwise', async () => {
    expect(await rotate('nobody', 60)).toBeNull();
    await create('gone', 'jobs:read');
    await revokeServiceTokens(orm.em.fork(), 'gone');
    expect(await rotate('gone', 60)).toBeNull();
    await create('over', 'jobs:read');
    await rotate('over', 60);
    await database().pool.query(`update service_tokens set revoked_at = now() where name = 'over'`);
    expect(await rotate('over', 60)).toBeNull();
    expect([(await list('nobody')).length, (await list('gone')).length, (await list('over')).length]).toEqual([
      0, 1, 2,
    ]);
  });

  it('leaves the tokens of other names alone', async () => {
    const other = await create('neighbour', 'jobs:read');
    await create('moved', 'jobs:read');
    await rotate('moved', 0);
    expect(await verify(other)).not.toBeNull();
  });

  it('is ended with the others by a revocation, overlap or not', async () => {
    const old = await create('leaked', 'jobs:read');
    const made = (await rotate('leaked', 3_600)) ?? '';
    expect(await revokeServiceTokens(orm.em.fork(), 'leaked')).toBe(2);
    expect([await verify(old), await verify(made)]).toEqual([null, null]);
  });
});
