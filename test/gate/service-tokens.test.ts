import { createHash } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createServiceToken,
  listServiceTokens,
  revokeServiceTokens,
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
  const listed = (await listServiceTokens(orm.em.fork())).filter(({ name }) => name === 'listed');
  expect(listed.map(({ scopes, revokedAt }) => [scopes, revokedAt !== null])).toEqual([
    [['sync:run'], false],
    [['jobs:read'], true],
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
