import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDashboard } from '../../src/gate/dashboard.ts';
import { useDatabase } from '../support/database.ts';
import { codeOf, startTinyApi, type TinyApi } from './tiny-api.ts';

const PAGE =
  '<!doctype html><meta property="csp-nonce" content="__NONCE__"><script src="/assets/index-1.js" nonce="__NONCE__">';
const SCRIPT = 'console.log("assay");'.repeat(100);

const database = useDatabase();
let folder: string;
let api: TinyApi;
let unbuilt: TinyApi;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'assay-web-'));
  await mkdir(path.join(folder, 'assets'));
  await writeFile(path.join(folder, 'index.html'), PAGE);
  await writeFile(path.join(folder, 'assets/index-1.js'), SCRIPT);
  await writeFile(path.join(folder, 'assets/index-1.js.gz'), gzipSync(SCRIPT));
  await writeFile(path.join(folder, 'assets/index-1.js.br'), brotliCompressSync(SCRIPT));
  const dashboardIn = (name: string) =>
    createDashboard(new URL(`${pathToFileURL(path.join(folder, name))}/`), 'https://assay.example.com');
  api = await startTinyApi(database().url, {}, { dashboard: dashboardIn('') });
  unbuilt = await startTinyApi(database().url, {}, { dashboard: dashboardIn('nowhere') });
});
afterAll(async () => {
  await api.stop();
  await unbuilt.stop();
  await rm(folder, { recursive: true });
});

const navigate = (to: string, from = api) => from.fetch(to, { headers: { accept: 'text/html,*/*;q=0.8' } });

describe('the page', () => {
  it('comes with a policy that names the number of this answer, and is not kept', async () => {
    const [first, second] = [await navigate('/'), await navigate('/')];
    const nonceOf = ({ headers }: typeof first) =>
      /style-src 'self' 'nonce-([\w+/=]{24})'/.exec(headers.get('content-security-policy') ?? '')?.[1];
    const nonce = nonceOf(first);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(first.text).toBe(PAGE.replaceAll('__NONCE__', nonce ?? 'none'));
    expect(nonceOf(second)).not.toBe(nonce);
    expect(first.headers.get('cache-control')).toBe('no-store');
  });

  it('may run no script but its own, be framed by nobody, and talk to this installation only', async () => {
    const { headers } = await navigate('/');
    const rules = (headers.get('content-security-policy') ?? '').split('; ');
    expect(rules.filter((rule) => !rule.startsWith('style-src'))).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      `connect-src 'self' https://assay.example.com ${api.url.replace('http', 'ws')}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('is also where a person goes within it', async () => {
    expect((await navigate('/jobs/1/result')).text).toContain('csp-nonce');
  });

  it.each(['/jobs/1', '/CANARY'])('is not for a program that asks for %s', async (to) => {
    const answer = await api.fetch(to, { headers: { accept: 'application/json' } });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND']);
    const anything = await api.fetch(to);
    expect([anything.status, codeOf(anything)]).toEqual([404, 'NOT_FOUND']);
  });

  it.each(['/graphql/CANARY', '/files/CANARY', '/assets/CANARY.js', '/metrics/nothing'])(
    'does not hide that nothing is at %s',
    async (to) => {
      const answer = await navigate(to);
      expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND']);
    },
  );

  it('does not stand in for a link that is closed', async () => {
    const { status, text } = await navigate('/share/CANARY');
    expect([status, text.includes('csp-nonce')]).toEqual([404, false]);
  });

  it('where it is not built, says how it is', async () => {
    const { status, text } = await navigate('/', unbuilt);
    expect(status).toBe(503);
    expect(text).toContain('npm run build');
    expect((await navigate('/jobs/1', unbuilt)).status).toBe(404);
    expect((await navigate('/assets/index-1.js', unbuilt)).status).toBe(404);
  });
});

describe('an asset', () => {
  const load = (coding: string, name = 'index-1.js') =>
    api.fetch(`/assets/${name}`, { headers: { 'accept-encoding': coding } });

  it.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
  ])('goes to those who take %s as %s, and stays for a year', async (accepted, coding) => {
    const { status, headers, text } = await load(accepted);
    expect([status, headers.get('content-encoding'), text]).toEqual([200, coding, SCRIPT]);
    expect(headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('vary')?.toLowerCase()).toContain('accept-encoding');
  });

  it.each(['..%2findex.html', '%2e%2e/index.html', 'no%ZZ.js'])('is nothing beside them: %s', async (name) => {
    expect((await load('gzip', name)).status).toBeGreaterThanOrEqual(400);
  });
});
