import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import type { RunningProcess } from '../support/process.ts';
import { samplesOf } from '../support/samples.ts';
import { freePort } from '../support/upstream-process.ts';
import { runAssay, startAssay } from './assay.ts';

const START_LIMIT_MS = 60_000;
const database = useDatabase();

let cwd: string;
let dataDir: string;
beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-start-'));
  // PostgreSQL does not run as root: as root it runs as another user, who has to get here.
  await chmod(cwd, 0o755);
  dataDir = path.join(cwd, '.data');
});
afterEach(async () => {
  await stopEmbedded();
  await rm(cwd, { recursive: true, force: true });
});

/** Ends the server that a killed `start` has left behind. */
async function stopEmbedded(): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile(), 'utf8').catch(() => ''), 10);
  if (!(pid > 0)) return;
  process.kill(pid, 'SIGINT');
  await expect.poll(() => existsSync(pidFile()), { timeout: 20_000 }).toBe(false);
}

const pidFile = () => path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid');

/** What the banner says, read as a person reads it. */
interface Banner {
  url: string;
  graphiql: string | undefined;
  dashboard: string | undefined;
  userToken: string | undefined;
  serviceToken: string | undefined;
  curl: string | undefined;
}

async function waitForBanner(run: RunningProcess): Promise<Banner> {
  await run.waitForOutput(/is running\. Ctrl-C stops it\.[\s\S]*\n\n?$/, START_LIMIT_MS);
  const text = run.output();
  const row = (name: string) => new RegExp(`^ +${name} +(\\S+)$`, 'm').exec(text)?.[1];
  return {
    url: row('URL') ?? '',
    graphiql: row('GraphiQL'),
    dashboard: row('Dashboard'),
    userToken: row('User token'),
    serviceToken: row('Service token'),
    curl: /^curl [\s\S]*?'$(?!\s*\\)/m.exec(text)?.[0].replaceAll(/^\s+/gm, ' '),
  };
}

async function query(url: string, token: string | undefined, text: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: text }),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Sends Ctrl-C and waits for the orderly end. */
async function interrupt(run: RunningProcess): Promise<void> {
  run.kill('SIGINT');
  expect(await run.waitForEnd(START_LIMIT_MS)).toEqual({ code: 0, signal: null });
}

