import type { GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { authChecker, holds, type Role, readScopeOf, scopeOf } from '../../src/gate/authorization.ts';
import type { Viewer } from '../../src/gate/viewer.ts';
import { useDatabase } from '../support/database.ts';
import { codeOf, useTinyApi } from './tiny-api.ts';

const user: Viewer = { kind: 'user', id: '0198c0de-0000-7000-8000-000000000001', tier: 'standard' };
const reader: Viewer = { kind: 'service', name: 'reporting', tokenId: 'a token', scopes: ['jobs:read'] };
const powerless: Viewer = { kind: 'service', name: 'powerless', tokenId: 'a token', scopes: [] };

type Verdict = 'admitted' | 'FORBIDDEN' | 'UNAUTHENTICATED';

async function verdict(viewer: Viewer | undefined, roles: Role[]): Promise<Verdict> {
  const resolverData = { root: {}, args: {}, context: { viewer }, info: {} as GraphQLResolveInfo };
  const check = async () => authChecker(resolverData as Parameters<typeof authChecker>[0], roles);
  return await check().then(
    (admitted) => (admitted ? 'admitted' : 'FORBIDDEN'),
    (error: { code: Verdict }) => error.code,
  );
}

describe('who is admitted', () => {
  const rows: [Role[], Record<'nobody' | 'user' | 'reader' | 'powerless', Verdict>][] = [
    [[], { nobody: 'UNAUTHENTICATED', user: 'admitted', reader: 'admitted', powerless: 'admitted' }],
    [['user'], { nobody: 'UNAUTHENTICATED', user: 'admitted', reader: 'FORBIDDEN', powerless: 'FORBIDDEN' }],
    [['jobs:read'], { nobody: 'UNAUTHENTICATED', user: 'FORBIDDEN', reader: 'admitted', powerless: 'FORBIDDEN' }],
    [
      ['user', 'jobs:read'],
      { nobody: 'UNAUTHENTICATED', user: 'admitted', reader: 'admitted', powerless: 'FORBIDDEN' },
    ],
    [
      ['sync:run', 'jobs:read'],
      { nobody: 'UNAUTHENTICATED', user: 'FORBIDDEN', reader: 'admitted', powerless: 'FORBIDDEN' },
    ],
    [['jobs:manage'], { nobody: 'UNAUTHENTICATED', user: 'FORBIDDEN', reader: 'FORBIDDEN', powerless: 'FORBIDDEN' }],
  ];
  it.each(rows)('by the roles %j: %o', async (roles, expected) => {
    expect({
      nobody: await verdict(undefined, roles),
      user: await verdict(user, roles),
      reader: await verdict(reader, roles),
      powerless: await verdict(powerless, roles),
    }).toEqual(expected);
  });
});

describe('whose rows are reached', () => {
  it('by a user: his own', () => expect(scopeOf(user)).toEqual({ owner: user.id }));
  it('by a service: everyone’s', () => expect(scopeOf(reader)).toBe('any owner'));
  it('by a service that reads: everyone’s, and by one that may not: the system’s', () => {
    const runner: Viewer = { kind: 'service', name: 'syncs', tokenId: 'a token', scopes: ['sync:run', 'jobs:manage'] };
    expect([user, reader, runner].map(readScopeOf)).toEqual([
      { owner: user.id },
      'any owner',
      { owner: '00000000-0000-0000-0000-000000000000' },
    ]);
  });
  it('does not make a user the holder of a scope', () => {
    expect([holds(reader, 'jobs:read'), holds(reader, 'jobs:manage'), holds(user, 'jobs:read')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('over HTTP', () => {
  const api = useTinyApi(useDatabase());

  it('a missing scope is FORBIDDEN with 403, also where the field could be null', async () => {
    const service = await api().serviceToken('jobs:manage');
    for (const query of [
      '{ forReaders }',
      '{ forUsers }',
      'mutation { submit(input: { riasec: { realistic: 1, social: 1 } }) }',
    ]) {
      const answer = await api().ask({ query }, { token: service });
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
    }
  });

  it('a refused field does not take the answer of another away', async () => {
    const answer = await api().ask({ query: '{ me forUsers }' }, { token: await api().serviceToken('jobs:read') });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ forUsers: null });
    expect(codeOf(answer)).toBe('FORBIDDEN');
  });
});
