import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepSecret } from '../../src/commands/data-folder.ts';
import { emptyDatabase, useDatabase } from '../support/database.ts';
import { runAssay } from './assay.ts';

const SECRET = 'a secret of more than thirty-two bytes';
const SUB = '0198c0de-0000-7000-8000-000000000001';
const database = useDatabase();

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-token-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const user = (args: string[], env: NodeJS.ProcessEnv) => runAssay(['token', 'user', ...args], { cwd, env });

describe('assay token user', () => {
  it('prints one token and nothing else', async () => {
    const args = ['--sub', SUB.toUpperCase(), '--tier', 'premium', '--ttl', '30m'];
    const { code, stdout, stderr } = await user(args, { JWT_SECRET: SECRET, JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { payload } = await jwtVerify(stdout.trim(), Buffer.from(SECRET), { issuer: 'i', audience: 'a' });
    expect(payload).toMatchObject({ sub: SUB, tier: 'premium' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(30 * 60);
  });

  it('is valid for an hour unless it is told otherwise', async () => {
    const { stdout } = await user(['--sub', SUB], { JWT_SECRET: SECRET });
    const { iat = 0, exp = 0, tier } = decodeJwt(stdout.trim());
    expect(exp - iat).toBe(3_600);
    expect(tier).toBeUndefined();
  });

  it('signs with the secret of the data folder where JWT_SECRET is not set', async () => {
    const ASSAY_DATA_DIR = await mkdtemp(path.join(cwd, 'data-'));
    const secret = await keepSecret(ASSAY_DATA_DIR, 'jwt-secret', () => `${SECRET} of a folder`);
    const { code, stdout } = await user(['--sub', SUB], { ASSAY_DATA_DIR });
    expect(code).toBe(0);
    await expect(jwtVerify(stdout.trim(), Buffer.from(secret))).resolves.toMatchObject({ payload: { sub: SUB } });
  });

  it.each([
    ['no secret', ['--sub', SUB], {}, /^JWT_SECRET is not set, and .+ holds no secret\. .*npm start/],
    ['an id that is no UUID', ['--sub', '1'], { JWT_SECRET: SECRET }, /It must be a UUID/],
    ['no id', [], { JWT_SECRET: SECRET }, /required option '--sub <uuid>'/],
    [
      'an unknown tier',
      ['--sub', SUB, '--tier', 'gold'],
      { JWT_SECRET: SECRET },
      /"gold"; ASSAY_TIERS has standard, premium/,
    ],
    ['a duration without a unit', ['--sub', SUB, '--ttl', '60'], { JWT_SECRET: SECRET }, /It must be a duration/],
    ['a life that the API refuses', ['--sub', SUB, '--ttl', '25h'], { JWT_SECRET: SECRET }, /at most 86400 s/],
    [
      'keys of an identity provider',
      ['--sub', SUB],
      { JWT_JWKS_URL: 'https://id.example' },
      /from the identity provider/,
    ],
  ])('with %s says so and prints no token', async (_, args, env, message) => {
    const { code, stdout, stderr } = await user(args, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('assay token', () => {
  const run = (...args: string[]) => runAssay(['token', ...args], { cwd, env: { DATABASE_URL: database().url } });

  it('makes, lists and revokes service tokens', async () => {
    const made = await run('service', '--name', 'billing', '--scopes', 'jobs:read,tokens:grant');
    expect({ ...made, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(made.stdout).toMatch(/^assay_[\w-]+\n$/);

    const listed = await run('list');
    expect(listed.stdout).toMatch(/^billing +\S+ +\S+Z +valid +jobs:read,tokens:grant\n$/);
    expect(listed.stdout).not.toContain(made.stdout.trim().slice(-20));

    expect(await run('revoke', 'billing')).toEqual({ code: 0, stdout: '1 token of billing revoked.\n', stderr: '' });
    expect((await run('list')).stdout).toMatch(/^billing .+ revoked \S+Z /);
    expect(await run('revoke', 'billing')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'No valid token has the name "billing".\n',
    });
  });

  it('rotates service tokens, with an overlap of a day unless it is told otherwise', async () => {
    await run('service', '--name', 'rotated', '--scopes', 'jobs:read');
    const made = await run('rotate', 'rotated');
    expect({ ...made, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(made.stdout).toMatch(/^assay_[\w-]+\n$/);
    const [newest, older] = (await run('list')).stdout.split('\n').filter((line) => line.startsWith('rotated '));
    expect(newest).toMatch(/ valid +jobs:read$/);
    const [, until = ''] = / until (\S+Z) +jobs:read$/.exec(older ?? '') ?? [];
    expect(Math.abs(Date.parse(until) - Date.now() - 86_400_000)).toBeLessThan(60_000);

    expect((await run('rotate', 'rotated', '--overlap', '0s')).code).toBe(0);
    const states = (await run('list')).stdout.match(/^rotated .*$/gm)?.map((line) => line.split(/ {2,}/)[3]);
    expect(states).toEqual(['valid', expect.stringMatching(/^revoked /), expect.stringMatching(/^revoked /)]);
    expect((await run('revoke', 'rotated')).stdout).toBe('1 token of rotated revoked.\n');
  });

  it.each([
    ['service', ['--name', 'billing', '--scopes', 'jobs:read']],
    ['list', []],
    ['rotate', ['billing']],
    ['revoke', ['billing']],
  ])('%s says in a line that the migrations are missing', async (command, args) => {
    const empty = await emptyDatabase();
    try {
      const answer = await runAssay(['token', command, ...args], { cwd, env: { DATABASE_URL: empty.url } });
      const stderr = 'The database is not migrated: run `assay migrate up` first.\n';
      expect(answer).toEqual({ code: 1, stdout: '', stderr });
    } finally {
      await empty.drop();
    }
  });

  it.each([
    ['a name without a valid token', ['nobody'], /^No valid token has the name "nobody"\.\n$/],
    ['an overlap without a unit', ['x', '--overlap', '60'], /It must be a duration up to 90d/],
    ['an overlap that is none', ['x', '--overlap', '91d'], /It must be a duration up to 90d/],
  ])('rotates nothing with %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run('rotate', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.each([
    [
      'an unknown scope',
      ['--name', 'billing', '--scopes', 'jobs:raed'],
      /There is no scope "jobs:raed"; there are jobs:read/,
    ],
    ['a name that cannot be', ['--name', 'Bil ling', '--scopes', 'jobs:read'], /A name is 1 to 63 of/],
    ['no scopes', ['--name', 'billing'], /required option '--scopes <list>'/],
  ])('makes no service token with %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run('service', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