describe('assay start', { timeout: 180_000 }, () => {
  it('runs everything at once, and again over the same folder after kill -9 and Ctrl-C', async () => {
    const env = { PORT: String(await freePort()) };
    const balance = '{ viewer { id tokenBalance } }';
    const first = startAssay(['start'], { cwd, env });
    await using _first = first;
    const banner = await waitForBanner(first);
    expect(banner.url).toBe(`http://127.0.0.1:${env.PORT}`);
    for (const name of ['jwt-secret', 'service-token', 'demo-user', 'user-token']) {
      expect((await stat(path.join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
    const tokens = new URLSearchParams({
      'demo-user': banner.userToken ?? '',
      'demo-service': banner.serviceToken ?? '',
    });
    expect(banner.dashboard).toBe(`${banner.url}/#${tokens}`);
    const page = await fetch(banner.dashboard ?? '', { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const graphiql = await fetch(banner.graphiql ?? '', { headers: { accept: 'text/html' } });
    expect(graphiql.status).toBe(200);
    const before = await query(banner.url, banner.userToken, balance);
    expect(before).toMatchObject({ data: { viewer: { tokenBalance: 1_003 } } });
    expect(await query(banner.url, banner.serviceToken, '{ viewer { id } }')).toEqual({
      data: { viewer: { id: 'service:demo' } },
    });

    const { stdout } = await promisify(execFile)('sh', ['-c', `${banner.curl} --silent --show-error`]);
    const submitted = JSON.parse(stdout);
    expect(submitted).toMatchObject({
      data: { submitAssessment: { job: { status: 'QUEUED' }, tokenBalance: 1_002, userErrors: [] } },
    });
    const job = `{ job(id: "${submitted.data.submitAssessment.job.id}") { status } }`;
    const status = async (of: Banner) => (await query(of.url, of.userToken, job)).data;
    await expect.poll(() => status(banner), { timeout: 20_000 }).toEqual({ job: { status: 'COMPLETED' } });
    // The row is written a little before it is counted.
    const counted = async () => {
      const samples = samplesOf(await (await fetch(`${banner.url}/metrics`)).text());
      const moves = (move: string) => samples.get(`assay_moves_total{move="${move}"}`);
      return [moves('submit'), moves('complete'), samples.get('assay_workers_alive')];
    };
    await expect.poll(counted).toEqual([1, 1, 1]);

    first.kill('SIGKILL');
    await first.waitForEnd();
    await using second = startAssay(['start'], { cwd, env });
    const again = await waitForBanner(second);
    expect(again.serviceToken).toBe(banner.serviceToken);
    expect(await status(again)).toEqual({ job: { status: 'COMPLETED' } });
    expect(await query(again.url, again.userToken, balance)).toEqual({
      data: { viewer: { ...(before.data as { viewer: object }).viewer, tokenBalance: 1_002 } },
    });

    await interrupt(second);
    expect(existsSync(pidFile())).toBe(false);
    expect(existsSync(path.join(dataDir, 'database-url'))).toBe(false);

    await using third = startAssay(['start'], { cwd, env });
    const last = await waitForBanner(third);
    expect(last.serviceToken).toBe(banner.serviceToken);
    expect(await status(last)).toEqual({ job: { status: 'COMPLETED' } });
    await interrupt(third);
  });

  it('shares its database with other commands, and refuses a second start over its folder', async () => {
    await using running = startAssay(['start'], { cwd, env: { PORT: '0' } });
    const { url } = await waitForBanner(running);
    const made = await runAssay(['token', 'service', '--name', 'other', '--scopes', 'jobs:read'], { cwd });
    expect({ ...made, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await query(url, made.stdout.trim(), '{ viewer { id } }')).toEqual({
      data: { viewer: { id: 'service:other' } },
    });
    const second = await runAssay(['start'], { cwd, env: { PORT: '0' } });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^The data folder \S+ is in use by another assay \(process \d+\)\..+\n$/);
    await interrupt(running);
  });

  it('stopped while it starts leaves no server behind', async () => {
    await using run = startAssay(['start'], { cwd, env: { PORT: '0' } });
    await run.waitForOutput(/Making a PostgreSQL cluster/, START_LIMIT_MS);
    await interrupt(run);
    expect(existsSync(pidFile())).toBe(false);
  });

  it('takes DATABASE_URL instead of a server of its own', async () => {
    await using run = startAssay(['start'], { cwd, env: { PORT: '0', DATABASE_URL: database().url } });
    const { url, userToken } = await waitForBanner(run);
    expect(await query(url, userToken, '{ viewer { tokenBalance } }')).toEqual({
      data: { viewer: { tokenBalance: 1_003 } },
    });
    expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
    await interrupt(run);
  });

  it('in production makes up no secret, no user and no token', async () => {
    const env = { PORT: '0', ASSAY_ENV: 'production', DATABASE_URL: database().url, JWT_SECRET: 'x'.repeat(32) };
    await using run = startAssay(['start'], { cwd, env });
    const banner = await waitForBanner(run);
    expect(banner).toEqual({
      url: expect.stringMatching(/^http:/),
      graphiql: undefined,
      dashboard: undefined,
      userToken: undefined,
      serviceToken: undefined,
      curl: undefined,
    });
    expect(existsSync(dataDir)).toBe(false);
    await interrupt(run);
  });
});

describe('assay start says in one line what is wrong', () => {
  it('when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const { code, stdout, stderr } = await runAssay(['start'], { cwd, env: { PORT: String(port) } });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `Port ${port} on 127.0.0.1 is taken by another program. Stop it, or choose another port: PORT=${port + 1} npm start\n`,
      );
      expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
    } finally {
      other.close();
    }
  });

  it('when the data folder is not writable', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o555);
    // Nothing is closed to root: as root, be someone else, without a name even.
    const uid = process.getuid?.() === 0 ? 54_321 : undefined;
    const { code, stdout, stderr } = await runAssay(['start'], { cwd, uid });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The data folder \S+ is not writable for the user \S+\. .*ASSAY_DATA_DIR.*\n$/);
  });

  it('when the data folder is a file', async () => {
    await writeFile(dataDir, '');
    const { code, stderr } = await runAssay(['start'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The data folder \S+ is a file, not a folder\..*\n$/);
  });

  it('when its secrets belong to another user', async () => {
    await mkdir(dataDir, { mode: 0o777 });
    await chmod(dataDir, 0o777);
    await writeFile(path.join(dataDir, 'jwt-secret'), 'x'.repeat(40), { mode: 0o000 });
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const { code, stderr } = await runAssay(['start'], { cwd, uid });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\S+jwt-secret belongs to another user: was Assay started as root before\?.*\n$/);
  });

  it('when production lacks what it needs', async () => {
    const { code, stderr } = await runAssay(['start'], { cwd, env: { ASSAY_ENV: 'production' } });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      'The environment is wrong in 2 places:',
      '  DATABASE_URL must be set in production.',
      '  JWT_SECRET or JWT_JWKS_URL must be set in production.',
    ]);
  });
});
