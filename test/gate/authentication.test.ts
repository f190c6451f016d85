import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/gate/authentication.ts';
import { ERRORS } from '../../src/gate/errors.ts';
import { revokeServiceTokens } from '../../src/gate/service-tokens.ts';
import { useDatabase } from '../support/database.ts';
import { useTinyApi } from './tiny-api.ts';

const database = useDatabase();
const api = useTinyApi(database, { ASSAY_STARTING_TOKENS: '3', ASSAY_TIERS: 'standard:0,premium:-10' });
const authenticate = (authorization: string | undefined) => createAuthenticator(api())(authorization);

describe('an Authorization header', () => {
  it('is not needed to be nobody', async () => {
    expect(await authenticate(undefined)).toBeNull();
  });

  it('names a user, until his token expires', async () => {
    const sub = randomUUID();
    const who = await authenticate(`Bearer ${await api().userToken({ sub, tier: 'premium' })}`);
    expect(who?.viewer).toEqual({ kind: 'user', id: sub, tier: 'premium' });
    expect(who?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 50_000);
  });

  it('gives a user of no tier, or of one that is not configured, the standard one', async () => {
    for (const tier of [undefined, 'gold', '__proto__']) {
      const who = await authenticate(`bearer ${await api().userToken({ tier })}`);
      expect(who?.viewer).toMatchObject({ tier: 'standard' });
    }
  });

  it('names a service, until its token is revoked', async () => {
    const token = await api().serviceToken('jobs:read');
    const who = await authenticate(`Bearer ${token}`);
    expect(who).toMatchObject({ viewer: { kind: 'service', scopes: ['jobs:read'] }, expiresAt: null });
    await revokeServiceTokens(api().orm.em.fork(), who?.viewer.kind === 'service' ? who.viewer.name : '');
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    ['nothing', () => ''],
    ['only the word', () => 'Bearer '],
    ['another scheme', async () => `Basic ${await api().userToken()}`],
    ['two tokens', async () => `Bearer ${await api().userToken()} ${await api().userToken()}`],
    ['a line break', async () => `Bearer ${await api().userToken()}\r\nx: y`],
    ['a service token that does not exist', () => `Bearer assay_${randomUUID()}_${'A'.repeat(43)}`],
    ['more than 8 kB', async () => `Bearer ${' '.repeat(8_192)}${await api().userToken()}`],
  ])('is refused with %s', async (_what, header) => {
    await expect(authenticate(await header())).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: ERRORS.UNAUTHENTICATED.message,
    });
  });
});

describe('the account of a user', () => {
  it('is opened once, with the starting tokens, however often and wherever he is seen', async () => {
    const sub = randomUUID();
    const header = `Bearer ${await api().userToken({ sub })}`;
    const processes = [createAuthenticator(api()), createAuthenticator(api())];
    await Promise.all(Array.from({ length: 10 }, (_, index) => processes[index % 2]!(header)));
    const { rows } = await database().pool.query(
      `select balance, (select array_agg(entry || ' ' || amount) from ledger_entries l where l.user_id = a.user_id) as entries
         from accounts a where user_id = $1`,
      [sub],
    );
    expect(rows).toEqual([{ balance: 3, entries: ['GRANT 3'] }]);
  });

  it('is not asked for again by a process that has seen him', async () => {
    const sub = randomUUID();
    const header = `Bearer ${await api().userToken({ sub })}`;
    const oneProcess = createAuthenticator(api());
    await oneProcess(header);
    const client = await database().pool.connect();
    try {
      // Were the account asked for, this lock would hold the answer up until the statement timeout.
      await client.query('begin; lock table accounts in access exclusive mode');
      expect(await oneProcess(header)).toMatchObject({ viewer: { id: sub } });
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('is not opened for a token that is not believed', async () => {
    const sub = randomUUID();
    const token = await api().userToken({ sub, ttlSeconds: -60 });
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { rows } = await database().pool.query('select 1 from accounts where user_id = $1', [sub]);
    expect(rows).toEqual([]);
  });
});
